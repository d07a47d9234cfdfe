"""The OpenAPI document: what smorest collects from the routes, completed in one place."""

from typing import Any

import flask_smorest
from flask import Flask


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Collects the routes; errors are answered by `error_handlers`, not by smorest."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self.document: dict[str, Any] = {}
        super().__init__(
            app,
            spec_kwargs={"title": "AlertifyPro", "version": "1.0.0", "openapi_version": "3.1.0"},
        )

    def _register_error_handlers(self) -> None:
        """Leave errors to the one handler."""

    def finish(self) -> None:
        """Complete the document once every route is known."""
        self.document = self.spec.to_dict()
