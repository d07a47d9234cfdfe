"""Mail addresses: what is one, and which spellings are the same."""

import unicodedata

import pytest

from app.domain.mail_addresses import parse_mail_address, same_address

BUECHER = "me@xn--bcher-kva.de"


@pytest.mark.parametrize(
    "written",
    [
        "me@bücher.de",
        unicodedata.normalize("NFD", "me@bücher.de"),
        "ME@BÜCHER.DE",
        "me@bücher。de",
        "me@bücher．de.",
        "me@bücher.de。",
        "me@ｂücher.de",
        "me@XN--BCHER-KVA.de",
        " me@xn--bcher-kva.de.\n",
    ],
)
def test_spellings_of_one_address(written):
    assert same_address(written) == BUECHER
    assert parse_mail_address(written.strip()).lower() == BUECHER


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Me@Example.COM.", "me@example.com"),
        ("me@straße.de", "me@xn--strae-oqa.de"),
        ("\u212a@example.com", "\u212a@example.com"),
        ("Ü@example.com", "Ü@example.com"),
        ("ME@192.0.2.1", "me@192.0.2.1"),
        ("NOBODY", "nobody"),
        ("", ""),
    ],
)
def test_what_is_folded_and_what_is_not(written, same):
    assert same_address(written) == same


@pytest.mark.parametrize(
    "written",
    [
        "", "me", "@example.com", "me@", "me@.", "me@。", "me@192.0.2.1", "me@[::1]",
        "a b@example.com",
        "me@exa mple.com", "me@bücher..de", "me@-bücher-.de", "ü@example.com", "a@b@example.com",
        "me@example.com\n", f"{'a' * 65}@example.com", f"me@{'ü' * 60}.de",
        "me@" + ".".join(["bücher"] * 20) + ".de", "me@\ud800.de", "me@a\0.de",
    ],
)  # fmt: skip
def test_what_is_no_address(written):
    with pytest.raises(ValueError, match="Not a mail address"):
        parse_mail_address(written)
