"""Links of subscribers of pages and of members who get monthly reports.

To confirm they are good for a day; to manage and to leave, for ever.

Opening one changes nothing: mail scanners open links.
"""

from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from app.platform.bootstrap import runtime
from app.security.link_errors import BadLink, ExpiredLink

CONFIRM_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class SubscriptionLink:
    """Link of a subscriber, and whether it is there to confirm."""

    subscriber_id: UUID
    is_confirmation: bool


def sign(link: SubscriptionLink) -> str:
    """Return the signed part of an address."""
    if link.is_confirmation:
        return "c." + str(_timed().dumps(link.subscriber_id.hex))
    return "m." + str(_lasting().dumps(link.subscriber_id.hex))


def read(signed: str) -> SubscriptionLink:
    """Return what a link is for. Raises BadLink, its child ExpiredLink for an old one."""
    kind, _, text = signed.partition(".")
    try:
        if kind == "c":
            found = _timed().loads(text, max_age=CONFIRM_SECONDS)
        else:
            found = _lasting().loads(text)
        return SubscriptionLink(UUID(hex=found), kind == "c")
    except SignatureExpired:
        raise ExpiredLink from None
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise BadLink from None


def sign_report(organization_id: UUID, user_id: UUID) -> str:
    """Return the signed part of the address at which a member leaves monthly reports."""
    return str(_of_reports().dumps([organization_id.hex, user_id.hex]))


def read_report(signed: str) -> tuple[UUID, UUID]:
    """Return organization and user of what `sign_report` signed. Raises BadLink."""
    try:
        organization_id, user_id = _of_reports().loads(signed)
        return UUID(hex=organization_id), UUID(hex=user_id)
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise BadLink from None


def _of_reports() -> URLSafeSerializer:
    return URLSafeSerializer(runtime().config.jwt_secret, salt="monthly-report")


def _timed() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="confirm-subscription")


def _lasting() -> URLSafeSerializer:
    return URLSafeSerializer(runtime().config.jwt_secret, salt="subscription")
