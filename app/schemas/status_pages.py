"""Schemas of /status-pages."""

from typing import Any

from marshmallow import fields, validate

from app.domain.accounts.slugs import MAX_SLUG
from app.domain.status_pages.domains import DomainState
from app.domain.status_pages.sections import MOST_SERVICES, Display, SectionRule
from app.domain.status_pages.types import LANGUAGES, AutoIncidents
from app.platform.errors import InvalidCode
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Flag,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    Text,
    Whole,
)
from app.schemas.nested import Complete
from app.schemas.organization import ZoneName
from app.schemas.page_fields import Branding, Domain, Link, Slug, Styles
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

MAX_SECTIONS = 100
THEMES = ("light", "dark", "auto")
LAYOUTS = ("list", "columns")
_PASSWORD = validate.Length(min=8, max=128)


class SectionSchema(BaseSchema):
    """A part of a page: services by id, or all that carry one of the tags."""

    name = Name(required=True, metadata={"examples": ["Shop"]})
    description = Text(load_default="")
    service_ids = Distinct(
        fields.UUID(),
        load_default=list,
        validate=validate.Length(max=MOST_SERVICES),
        metadata={"examples": [[]]},
    )
    tags = Distinct(
        Line(min=1, max=50),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={"examples": [["public"]], "description": "Services with one of these tags."},
    )
    display = Choice(
        *Display,
        load_default="list",
        metadata={"description": "`rolled`: one line that sums the section up."},
    )
    rule = Choice(
        *SectionRule,
        load_default="all",
        metadata={"description": "How many must work for a `rolled` section to be up."},
    )
    required_percentage = Whole(
        min=1, max=100, load_default=100, metadata={"description": "With the rule `percentage`."}
    )
    collapsed = Flag(
        load_default=False,
        metadata={"description": "Folded while nothing in it is wrong."},
    )


class PublicServiceSchema(BaseSchema):
    """Name and text of a service on a page; what is missing is the service's own."""

    name = Name(metadata={"examples": ["Checkout"]})
    description = Text()


class ShowSchema(BaseSchema):
    """Parts that a page shows besides states."""

    response_times = Flag(load_default=False)
    made_with = Flag(load_default=True)
    error_category = Flag(
        load_default=False,
        metadata={"description": "Why a service is down, in one of five ways to say it."},
    )
    regions = Flag(load_default=False, metadata={"description": "Where a service is checked from."})
    on_domain_only = Flag(
        load_default=False,
        metadata={"description": "Addresses with the slug lead to the custom domain, once served."},
    )


class LinksSchema(BaseSchema):
    """Addresses in the foot of a page."""

    website = Link(max=2000)
    support = Link(max=2000)
    imprint = Link(max=2000)
    privacy = Link(max=2000)


class NotifySchema(BaseSchema):
    """Topics that subscribers hear of."""

    incidents = Flag(load_default=True)
    maintenance_announced = Flag(load_default=True)
    maintenance_reminder = Flag(load_default=True)
    maintenance_started = Flag(load_default=True)
    maintenance_ended = Flag(load_default=True)


class AutoIncidentsSchema(BaseSchema):
    """Policy of incidents for critical alerts that stay open."""

    mode = Choice(*AutoIncidents, load_default="draft")
    after_minutes = Whole(min=0, max=1440, load_default=3)
    resolve_minutes = Whole(min=0, max=1440, load_default=10)


class _AutoIncidents(Complete):
    """Field of automatic incidents: also true, which drafts, and false, which is off."""

    def _deserialize(
        self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, bool):
            value = {"mode": "draft" if value else "off"}
        return super()._deserialize(value, attr, data, **kwargs)


class AnnouncementSchema(BaseSchema):
    """A banner over the page."""

    text = Text(required=True, max=1000, metadata={"examples": ["We move on Sunday."]})
    starts_at = Moment(allow_none=True, load_default=None)
    ends_at = Moment(allow_none=True, load_default=None)


class StatusPageInputSchema(BaseSchema):
    """The fields of a page that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Acme status"]})
    slug = Slug(
        min=1,
        max=MAX_SLUG,
        metadata={
            REFUSALS: [InvalidCode.NOT_ALLOWED],
            "description": "Missing: made from the name.",
            "examples": ["acme"],
        },
    )
    description = Text()
    is_public = Flag(
        metadata={"default": True, "description": "false: only members who are signed in see it."}
    )
    branding = Branding()
    sections = fields.List(
        Complete(SectionSchema),
        validate=validate.Length(max=MAX_SECTIONS),
        metadata={REFUSALS: [InvalidCode.CONFLICTING_FIELDS]},
    )
    services = fields.Dict(
        keys=fields.UUID(),
        values=fields.Nested(PublicServiceSchema),
        validate=validate.Length(max=MOST_SERVICES),
        metadata={
            REFUSALS: [InvalidCode.UNKNOWN_REFERENCE],
            "description": "Public names by service id.",
            "examples": [{}],
        },
    )
    custom_domain = Domain(
        min=1,
        max=253,
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED, InvalidCode.NOT_ALLOWED],
            "examples": [None],
            "description": "Set by admins; served once verified.",
        },
    )
    password = fields.String(
        allow_none=True,
        validate=_PASSWORD,
        load_only=True,
        metadata={"examples": [None], "description": "Visitors have to give it; null: none."},
    )
    show_uptime_days = Whole(min=1, max=90, metadata={"default": 90})
    theme = Choice(*THEMES, metadata={"default": "auto"})
    layout = Choice(*LAYOUTS, metadata={"default": "list"})
    language = Choice(*LANGUAGES, metadata={"default": "en"})
    timezone = ZoneName()
    links = fields.Nested(LinksSchema, metadata={"examples": [{}]})
    show = Complete(ShowSchema)
    notify = Complete(NotifySchema)
    auto_incidents = _AutoIncidents(AutoIncidentsSchema)
    announcement = Complete(AnnouncementSchema, allow_none=True, metadata={"examples": [None]})
    allow_subscribe = Flag(metadata={"default": True})
    is_indexed = Flag(metadata={"default": True, "description": "Search engines may list it."})
    custom_css = Styles(
        max=20_000,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED],
            "examples": [""],
            "description": "Set by admins; a few properties only.",
        },
    )


class DomainSchema(BaseSchema):
    """State of a custom domain, and the records that are looked for.

    Either record verifies the host; the TXT record takes it from a page that has only the CNAME.
    """

    state = Choice(
        *DomainState,
        required=True,
        metadata={"description": "`serving`: the page has been made for it."},
    )
    cname = fields.String(required=True, metadata={"examples": ["status.example.net"]})
    txt_name = fields.String(required=True)
    txt_value = fields.String(required=True)
    seen = fields.String(required=True, allow_none=True)
    checked_at = Moment(required=True, allow_none=True)


class StatusPageSchema(OwnedAnswer, StatusPageInputSchema):
    """A page as it is answered."""

    url = fields.String(required=True, metadata={"examples": ["https://example.com/status/acme"]})
    has_password = fields.Boolean(required=True)
    domain = fields.Nested(DomainSchema, required=True, allow_none=True)
    services_count = fields.Integer(
        required=True, metadata={"description": "How many services it shows now."}
    )
    badge_key = fields.String(required=True, metadata={"examples": ["sp-0123456789abcdef"]})


class StatusPagePreviewInputSchema(StatusPageInputSchema):
    """The fields of a page that a preview changes."""


class StatusPageChangeSchema(UnchangedSince, StatusPageInputSchema):
    """The fields of a page to change; the others stay."""


class StatusPageReplacementSchema(Replacement, UnchangedSince, StatusPageInputSchema):
    """A page as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(StatusPageSchema, StatusPageInputSchema)


ADMIN_FIELDS = ("custom_domain", "custom_css")
