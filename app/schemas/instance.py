"""Schemas of /instance."""

from marshmallow import fields

from app.domain.accounts.plans import PLANS
from app.schemas.base import BaseSchema, Choice, Line, Moment, Name, PageSchema, Whole

MOST_SERVICES = 1_000_000


class PlanSchema(BaseSchema):
    """The limits of a plan."""

    max_services = Whole(min=0, max=MOST_SERVICES)
    requests_per_minute = Whole(min=1, max=1_000_000)
    burst = Whole(min=1, max=1_000_000)
    max_locations = Whole(min=0, max=1_000_000)


PlansSchema = BaseSchema.from_dict(
    {name: fields.Nested(PlanSchema) for name in PLANS}, name="PlansSchema"
)


class InstanceChangeSchema(BaseSchema):
    """Settings that operators change at run time."""

    registration = Choice(
        "open",
        "invite",
        "closed",
        allow_none=True,
        metadata={"description": "Who may register; null: as REGISTRATION says."},
    )
    plans = fields.Nested(PlansSchema, metadata={"description": "Only the given limits change."})


class InstanceSchema(InstanceChangeSchema):
    """The settings of this installation, and some figures."""

    registration = Choice("open", "invite", "closed", required=True)
    plans = fields.Nested(PlansSchema, required=True)
    users_count = fields.Integer(required=True)
    organizations_count = fields.Integer(required=True)
    services_count = fields.Integer(required=True)


class OrganizationFilterSchema(PageSchema):
    """Filter of organizations."""

    slug = Line(max=60)


class LimitsSchema(BaseSchema):
    """The plan of an organization; it brings its own number of services unless one is given."""

    plan_type = Choice(*PLANS)
    max_services = Whole(min=0, max=MOST_SERVICES)


class OrganizationLimitsSchema(BaseSchema):
    """An organization as operators see it."""

    id = fields.UUID(required=True)
    name = Name(required=True)
    slug = fields.String(required=True)
    plan_type = fields.String(required=True, metadata={"examples": ["free"]})
    max_services = fields.Integer(required=True)
    services_count = fields.Integer(required=True)
    created_at = Moment(required=True)
