"""Passwords that are guessed first."""

import pytest

from app.domain.accounts.passwords import is_common


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord1",
        "12345678",
        "87654321",
        "1234567890",
        "aaaaaaaa",
        "abababab",
        "abcabcabc",
        "abcdefgh",
        "qwertyuiop",
        "alice@example.com",
        "Alicealice",
    ],
)
def test_easy_ones(password):
    assert is_common(password, "alice@example.com", "alicealice", "")


@pytest.mark.parametrize("password", ["correct horse", "S3cret-pass!", "tr0ub4dor&3", "пароль-мой"])
def test_passwords_that_are_not_common(password):
    assert not is_common(password, "alice@example.com")
