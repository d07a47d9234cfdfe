"""Schemas of /ws-tickets."""

from marshmallow import fields

from app.schemas.base import BaseSchema


class TicketSchema(BaseSchema):
    """A ticket for the live feed."""

    ticket = fields.String(required=True, metadata={"examples": ["mF_9.B5f-4.1JqM"]})
    expires_in_seconds = fields.Integer(required=True, metadata={"examples": [30]})
