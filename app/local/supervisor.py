"""Supervision of processes: kept alive, and ended in order."""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence

from app.local import LaunchError
from app.local.child import Child, describe_exit
from app.local.logfiles import rotate
from app.local.readiness import DATABASE
from app.local.signals import StopSignals
from app.local.state_watch import StateWatch

GRACE_SECONDS = 10.0
ROTATE_EVERY_SECONDS = 60.0
IDLE_SECONDS = 1.0
LOOK_EVERY_SECONDS = 10.0
HOPELESS = 5  # false starts in a row: a process will not start
MISCONFIGURED = 2  # refusals of its settings (EX_CONFIG), which no machine is too slow to read
LOUD_AFTER = 3
ONE_SERVER = (DATABASE, "redis")  # parts that are away and back; the others are late


class Supervisor:
    """A loop over children. It sleeps until one of them dies or somebody wants to stop."""

    def __init__(
        self,
        signals: StopSignals,
        say: Callable[[str], None],
        late_parts: Callable[[], dict[str, str] | None] = lambda: None,
    ) -> None:
        self.servers: Sequence[Child] = ()
        self.processes: Sequence[Child] = ()
        self._signals = signals
        self._say = say
        self._late_parts = late_parts
        self._known_late: dict[str, str] = {}
        self._was_away = False  # the database, at the last look
        self.state_watch: StateWatch | None = None
        self.hold_again: Callable[[], None] = lambda: None  # the state directory that is there now
        self.move_servers: Callable[[], None] = lambda: None  # whose ports others have taken
        self._kill_at: dict[Child, float] = {}  # of those that are to start anew
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS
        self._rotate_at = time.monotonic() + ROTATE_EVERY_SECONDS

    def watch_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Keep everything alive until `ready`; False when that takes too long.

        Raises LaunchError when a process cannot start.
        """
        deadline = time.monotonic() + seconds
        return self.watch_while(lambda: not ready(), lambda: time.monotonic() > deadline)

    def watch_while(self, waiting: Callable[[], bool], is_over: Callable[[], bool]) -> bool:
        """Keep everything alive while `waiting`; False when `is_over` before that ends.

        Raises LaunchError when a process cannot start.
        """
        while waiting():
            if is_over():
                return False
            self._round()
            self._refuse_what_cannot_start(HOPELESS)
            self._signals.pause(0.02)
        return True

    def watch(self) -> None:
        """Keep everything alive until somebody wants to stop.

        Whatever a process dies of now is no reason to end the others: it is started again for as
        long as that takes. Raises LaunchError only for settings that a process refuses.
        """
        while not self._signals.count:
            self._round()
            self.move_servers()
            self._refuse_what_cannot_start()
            self._look()
            self._watch_state()
            self._signals.wait(min([IDLE_SECONDS, *self._restarts_due()]))

    def stop(self, children: Sequence[Child], grace_seconds: float = GRACE_SECONDS) -> None:
        """End the processes: politely, then after some seconds or a second Ctrl-C by force."""
        for child in children:
            child.terminate()
        deadline = time.monotonic() + grace_seconds
        while running := [child for child in children if child.is_running()]:
            if self._signals.count > 1 or time.monotonic() > deadline:
                names = ", ".join(child.command.name for child in running)
                self._say(f"Killing what has not stopped: {names}")
                break
            self._signals.wait(0.05)
        for child in children:
            child.kill()
            child.wait(1.0)

    @property
    def children(self) -> tuple[Child, ...]:
        return (*self.servers, *self.processes)

    def _look(self) -> None:
        """Say once of each part of the product that it is behind, and that it has caught up.

        That the database is away is said at the second look: it may only have been started again.
        """
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS
        late, was_away = self._late_parts(), self._was_away
        if late is None:
            return
        at = time.strftime("%H:%M:%S")
        is_away, self._was_away = DATABASE in late, DATABASE in late
        if is_away and not was_away:
            return
        for part, line in late.items():
            if part not in self._known_late:
                self._say(f"{at} {line}")
        if is_away:  # nobody knows of the other parts
            self._known_late |= late
            return
        for part in self._known_late.keys() - late.keys():
            what = "answers again" if part in ONE_SERVER else "have caught up"
            self._say(f"{at} {part} {what}")
        self._known_late = late

    def _watch_state(self) -> None:
        """Say that the state directory cannot be written, and that it can again.

        Whatever writes to files of a disk that is gone by then, or to none, starts anew.
        """
        for child, at in list(self._kill_at.items()):
            if not child.writes_elsewhere() or time.monotonic() > at:
                if child.writes_elsewhere():
                    child.kill()
                del self._kill_at[child]
        if self.state_watch is None or not (news := self.state_watch.look()):
            return
        self._say(f"{time.strftime('%H:%M:%S')} {news}")
        if not self.state_watch.is_well:
            return
        self.hold_again()
        for child in self.children:
            child.hurry()
            if child.writes_elsewhere():
                child.terminate()
                self._kill_at[child] = time.monotonic() + GRACE_SECONDS

    def _restarts_due(self) -> Iterator[float]:
        for child in self.children:
            if (seconds := child.seconds_to_restart()) is not None:
                yield seconds

    def _round(self) -> None:
        for child in self.children:
            if news := child.keep_alive():
                self._say(f"{time.strftime('%H:%M:%S')} {news}")
                if child.early_deaths == LOUD_AFTER:
                    self._say(f"The end of {child.log}:\n{child.last_lines()}")
        if time.monotonic() >= self._rotate_at:
            self._rotate_at += ROTATE_EVERY_SECONDS
            with contextlib.suppress(OSError):  # a full disk must not end the supervision
                for child in self.children:
                    rotate(child.log)

    def _refuse_what_cannot_start(self, hopeless: float = math.inf) -> None:
        for process in self.processes:
            is_refused = process.exit_code == os.EX_CONFIG
            if process.false_starts >= (MISCONFIGURED if is_refused else hopeless):
                raise LaunchError(
                    f"{process.command.name} cannot start: it {describe_exit(process.exit_code)}. "
                    f"The end of {process.log}:\n{process.last_lines()}"
                )
