"""Blueprints whose bodies may be left out where every field of them may be."""

from typing import Any

import flask

from app.api.http import Blueprint, StrictParser


class _Parser(StrictParser):
    def _raw_load_json(self, req: flask.Request) -> Any:
        if not req.get_data(cache=True):
            return {}
        return super()._raw_load_json(req)


class LenientBlueprint(Blueprint):
    """A resource that takes no body for an empty one."""

    ARGUMENTS_PARSER = _Parser()
