"""One-time passwords of the second factor (RFC 6238): six digits, 30 seconds, good once."""

from datetime import datetime

import segno
from pyotp import TOTP
from pyotp.utils import strings_equal

STEP_SECONDS = 30
# A clock may be half a minute off, and typing takes time (RFC 6238 5.2).
_DRIFT_STEPS = 1


def matching_step(key: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step a code belongs to, None for a wrong or a used one.

    `last_step` is the step of the last code that was accepted: codes up to it are used.
    """
    totp = TOTP(key, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    result = None
    for step in range(max(0, present - _DRIFT_STEPS), present + _DRIFT_STEPS + 1):
        if strings_equal(code, totp.generate_otp(step)) and (last_step is None or step > last_step):
            result = step
    return result


def normal(code: str) -> str:
    """Return a code as it is compared: without the blanks and dashes that people type."""
    return code.replace(" ", "").replace("-", "").lower()


def setup_uri(key: str, email: str, issuer: str) -> str:
    """Return the address that an authenticator app reads from a QR code."""
    return TOTP(key, interval=STEP_SECONDS).provisioning_uri(name=email, issuer_name=issuer)


def qr_code(uri: str) -> str:
    """Return the QR code (ISO/IEC 18004) of an address as an SVG picture in a `data:` URI.

    Level M restores 15 % of the picture; the four modules of border belong to the symbol. White is
    painted, so that a camera can read it on a dark page too.
    """
    code = segno.make_qr(uri, error="m", boost_error=False)
    return code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True)
