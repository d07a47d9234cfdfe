"""Pages of one template with a style sheet of the same stem, put into the page."""

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


class StyledPage:
    """Page with a form: it runs no script, loads nothing, and stands in no frame."""

    def __init__(self, template: Path) -> None:
        """`template` is an HTML file; its style is the CSS file beside it."""
        style = template.with_suffix(".css").read_text(encoding="utf-8")
        hashed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._style = Markup(style)  # noqa: S704  a file of ours
        self._content_security = (
            f"default-src 'none'; style-src 'sha256-{hashed}'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        )
        self._template = Environment(
            loader=FileSystemLoader(template.parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        ).get_template(template.name)

    def render(self, status: int, **values: Any) -> Response:
        """Return the page with these values in its template."""
        body = self._template.render(style=self._style, **values)
        answer = Response(body, status, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = self._content_security
        return answer
