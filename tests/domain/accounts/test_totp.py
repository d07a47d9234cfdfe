"""One-time passwords against the vectors of RFC 6238, appendix B (SHA-1, last six digits)."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.accounts.totp import matching_step, normal, setup_uri

KEY = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_rfc_6238(seconds, code):
    now = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(KEY, code, now, None) == seconds // 30
    assert matching_step(KEY, code, now, seconds // 30) is None, "used"
    assert matching_step(KEY, code, now + timedelta(seconds=30), None) == seconds // 30
    assert matching_step(KEY, code, now + timedelta(seconds=90), None) is None


@pytest.mark.parametrize("code", ["", "0", "28708", "2870822", "abcdef"])
def test_what_is_no_code(code):
    assert matching_step(KEY, code, datetime.fromtimestamp(59, UTC), None) is None


def test_typed_codes():
    assert normal("287 082") == "287082"
    assert normal("ABCD-efgh") == "abcdefgh"
    assert setup_uri(KEY, "a@example.com", "AlertifyPro").startswith("otpauth://totp/AlertifyPro:a")
