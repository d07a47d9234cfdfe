"""The page behind a signed link: an alert, its state, and one button."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "alert_action.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CONTENT_SECURITY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_TEMPLATE = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("alert_action.html")


def render(
    heading: str,
    *,
    status: int = 200,
    sentence: str | None = None,
    alert: Mapping[str, Any] | None = None,
    button: str | None = None,
) -> Response:
    """Return the page: a heading, what there is to say, the alert, and the button if any."""
    style = Markup(_STYLE)  # noqa: S704  a file of ours
    body = _TEMPLATE.render(
        heading=heading, sentence=sentence, alert=alert, button=button, style=style
    )
    answer = Response(body, status=status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
