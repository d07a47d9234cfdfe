"""Colours and signs of messages, the same in every channel."""

from urllib.parse import urlsplit

from app.domain.messages.types import Message, Tone

COLOURS = {
    Tone.CRITICAL: "#D92D20",
    Tone.WARNING: "#F79009",
    Tone.INFO: "#2E90FA",
    Tone.GOOD: "#12B76A",
    Tone.MUTED: "#667085",
}
_SIGNS = {
    Tone.CRITICAL: "🔴",
    Tone.WARNING: "🟠",
    Tone.INFO: "🔵",
    Tone.GOOD: "🟢",
    Tone.MUTED: "👀",
}


def colour(message: Message) -> str:
    """Return the colour of a message as #RRGGBB."""
    return COLOURS[message.tone]


def headline(message: Message) -> str:
    """Return the subject behind a coloured sign; a subject from a template stands alone."""
    return f"{_SIGNS[message.tone]} {message.subject}" if message.label else message.subject


def footer(message: Message) -> str:
    """Return the line that says who sent this."""
    return f"AlertifyPro · {message.organization.name}"


def is_known_everywhere(address: str) -> bool:
    """Say whether an address has a host with a dot: chats refuse links to localhost."""
    try:
        return "." in (urlsplit(address).hostname or "")
    except ValueError:
        return False
