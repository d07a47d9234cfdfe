"""Messages in the words of a user's template: `subject` and `body`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Template, TemplateError

from app.domain.messages.template_language import (
    MAX_ROUNDS,
    BrokenTemplate,
    compile_template,
    render,
    render_compiled,
)
from app.domain.messages.text import clean, one_line, plain
from app.domain.messages.types import Message

MAX_SUBJECT = 500
MAX_BODY = 10_000
MAX_VALUE = 4_000


def validate_template(
    template: Mapping[str, Any], variables: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return what is wrong with `subject` and `body`, by field; empty when both can be used.

    A template is tried on `variables`: what only grows too large there is refused as well.
    """
    problems: dict[str, list[str]] = {}
    for name, limit in (("subject", MAX_SUBJECT), ("body", MAX_BODY)):
        source = template.get(name)
        if not source:
            continue
        try:
            _try_out(compile_template(source, limit), variables)
        except BrokenTemplate as error:
            problems[name] = [f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}."]
    return problems


def _try_out(template: Template, variables: Mapping[str, Any]) -> None:
    """Render for the limits alone: what else fails may be for want of what the example lacks."""
    try:
        render_compiled(template, variables)
    except BrokenTemplate:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, TemplateError):
        return


def words_of(template: Mapping[str, Any], variables: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject and body that a template makes; empty where it says nothing.

    Raises BrokenTemplate, and whatever Jinja2 raises on the way.
    """
    subject = one_line(render(template.get("subject"), MAX_SUBJECT, variables), MAX_SUBJECT)
    return subject, clean(render(template.get("body"), MAX_BODY, variables), MAX_BODY)


def with_words(message: Message, subject: str, body: str) -> Message:
    """Return the message with another subject and text, each where there is one."""
    if subject:
        message = replace(message, label="", title=subject)
    return replace(message, text=body, template_body=body, facts=()) if body else message


def with_usual_text(message: Message, why: str) -> Message:
    """Return the message as it is, with a last line that says why its template was not used.

    A broken template loses no page.
    """
    error = one_line(why)
    note = f"(This channel's template failed, so this is the usual text: {error})"
    return replace(message, text=f"{message.text}\n\n{note}", template_error=error)


def variables_of(message: Message) -> dict[str, Any]:
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
