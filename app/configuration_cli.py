"""Commands for configuration files: `flask --app wsgi config export|plan|apply ORGANIZATION`."""

from typing import Any, BinaryIO

import click
from flask.cli import AppGroup

from app.api.configuration_kinds import KINDS
from app.domain.configuration import text
from app.domain.configuration.text import TextError
from app.operations.accounts import instance
from app.operations.configuration import applying, exporting
from app.platform.errors import AppError
from app.security.actor import Actor, act_as

config = AppGroup("config", help="The configuration of an organization as a file.")
_PRUNE = click.option("--prune", is_flag=True, help="Delete what the file holds no more.")


@config.command("export")
@click.argument("organization")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml")
def export(organization: str, form: str) -> None:
    """Print the configuration of ORGANIZATION, which is named by its slug."""
    document = _carried_out(lambda id: exporting.export(id, KINDS), organization)
    click.echo(text.write_json(document) if form == "json" else text.write(document), nl=False)


@config.command("plan")
@click.argument("organization")
@click.argument("file", type=click.File("rb"))
@_PRUNE
def plan(organization: str, file: BinaryIO, prune: bool) -> None:
    """Print what FILE would change; `-` reads from the terminal. Ends with 1 where it cannot."""
    _run(organization, file, prune=prune, dry_run=True)


@config.command("apply")
@click.argument("organization")
@click.argument("file", type=click.File("rb"))
@_PRUNE
def apply(organization: str, file: BinaryIO, prune: bool) -> None:
    """Make ORGANIZATION as FILE says: all of it, or nothing."""
    _run(organization, file, prune=prune, dry_run=False)


def _run(organization: str, file: BinaryIO, *, prune: bool, dry_run: bool) -> None:
    try:
        document = text.read(file.read())
    except TextError as error:
        raise click.ClickException(str(error)) from None
    outcome = _carried_out(
        lambda id: applying.run(id, document, KINDS, prune=prune, dry_run=dry_run), organization
    )
    for change in outcome["changes"]:
        fields = f" ({', '.join(change['fields'])})" if change["fields"] else ""
        click.echo(f"{change['action']} {change['kind']}.{change['key']}{fields}")
    for fault in outcome["errors"]:
        click.echo(f"error {fault['kind']}.{fault['key']}: {fault['error']}", err=True)
    click.echo(", ".join(f"{number} {what}" for what, number in outcome["summary"].items()))
    if outcome["errors"]:
        raise SystemExit(1)


def _carried_out(act: Any, organization: str) -> Any:
    act_as(Actor("command_line"))
    found, _, _ = instance.organizations({"slug": organization}, limit=1, after=None)
    if not found:
        raise click.ClickException(f"no organization has the slug {organization}")
    try:
        return act(found[0]["id"])
    except AppError as error:
        lines = [error.message, *(f"{k}: {v[0]}" for k, v in (error.fields or {}).items())]
        raise click.ClickException("\n".join(lines)) from None
