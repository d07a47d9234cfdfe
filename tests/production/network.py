"""Network of containers: a bridge in a namespace of its own, and a namespace for each container."""

import subprocess
from contextlib import suppress

PREFIX = "alertify-c"
BRIDGE = "alertify-br"
LAN = f"{PREFIX}-lan"
NETWORK = "10.231.8"
GATEWAY = f"{NETWORK}.1"


class Network:
    """Addresses and namespaces; nothing in them reaches anything but one another."""

    def __init__(self) -> None:
        self._count = 1

    def create(self) -> None:
        """Make the bridge; what a killed run left is removed first."""
        self.remove()
        _ip("netns", "add", LAN)
        _ip("-n", LAN, "link", "set", "lo", "up")
        _ip("-n", LAN, "link", "add", BRIDGE, "type", "bridge")
        _ip("-n", LAN, "addr", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        _ip("-n", LAN, "link", "set", BRIDGE, "up")

    def join(self, name: str) -> tuple[str, str]:
        """Return the namespace and the address of a new container."""
        self._count += 1
        number = self._count
        namespace, address = f"{PREFIX}-{name}", f"{NETWORK}.{number}"
        ours, theirs = f"apv{number}", f"apc{number}"
        _ip("netns", "add", namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", LAN, "link", "add", ours, "type", "veth", "peer", "name", theirs)
        _ip("-n", LAN, "link", "set", theirs, "netns", namespace)
        _ip("-n", LAN, "link", "set", ours, "master", BRIDGE, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", theirs)
        _ip("-n", namespace, "link", "set", theirs, "up")
        return namespace, address

    def remove(self) -> None:
        """Remove every namespace of this kind, also those that a killed run left."""
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            if line.startswith(PREFIX):
                with suppress(subprocess.CalledProcessError):
                    _ip("netns", "del", line.split()[0])


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
