"""Objects inside objects that are always given as a whole."""

from typing import Any

from marshmallow import fields


class Complete(fields.Nested):
    """An inner object whose required fields stay required when the outer one is given in part."""

    def _deserialize(
        self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        return super()._deserialize(value, attr, data, partial=False, **kwargs)
