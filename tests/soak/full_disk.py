"""A disk that is really full: said in every way that still works, and over by itself afterwards."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.flows.product import Product, Target, target
from tests.receivers import HttpReceiver, MailReceiver, Received
from tests.waiting import seconds_until

_SIZE = "300m"


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=711", "none", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def small_disk() -> Iterator[Path]:
    """A small disk of the soak's own. Raises OSError where this process may mount none."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-disk-") as directory:
        folder = Path(directory).resolve()
        if not _mount(folder):
            raise OSError("this process may not mount file systems")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill a disk to the last byte, and free it again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    try:
        yield
    finally:
        filler.unlink()


def _event_of(request: Received) -> dict[str, str]:
    alert: dict[str, str] = request.json["data"]["alert"]
    return alert


def run() -> str:
    """Fill the disk of a running installation, and free it; raise where nobody hears of it, or of
    its end."""
    with small_disk() as disk, target() as shop, HttpReceiver() as hook:
        return _fill_and_free(disk, shop, hook)


def _fill_and_free(disk: Path, shop: Target, hook: HttpReceiver) -> str:
    with (
        MailReceiver() as mail,
        Product(disk, SMTP_URL=f"{mail.url}?starttls=off", LOG_LEVEL="warning") as product,
    ):
        product.ready()
        product.register()
        channel = {"name": "Ours", "type": "webhook", "config": {"url": hook.url}}
        product.call("POST", "/notification-channels", channel)
        ids = [product.service(shop.url, name=f"Shop {number}")["id"] for number in range(20)]
        ping_url = product.call("POST", "/heartbeats", {"name": "Job"})["ping_url"]
        seconds_until(lambda: {product.status(id) for id in ids} == {"GREEN"}, 30)

        def ready() -> dict[str, object]:
            answer = requests.get(f"http://127.0.0.1:{product.port}/ready", timeout=10)
            found: dict[str, object] = answer.json()
            return found

        mail.mails.clear()
        with full(disk):
            seconds_until(lambda: {"results", "redis"} <= set(ready().get("degraded", ())), 75)  # type: ignore[call-overload]
            line = product.until("checks have not been stored since")
            assert "check that the disk is not full" in line
            assert requests.get(ping_url, timeout=10).status_code == 503, "a job tries again"
            message = hook.wait_for(1, 90)[0]
            seconds_until(lambda: mail.mails, 30)
        assert "have not been stored" in message.body.decode()
        assert "have not been stored" in mail.mails[0].message.as_string()

        seconds_until(lambda: not ready().get("late"), 60)
        product.until("results have caught up")
        seconds_until(lambda: requests.get(ping_url, timeout=10).status_code == 200, 10)
        seconds_until(lambda: b"alert.resolved" in hook.requests[-1].body, 60)

        # What could not be stored goes past the outbox, and is no alert of the API. Two processes
        # watch, and one of them tells.
        def direct() -> list[tuple[str, str]]:
            told = [_event_of(each) for each in hook.requests]
            return [(one["status"], one["message"]) for one in told if one["id"][:4] == "del_"]

        seconds_until(lambda: "resolved" in dict(direct()), 60)
        assert [status for status, _ in direct()] == ["firing", "resolved"], direct()
        shop.status = 500
        seconds_until(lambda: {product.status(id) for id in ids} == {"RED"}, 30)
    return "told by the channel and by mail, and its end as well"
