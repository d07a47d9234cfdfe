"""Links in messages that let somebody act on one alert without signing in.

A link is signed, expires, and names one alert and one action. Opening it changes nothing: mail
scanners open links; only the button on the page it shows does.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from app.platform.bootstrap import runtime
from app.security.link_errors import BadLink, ExpiredLink

LIFETIME_SECONDS = 7 * 24 * 3600
ACTIONS = ("acknowledge", "snooze")


@dataclass(frozen=True, slots=True)
class AlertAction:
    """Action that a signed link allows, and whom the message was sent to, and when."""

    action: str
    alert_id: UUID
    recipient: str
    signed_at: datetime | None = None  # of one that was read


def sign(action: AlertAction) -> str:
    """Return the address of the page that offers an action on an alert."""
    token = _serializer().dumps([action.action, str(action.alert_id), action.recipient])
    return f"{runtime().config.base_url}/api/v1/alerts/act/{token}"


def read(token: str) -> AlertAction:
    """Return what a link allows. Raises BadLink, its child ExpiredLink for an old one."""
    try:
        content, signed_at = _serializer().loads(
            token, max_age=LIFETIME_SECONDS, return_timestamp=True
        )
        action, alert_id, recipient = content
        if action not in ACTIONS or not isinstance(recipient, str):
            raise BadLink("this link is not valid")
        return AlertAction(action, UUID(alert_id), recipient, signed_at)
    except SignatureExpired:
        raise ExpiredLink("this link has expired") from None
    except (BadSignature, ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise BadLink("this link is not valid") from None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="alert-action")
