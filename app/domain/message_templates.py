"""Puts a message into the words of a user's template: `subject` and `body`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.message_text import clean, one_line, plain
from app.domain.message_types import Message
from app.domain.template_language import MAX_ROUNDS, BrokenTemplate, compile_template, render

MAX_SUBJECT = 500
MAX_BODY = 10_000
MAX_VALUE = 4_000


def validate_template(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is wrong with `subject` and `body`, by field; empty when both can be used."""
    problems: dict[str, list[str]] = {}
    for name, limit in (("subject", MAX_SUBJECT), ("body", MAX_BODY)):
        source = template.get(name)
        if not source:
            continue
        try:
            compile_template(source, limit)
        except BrokenTemplate as error:
            problems[name] = [f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}."]
    return problems


def apply_template(message: Message, template: Mapping[str, Any] | None) -> Message:
    """Return the message in the words of a template.

    A broken template loses no page: the usual text stays, and a last line says what is wrong.
    """
    if not template or not (template.get("subject") or template.get("body")):
        return message
    try:
        variables = _variables(message)
        subject = one_line(render(template.get("subject"), MAX_SUBJECT, variables), MAX_SUBJECT)
        body = clean(render(template.get("body"), MAX_BODY, variables), MAX_BODY)
    except Exception as error:  # whatever a template does, its page goes out
        note = f"(This channel's template failed, so this is the usual text: {one_line(error)})"
        return replace(message, text=f"{message.text}\n\n{note}")
    if subject:
        message = replace(message, label="", title=subject)
    return replace(message, text=body, facts=()) if body else message


def _variables(message: Message) -> dict[str, Any]:
    """Return what a template can name."""
    return {
        **_small(message.data),
        "event": message.event,
        "timestamp": plain(message.at),
        "organization": {"id": message.organization.id, "name": message.organization.name},
        "severity": message.severity,
        "label": message.label,
        "title": message.title,
        "text": clean(message.text, MAX_VALUE),
        "message": clean(message.text, MAX_VALUE),
        "reason": clean(message.reason, MAX_VALUE),
        "facts": [{"label": fact.label, "value": fact.value} for fact in message.facts],
        "links": {
            "view": message.links.view,
            "acknowledge": message.links.acknowledge,
            "snooze": message.links.snooze,
        },
        "runbook_url": message.runbook_url,
    }


def _small(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value, MAX_VALUE)
    if isinstance(value, Mapping):
        return {name: _small(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_small(item) for item in value[:MAX_ROUNDS]]
    return value
