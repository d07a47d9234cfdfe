"""Every other service that Apprise knows, sent from a guarded process of its own.

Apprise brings 170 plug-ins, 48 MB and its own HTTP client. So it never enters this process: a child
(`_apprise_child.py`) sends one message and ends. There the address policy validates every dial, and
neither files nor processes can be reached, whatever a plug-in tries. A hanging service is killed
with its child at the deadline.
"""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import ValidationError

from app.channels.apprise_schemes import SCHEMES
from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import MASK, Line
from app.channels.http import shown
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.text import cut
from app.domain.messages.types import Message, Tone

MAX_URL, TITLE, TEXT = 2_048, 250, 8_000
# They show windows, write files or drive devices of the machine this runs on.
REFUSED_SCHEMES = frozenset(
    (
        "blink1",
        "dbus",
        "file",
        "glib",
        "gnome",
        "kde",
        "macosx",
        "qt",
        "syslog",
        "windows",
    )
)
_SCHEME = re.compile(r"([a-z0-9][a-z0-9+.-]{0,31})://\S", re.IGNORECASE | re.ASCII)
_CHILD = Path(__file__).with_name("_apprise_child.py")
_STATUS = re.compile(r"error[=:]\s*([45]\d\d)\b")
_KINDS = {Tone.CRITICAL: "failure", Tone.WARNING: "warning", Tone.GOOD: "success"}
_AT_ONCE = 4  # a child costs half a second of a core
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class AppriseUrl(Line):
    """An address in Apprise's own notation, of a service that is not on this machine."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        url = super()._deserialize(value, *args, **kwargs)
        if url == MASK:
            return url
        match = _SCHEME.match(url)
        if match is None:
            raise ValidationError("Not an Apprise URL such as tgram://token/chat.")
        scheme = match[1].lower()
        if scheme in REFUSED_SCHEMES:
            raise ValidationError(f"{match[1]}:// acts on the server itself and is refused.")
        if scheme not in SCHEMES:
            raise ValidationError(f"Apprise knows no service {match[1]}://.")
        return url


class AppriseConfig(ChannelConfig):
    """Config of Apprise: the service to reach."""

    url = AppriseUrl(
        required=True,
        max_length=MAX_URL,
        metadata={
            "description": "address in Apprise's notation",
            "example": "matrixs://user:password@example.com/#room",
            "secret": True,
        },
    )


@channel_type("apprise", config=AppriseConfig)
async def send_through_apprise(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Send through any service that Apprise knows, as plain text."""
    order = {
        "url": config["url"],
        "title": cut(message.subject, TITLE),
        "body": cut(message.body(), TEXT),
        "kind": _KINDS.get(message.tone, "info"),
        "policy": _written(context.policy),
        "seconds": int(context.timeout_seconds) + 1,
        "authorities": context.network.authorities,
    }
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        report = await _run_child(json.dumps(order).encode(), context.network.authorities)
    answer = shown(str(report.get("log") or ""))
    if report.get("refused"):
        raise DeliveryError(f"target not allowed: {report['refused']}", permanent=True)
    if report.get("unknown"):
        raise DeliveryError("Apprise does not understand this address", permanent=True)
    if not report.get("ok"):
        status = _STATUS.search(answer)
        code = int(status[1]) if status else None
        permanent = code is not None and code < 500 and code not in (408, 425, 429)
        sentence = f"the service answered {code}" if code else "the service did not take it"
        raise DeliveryError(sentence, permanent=permanent, status_code=code, answer=answer)
    return Delivery(answer=answer)


async def _run_child(order: bytes, authorities: str) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither this folder (it holds an email.py) nor PYTHON* variables
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # No proxy, no netrc, no secret of ours.
        env={
            "PATH": "/nonexistent",
            "HOME": "/nonexistent",
            "NETRC": "/dev/null",
            "REQUESTS_CA_BUNDLE": authorities,
            "SSL_CERT_FILE": authorities,
        },
    )
    try:
        output, _ = await child.communicate(order)
    finally:
        if child.returncode is None:  # out of time, or the worker is stopping
            child.kill()
            await child.wait()
    try:
        report = json.loads(output)
    except ValueError:
        raise DeliveryError("Apprise failed by itself", permanent=False) from None
    return dict(report)


def _written(policy: AddressPolicy) -> dict[str, Any]:
    return {
        "targets": policy.targets,
        "allow": [str(network) for network in policy.allow],
        "deny": [str(network) for network in policy.deny],
        "own": sorted(policy.own),
    }
