"""Command line of the local run: `python -m app.local run|env|stop|migrate|backup|restore`."""

import argparse
import os
import shlex
import signal
import sys
import time
from importlib import import_module

from app.local import LaunchError, launcher, migrate, settings
from app.local.state import StateDir
from app.platform.errors import ConfigError

STOP_SECONDS = 30.0


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code; a refusal is one sentence, never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m app.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and supervise it")
    run.add_argument(
        "--follow-parent", action="store_true", help="stop when the process that started us ends"
    )
    commands.add_parser("env", help="print the running instance's settings as export lines")
    commands.add_parser("stop", help="stop the running instance")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    saving = commands.add_parser("backup", help="write everything to a file")
    saving.add_argument("file")
    saving.add_argument("--with-key", action="store_true", help="put ENCRYPTION_KEY into it")
    saving.add_argument("--from", dest="source", help="read this database, such as a standby")
    restoring = commands.add_parser("restore", help="put a backup in the place of what is here")
    restoring.add_argument("file")
    restoring.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "run":
            launcher.run(os.environ, follow_parent=chosen.follow_parent)
        elif chosen.command == "migrate":
            migrate.upgrade_only(os.environ)
        elif chosen.command in ("backup", "restore"):
            # The database's driver, 11 MB, which a launcher that runs for months never needs.
            import_module("app.local.backup").main(chosen.command, chosen)
        elif chosen.command == "env":
            print_env(_state())
        else:
            stop(_state())
    except (ConfigError, LaunchError) as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"This user may not use {error.filename or 'a file of STATE_DIR'} ({error.strerror});"
            " run it as the owner, or set STATE_DIR to a directory of your own.",
            file=sys.stderr,
        )
        return 1
    return 0


def print_env(state: StateDir) -> None:
    """For `eval "$(python -m app.local env)"` in a shell."""
    for name, value in state.published().items():
        print(f"export {name}={shlex.quote(value)}")


def stop(state: StateDir) -> None:
    """Stop the running instance and wait for it."""
    holder = state.holder()
    if not holder:
        raise LaunchError(f"No instance is running in {state.path}.")
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while state.holder() == holder:
        if time.monotonic() > deadline:
            raise LaunchError(f"Process {holder} has not stopped within {STOP_SECONDS:g} s.")
        time.sleep(0.05)


def _state() -> StateDir:
    return StateDir(settings.check(settings.read(os.environ)).state_dir)


if __name__ == "__main__":
    sys.exit(main())
