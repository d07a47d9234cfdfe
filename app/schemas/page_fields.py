"""Fields of status pages: addresses, styles and brands, validated as the domain decides."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from marshmallow import ValidationError, fields

from app.domain.status_pages import branding, custom_css, slugs
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import REFUSALS, Line, Text

_BRANDING_BYTES = 300_000


def _validate(validator: Callable[[Any], Any], value: Any) -> None:
    """Raise ValidationError where a decision raises ValueError."""
    try:
        validator(value)
    except ValueError as error:
        raise ValidationError(Fault(InvalidCode.MALFORMED, str(error))) from None


class Link(Line):
    """Address of a link in the foot of a page."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        _validate(branding.check_link, text)
        return text


class Slug(Line):
    """Slug of a page."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        _validate(slugs.check_slug, text)
        return text


class Styles(Text):
    """Custom CSS of a page."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        _validate(custom_css.check, text)
        return text


def _small(value: Any) -> None:
    if len(json.dumps(value)) > _BRANDING_BYTES:
        raise ValidationError(Fault(InvalidCode.TOO_LARGE, "Must not take more than 300 kB."))


class Branding(fields.Dict):
    """Brand of a page: logos, a colour, a name."""

    def __init__(self) -> None:
        super().__init__(
            keys=fields.String(),
            validate=[_small, partial(_validate, branding.check)],
            metadata={
                "description": "`logo_url`, `dark_logo_url`, `primary_color`, `company_name`; other"
                " names are kept and not shown. Replaced as a whole. Logos are `data:` images, or"
                " addresses that are fetched once and served from here.",
                REFUSALS: [InvalidCode.TOO_LARGE, InvalidCode.MALFORMED],
                "examples": [{"primary_color": "#2563eb", "company_name": "Acme"}],
            },
        )


class Domain(Line):
    """Host of a page's own."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            return slugs.host_name(super()._deserialize(value, attr, data, **kwargs))
        except slugs.AddressError as error:
            raise ValidationError(Fault(InvalidCode.MALFORMED, str(error))) from None
