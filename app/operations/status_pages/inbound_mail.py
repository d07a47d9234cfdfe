"""Mails by which subscribers leave: what mail programs send, and complaints of their providers."""

import re
from email import message_from_bytes, policy
from email.message import Message

from app.operations.status_pages import subscriptions
from app.security.link_errors import BadLink
from app.security.subscription_links import read

_SIGNED = re.compile(r"[cm]\.[\w.-]+", re.ASCII)
_LINK = re.compile(r"/status/subscriptions/([cm]\.[\w.-]+)", re.ASCII)


def take(data: bytes) -> bool:
    """End the subscription that a mail is about; False where it names none of ours.

    A mail says so by its subject alone: what it quotes may be somebody's holiday note. Of a
    complaint (RFC 5965) the message complained of counts.
    """
    mail = message_from_bytes(data, policy=policy.compat32)
    for signed in _complained_of(mail) if _is_complaint(mail) else _asked(mail):
        try:
            link = read(signed)
        except BadLink:
            continue
        subscriptions.end(link.subscriber_id)
        return True
    return False


def _asked(mail: Message) -> list[str]:
    return _SIGNED.findall(str(mail.get("Subject", "")))


def _is_complaint(mail: Message) -> bool:
    kind = str(mail.get_param("report-type", "")).lower()
    return mail.get_content_type() == "multipart/report" and kind == "feedback-report"


def _complained_of(mail: Message) -> list[str]:
    result: list[str] = []
    for part in mail.walk():
        # Folded over lines it is put together again.
        result += _LINK.findall(re.sub(r"\s", "", str(part.get("List-Unsubscribe", ""))))
        if part.get_content_type() == "text/rfc822-headers":
            result += _LINK.findall(re.sub(r"\s", "", str(part.get_payload())))
    return result
