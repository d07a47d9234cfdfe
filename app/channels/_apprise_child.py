"""The process that runs Apprise: one order on standard input, one report on standard output.

An audit hook (PEP 578) sees every dial with the address about to be dialled, and every attempt to
open a file or start a process; raising in it stops the act. A hook cannot be taken out again.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # it sends one message, and what is imported for that stays

import importlib
import json
import logging
import os
import re
import resource
import sys
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))

import apprise
import certifi
from apprise import plugins
from apprise.plugins.base import NotifyBase

from app.domain.checks.addresses import AddressPolicy

MEMORY_BYTES = 512 * 1024 * 1024
NICENESS = 5
_DIALS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
_FORBIDDEN = (
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
    "pty.",
    "shutil.",
    "ctypes.dlopen",
    "webbrowser.",
)
_READABLE = tuple(
    {
        str(Path(folder).resolve())
        for folder in (sys.prefix, sys.base_prefix, Path(certifi.where()).parent, __file__)
    }
    | {"/etc/hosts", "/etc/resolv.conf", "/etc/mime.types", "/usr/share/zoneinfo", "/dev/null"}
)


class AddressHook:
    """The audit hook; remembers the first address it refused."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self.refused: str | None = None

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _DIALS:
            self._guard_address(args[1])
        elif event == "open":
            self._guard_file(args[0], args[1])
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is not for notifications")

    def _guard_address(self, address: Any) -> None:
        if address is None:  # a datagram over a socket that was validated when it was connected
            return
        if not isinstance(address, tuple):
            self._refuse("a socket of this machine")
        reason = self._policy.refusal(str(address[0]), int(address[1]))
        if reason is not None:
            self._refuse(reason)

    def _guard_file(self, path: Any, mode: Any) -> None:
        if isinstance(path, int):
            return
        name = str(Path(path.decode() if isinstance(path, bytes) else str(path)).resolve())
        if not name.startswith(_READABLE) or (mode and set(mode) & set("wax+")):
            raise PermissionError("files are not for notifications")

    def _refuse(self, reason: str) -> None:
        self.refused = self.refused or reason
        raise PermissionError(reason)


def main() -> None:
    """Send one message and report."""
    order = json.load(sys.stdin)
    # What does not go by the environment (`app/channels/apprise.py`) asks certifi.
    certifi.where = lambda: order["authorities"]
    os.nice(NICENESS)  # checks and first-class channels go first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"]))
    plugin = find_plugin(order["url"].partition("://")[0].lower())
    guard = AddressHook(read_policy(order["policy"]))
    log = StringIO()
    logging.getLogger("apprise").addHandler(logging.StreamHandler(log))
    logging.getLogger("apprise").setLevel(logging.WARNING)
    sys.addaudithook(guard)
    service = make_service(plugin, order["url"])
    report = {
        "ok": service is not None and send(service, order),
        "unknown": service is None,
        "refused": guard.refused,
        "log": log.getvalue(),
    }
    json.dump(report, sys.stdout)


def find_plugin(scheme: str) -> type[NotifyBase] | None:
    """Return the plug-in of a scheme. Only modules that mention it are loaded: all take 0.8 s."""
    folder = Path(plugins.__file__).parent
    mention = re.compile(rf"""["']{re.escape(scheme)}["']""")
    for path in sorted(folder.rglob("*.py")):
        if not mention.search(path.read_text(encoding="utf-8")):
            continue
        name = path.relative_to(folder).parts[0].removesuffix(".py")
        for member in vars(importlib.import_module(f"apprise.plugins.{name}")).values():
            if (
                isinstance(member, type)
                and issubclass(member, NotifyBase)
                and scheme in _schemes(member)
            ):
                return member
    return None


def _schemes(plugin: type[NotifyBase]) -> set[str]:
    given = (plugin.protocol, plugin.secure_protocol)
    several = (one if isinstance(one, tuple | list) else (one,) for one in given)
    return {str(name) for names in several for name in names if name}


def make_service(plugin: type[NotifyBase] | None, url: str) -> NotifyBase | None:
    """Return the service at an address, or None where its plug-in cannot read the address."""
    parts = plugin.parse_url(url) if plugin is not None and plugin.enabled else None
    if plugin is None or not parts:
        return None
    try:
        # A text longer than the service takes is cut there instead of refused.
        return plugin(**{"overflow": "truncate"} | parts)
    except TypeError:
        return None


def send(service: NotifyBase, order: dict[str, Any]) -> bool:
    """Send and tell whether the service took it."""
    notifier = apprise.Apprise()
    notifier.add(service)
    return bool(
        notifier.notify(
            title=order["title"],
            body=order["body"],
            notify_type=order["kind"],
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def read_policy(written: dict[str, Any]) -> AddressPolicy:
    """Return the policy as its parent has it."""
    return AddressPolicy(
        targets=written["targets"],
        allow=tuple(map(ip_network, written["allow"])),
        deny=tuple(map(ip_network, written["deny"])),
        own=frozenset((address, port) for address, port in written["own"]),
    )


if __name__ == "__main__":
    main()
