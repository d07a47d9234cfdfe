"""Disks that fail under a running installation: one that turns read-only as after an error of its
device and comes back as another device, one that is gone for a while, one without room for files.

Each is said while it lasts, nothing is told GREEN that nobody can know, and all is well by itself
soon after it is over.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import requests

from tests.flows.product import Product, Target, target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until

SERVICES = 10
# A look of those who tell operators comes every 15 seconds, and the second one is believed.
_TOLD_SECONDS = 75
_WELL_SECONDS = 60


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _is_done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Disk:
    """File system of its own on a loop device, at a folder. Raises OSError where it may not be."""

    def __init__(self, folder: Path, files: int | None) -> None:
        self.folder = folder / "state"
        self._image = folder / "image"
        self._devices: list[str] = []
        self.folder.mkdir()
        try:
            _run("truncate", "-s", "700M", str(self._image))
            inodes = ["-N", str(files)] if files else []
            _run("mkfs.ext4", "-q", "-F", *inodes, str(self._image))
            self.attach()
            (self.folder / "lost+found").rmdir()
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            self.close()
            raise OSError("this process may not mount file systems") from error

    def attach(self) -> None:
        """Mount it as a device that it has not been before."""
        self._devices.append(_run("losetup", "-f", "--show", str(self._image)))
        self.mount()

    def mount(self) -> None:
        """Mount the device that it is now."""
        _run("mount", "-o", "errors=remount-ro", self._devices[-1], str(self.folder))

    def detach(self) -> None:
        """Take it away while files on it are open."""
        _run("umount", "-l", str(self.folder))

    def fail(self) -> None:
        """Let the kernel find an error on it, and make it read-only (ext4(5), errors)."""
        name = Path(self._devices[-1]).name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("an error of the soak")

    def close(self) -> None:
        """Take it apart."""
        while _is_done("umount", "-l", str(self.folder)):
            pass
        for device in self._devices:
            _is_done("losetup", "-d", device)


@contextmanager
def read_only(disk: Disk) -> Iterator[None]:
    """An error makes it read-only; it comes back as another device."""
    disk.fail()
    yield
    disk.detach()
    disk.attach()


@contextmanager
def gone(disk: Disk) -> Iterator[None]:
    """Nothing is there under its name, while what was open stays so."""
    disk.detach()
    yield
    disk.mount()


@contextmanager
def without_files(disk: Disk) -> Iterator[None]:
    """It has room, and not for one file more."""
    filler = disk.folder / "filler"
    filler.mkdir()
    with suppress(OSError):
        for number in range(100_000):
            (filler / str(number)).touch()
    yield
    for file in filler.iterdir():
        file.unlink()


_FAULTS: dict[str, tuple[Callable[[Disk], AbstractContextManager[None]], int | None]] = {
    "read-only": (read_only, None),
    "gone": (gone, None),
    "without files": (without_files, 3_000),
}


def run() -> str:
    """Let each fault happen to an installation; raise where it is not said, or not over."""
    told = []
    for name, (fault, files) in _FAULTS.items():
        with tempfile.TemporaryDirectory(prefix="alertifypro-disk-") as directory:
            folder = Path(directory).resolve()
            folder.chmod(0o711)
            disk = Disk(folder, files)
            disk.folder.chmod(0o711)
            try:
                with target() as shop, HttpReceiver() as hook:
                    told.append(f"{name}: {_story(disk, fault, shop, hook)}")
            finally:
                disk.close()
    return "; ".join(told)


def _story(
    disk: Disk,
    fault: Callable[[Disk], AbstractContextManager[None]],
    shop: Target,
    hook: HttpReceiver,
) -> str:
    with Product(disk.folder, LOG_LEVEL="warning") as product:
        product.ready()
        product.register()
        channel = {"name": "Ours", "type": "webhook", "config": {"url": hook.url}}
        product.call("POST", "/notification-channels", channel)
        ids = [
            product.service(shop.url, name=f"Shop {number}", slow_threshold_ms=60_000)["id"]
            for number in range(SERVICES)
        ]
        ping_url = product.call("POST", "/heartbeats", {"name": "Job"})["ping_url"]
        seconds_until(lambda: {product.status(id) for id in ids} == {"GREEN"}, 30)
        time.sleep(40)  # those who tell operators have read whom

        def parts() -> set[str]:
            """What `/ready` says is away or late."""
            with suppress(requests.RequestException):
                answer = requests.get(f"http://127.0.0.1:{product.port}/ready", timeout=10)
                found = set(answer.json().get("degraded", ()))
                return found | ({"database"} if answer.status_code == 503 else set())
            return {"web"}

        def pings() -> bool:
            with suppress(requests.RequestException):
                return requests.get(ping_url, timeout=10).status_code == 200
            return False

        def all_are(status: str) -> bool:
            with suppress(AssertionError, requests.RequestException):
                return {product.status(id) for id in ids} == {status}
            return False

        known = len(hook.requests)
        with fault(disk):
            product.until("The state directory")
            # What is open stays open: without it the work goes on until a new file is needed.
            if fault is read_only:
                seconds_until(lambda: parts() - {"web"}, _TOLD_SECONDS)
                seconds_until(lambda: len(hook.requests) > known, _TOLD_SECONDS)
            else:
                time.sleep(_TOLD_SECONDS)
        product.until("can be written again")
        took = seconds_until(lambda: not parts() and pings() and all_are("GREEN"), _WELL_SECONDS)
        shop.status = 500
        seconds_until(lambda: all_are("RED"), 30)
        seconds_until(lambda: any(b"Shop" in each.body for each in hook.requests), 30)
        shop.status = 200
        seconds_until(lambda: all_are("GREEN"), 30)
        assert product.process.poll() is None
        return f"well {took:.0f} s after its end"
