"""Contact methods of a person: each validated by its channel type, its secrets sealed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import select

from app.channels import CHANNEL_TYPES
from app.domain.messages.events import BEGINNINGS
from app.models.members import User
from app.models.notification_channels import Notification
from app.operations.escalation import recipients as escalation_recipients
from app.operations.notifications import enqueue, last_resort, message_tests, withdrawn
from app.platform.crypto import Vault
from app.platform.errors import Fault, Invalid, InvalidCode, NotFound, coded
from app.platform.transaction import Transaction, transaction
from app.security.sealing import seal


def sealed(stored: list[Any], wanted: Sequence[Mapping[str, Any]], vault: Vault) -> list[Any]:
    """Return contact methods as they are stored.

    A masked secret keeps that of the method at the same place, if it is of the same type. Raises
    Invalid, naming the field.
    """
    methods = []
    for at, method in enumerate(wanted):
        kept = stored[at]["config"] if at < len(stored) and _is_alike(stored[at], method) else {}
        methods.append(
            {**method, "config": _sealed(at, method["type"], method["config"], kept, vault)}
        )
    return methods


def redirect(tx: Transaction, user: User) -> None:
    """Send what waits for contacts that a person has edited or removed to those they have now.

    Beginnings, also those told together with their end: who heard none hears no end alone. What is
    in the air goes to both: whether it arrives at what was, perhaps wrongly, named before is not
    known yet, and it is not tried there again.
    """
    now = tx.now()
    current = escalation_recipients.contacts(user, now)
    waits_elsewhere = (
        Notification.recipient_key.like(f"user:{user.id}:%"),
        ~Notification.recipient_key.endswith(last_resort.OWNER),
        Notification.recipient_key.not_in([recipient.key for recipient in current]),
        Notification.status == "pending",
        Notification.kind.in_(BEGINNINGS) | Notification.message["combined"].as_boolean(),
        Notification.alert_id.is_not(None),
    )
    about = tx.session.scalars(select(Notification.alert_id).where(*waits_elsewhere)).all()
    withdrawn.lock_alerts(tx, {alert_id for alert_id in about if alert_id is not None})
    for row in tx.session.scalars(
        select(Notification)
        .where(*waits_elsewhere)
        .order_by(Notification.created_at)
        .with_for_update(key_share=True)
    ).all():
        row.status = "cancelled"
        enqueue.elsewhere(tx, row, current, now)


def send_test(organization_id: UUID, user_id: UUID, place: int) -> UUID:
    """Enqueue a test message to one of a person's contact methods, and return its id.

    `place` counts from 0; a person without methods has their e-mail address at 0. Raises NotFound.
    """
    with transaction() as tx:
        user = tx.session.get_one(User, user_id)
        recipients = escalation_recipients.contacts(user, tx.now())
        if place >= len(recipients):
            raise NotFound
        recipient = recipients[place]
        return message_tests.enqueue_test(
            tx, organization_id, recipient.key, contact=recipient.contact
        )


def _is_alike(stored: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return bool(stored["type"] == data["type"])


def _sealed(at: int, kind: str, config: Mapping[str, Any], kept: Any, vault: Vault) -> Any:
    schema = CHANNEL_TYPES[kind].config_schema()
    try:
        return seal(schema, schema.load(config), kept, vault)
    except ValidationError as error:
        raise Invalid.of(_at(at, coded(error.messages_dict, InvalidCode.UNFIT_CONFIG))) from None
    except ValueError as error:
        raise Invalid.of(
            _at(at, {"secrets": [Fault(InvalidCode.UNKNOWN_REFERENCE, str(error))]})
        ) from None


def _at(place: int, faults: Mapping[str, Any]) -> dict[str, Any]:
    return {"contact_methods": {str(place): {"config": dict(faults)}}}
