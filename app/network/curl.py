"""libcurl's multi interface inside the event loop: thousands of HTTP exchanges on one thread.

Handles are pooled; connections are never used twice, so that every timing is the whole truth.
"""

import asyncio

import pycurl

from app.network.policy import AddressPolicy
from app.network.poller import make_poller
from app.network.trace import trace
from app.network.transfer import CurlJob, CurlOutcome, Transfer

_POOLED = 500


class CurlEngine:
    """One multi handle in one event loop."""

    def __init__(self, policy: AddressPolicy, ca_file: str) -> None:
        self._policy = policy
        self._ca_file = ca_file
        self._loop = asyncio.get_running_loop()
        self._poller = make_poller(self._loop, self._on_ready)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._poller.watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._timer: asyncio.Handle | None = None
        self._running: dict[pycurl.Curl, Transfer] = {}
        self._idle: list[Transfer] = []

    async def run(self, job: CurlJob) -> CurlOutcome:
        """Do one exchange. What the network does is never raised; `outcome.code` tells."""
        transfer = self._idle.pop() if self._idle else Transfer(self._policy, self._ca_file)
        waiter = transfer.waiter = self._loop.create_future()
        easy = transfer.easy
        try:
            transfer.load(job)
            self._running[easy] = transfer
            self._multi.add_handle(easy)
            code, message = await waiter
            return transfer.outcome(code, message)
        except asyncio.CancelledError:
            transfer.leave_notes(trace())
            raise
        finally:
            if self._running.pop(easy, None) is not None:  # out of time, or refused by libcurl
                self._multi.remove_handle(easy)
            if len(self._idle) < _POOLED:
                transfer.clean()
                self._idle.append(transfer)
            else:
                easy.close()

    def close(self) -> None:
        """Drop everything at once; whoever still waits is cancelled."""
        for easy, transfer in list(self._running.items()):
            self._multi.remove_handle(easy)
            if transfer.waiter is not None:
                transfer.waiter.cancel()
        self._running.clear()
        for transfer in self._idle:
            transfer.easy.close()
        self._idle.clear()
        self._multi.close()
        if self._timer is not None:
            self._timer.cancel()
        self._poller.close()

    def _on_timer(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds == 0:
            self._timer = self._loop.call_soon(self._on_timeout)
        elif milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._on_timeout)

    def _on_timeout(self) -> None:
        self._timer = None
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()

    def _on_ready(self, ready: list[tuple[int, int]]) -> None:
        act = self._multi.socket_action
        for descriptor, mask in ready:
            act(descriptor, mask)
        self._collect()

    def _collect(self) -> None:
        left = 1
        while left:
            left, passed, failed = self._multi.info_read()
            for easy in passed:
                self._finish(easy, 0, "")
            for easy, code, message in failed:
                self._finish(easy, code, message)

    def _finish(self, easy: pycurl.Curl, code: int, message: str) -> None:
        self._multi.remove_handle(easy)
        transfer = self._running.pop(easy)
        if transfer.waiter is not None and not transfer.waiter.done():
            transfer.waiter.set_result((code, message))
