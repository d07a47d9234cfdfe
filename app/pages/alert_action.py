"""The page behind a signed link: an alert, its state, and one button."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response

from app.pages.styled import StyledPage

_PAGE = StyledPage(Path(__file__).with_suffix(".html"))


def render(
    heading: str,
    *,
    status: int = 200,
    sentence: str | None = None,
    alert: Mapping[str, Any] | None = None,
    button: str | None = None,
) -> Response:
    """Return the page: a heading, what there is to say, the alert, and the button if any."""
    answer = _PAGE.render(status, heading=heading, sentence=sentence, alert=alert, button=button)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
