"""Commands for whoever has a shell on the server: `flask --app wsgi operators add EMAIL`."""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.configuration_cli import config
from app.domain.accounts.plans import PLANS
from app.domain.mail_addresses import same_address
from app.operations.accounts import auth, instance, password_reset, two_factor
from app.operations.status_pages import inbound_mail
from app.pages.status.export import Copy
from app.pages.status.store import LOOK_EVERY_SECONDS, store_of
from app.platform.errors import AppError
from app.security.actor import Actor, act_as

MAX_MAIL_BYTES = 1_000_000

operators = AppGroup("operators", help="People who run this installation.")
accounts = AppGroup("accounts", help="Help for people who cannot sign in.")
organizations = AppGroup("organizations", help="Plans of organizations.")

status_pages = AppGroup("pages", help="Status pages.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    for group in (operators, accounts, organizations, config, status_pages):
        app.cli.add_command(group)


def _as_command_line(command: Callable[..., None]) -> Callable[..., None]:
    """Act as the command line, and tell refusals as one sentence."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        act_as(Actor("command_line"))
        try:
            command(*args, **kwargs)
        except AppError as error:
            raise click.ClickException(error.message) from None

    return run


@operators.command("list")
@_as_command_line
def list_operators() -> None:
    """Print the e-mail address of every operator."""
    for email in instance.operators():
        click.echo(email)


@operators.command("add")
@click.argument("email")
@_as_command_line
def add_operator(email: str) -> None:
    """Make somebody with an account an operator."""
    instance.set_operator(same_address(email), is_operator=True)
    click.echo(f"{email} is an operator now.")


@operators.command("remove")
@click.argument("email")
@_as_command_line
def remove_operator(email: str) -> None:
    """Make an operator an ordinary person; the last one stays."""
    instance.set_operator(same_address(email), is_operator=False)
    click.echo(f"{email} is no operator any more.")


@accounts.command("reset-link")
@click.argument("email")
@_as_command_line
def reset_link(email: str) -> None:
    """Print a link for a new password, good once and for an hour."""
    click.echo(password_reset.link_for(same_address(email)))


@accounts.command("disable-2fa")
@click.argument("email")
@_as_command_line
def disable_second_factor(email: str) -> None:
    """Switch off the second factor of somebody who lost it."""
    account = auth.find_account(same_address(email))
    if account is None:
        raise click.ClickException(f"nobody has an account with the address {email}")
    two_factor.take_away(account.user_id)
    click.echo(f"{email} signs in with the password alone now.")


@organizations.command("plan")
@click.argument("slug")
@click.argument("plan", type=click.Choice(sorted(PLANS)))
@click.option("--max-services", type=click.IntRange(0, 1_000_000))
@_as_command_line
def set_plan(slug: str, plan: str, max_services: int | None) -> None:
    """Put an organization on a plan, and set how many services it may have."""
    found, _, _ = instance.organizations({"slug": slug}, limit=1, after=None)
    if not found:
        raise click.ClickException(f"no organization has the slug {slug}")
    changes: dict[str, Any] = {"plan_type": plan}
    if max_services is not None:
        changes["max_services"] = max_services
    changed = instance.change_organization(found[0]["id"], changes)
    click.echo(f"{slug}: {changed['plan_type']}, at most {changed['max_services']} services.")


@status_pages.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--watch", is_flag=True, help="Go on for ever: write what has changed each second.")
@click.option("--then", "command", default="", help="Run this after a change: 'rclone sync …'.")
@_as_command_line
def export_pages(folder: Path, watch: bool, command: str) -> None:
    """Write every public page to a folder, for a web server on other ground.

    A command that fails is run again a second later. While the database is away the copy stays as
    it is, and says how old it is.
    """
    store, copy = store_of(current_app), Copy(folder)
    is_behind = False
    while True:
        store.look()
        pages, files = copy.update(store)
        if pages or files:
            click.echo(f"{pages} pages are in {folder}, {files} files are new or gone.")
        is_behind = files > 0 or is_behind
        if is_behind and command:
            is_behind = subprocess.run(shlex.split(command)).returncode != 0  # noqa: S603  theirs
        if not watch:
            break
        time.sleep(LOOK_EVERY_SECONDS)
    if is_behind and command:
        raise AppError("the command has failed")


@status_pages.command("unsubscribe")
@_as_command_line
def unsubscribe() -> None:
    """Read a mail on standard input and end the subscription that it is about.

    For UNSUBSCRIBE_MAILBOX, and for the complaints of mailbox providers (RFC 5965).
    """
    is_over = inbound_mail.take(sys.stdin.buffer.read(MAX_MAIL_BYTES))
    click.echo("The subscription is ended." if is_over else "The mail names no subscription.")
