"""Settings of the whole installation, its organizations' plans, and its operators."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.accounts.plans import Plan, all_plans, plan_of
from app.models.instance_settings import InstanceSetting
from app.models.members import User
from app.models.organization import Organization
from app.models.services import Service
from app.operations import paging
from app.operations.rows import Position, lock_organization
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import Transaction, transaction

_LAST_OPERATOR = "this is the last operator; add another one first"


def setting(tx: Transaction, name: str) -> Any:
    """Return a setting's value, None where no operator has set it."""
    return tx.session.scalar(select(InstanceSetting.value).where(InstanceSetting.name == name))


def registration(tx: Transaction) -> str | None:
    """Return who may register, None where the environment decides."""
    result: str | None = setting(tx, "registration")
    return result


def plan(tx: Transaction, name: str) -> Plan:
    """Return the limits of a plan."""
    return plan_of(name, setting(tx, "plans"))


def read(registration_of_environment: str) -> dict[str, Any]:
    """Return the settings and some figures."""
    with transaction() as tx:
        result = _to_json(tx, registration_of_environment)
    return result


def change(changes: Mapping[str, Any], registration_of_environment: str) -> dict[str, Any]:
    """Change settings and return all of them; null gives one back to the environment.

    Organizations that have a plan's own number of services follow when that number changes.
    """
    with transaction() as tx:
        if "registration" in changes:
            _set(tx, "registration", changes["registration"])
        if "plans" in changes:
            _set_plans(tx, changes["plans"])
        result = _to_json(tx, registration_of_environment)
    return result


def _set_plans(tx: Transaction, data: Mapping[str, Mapping[str, int]]) -> None:
    stored: dict[str, Any] = setting(tx, "plans") or {}
    wanted = stored | {name: (stored.get(name) or {}) | dict(of) for name, of in data.items()}
    _set(tx, "plans", wanted)
    for name in data:
        before, after = plan_of(name, stored), plan_of(name, wanted)
        if before.max_services != after.max_services:
            tx.session.execute(
                update(Organization)
                .where(
                    Organization.plan_type == name,
                    Organization.max_services == before.max_services,
                )
                .values(max_services=after.max_services)
            )


def _set(tx: Transaction, name: str, value: Any) -> None:
    tx.session.execute(
        insert(InstanceSetting)
        .values(name=name, value=value)
        .on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "updated_at": func.now()}
        )
    )


def _to_json(tx: Transaction, registration_of_environment: str) -> dict[str, Any]:
    counts = {
        f"{model.__tablename__}_count": tx.session.scalar(select(func.count()).select_from(model))
        for model in (User, Organization, Service)
    }
    return {
        "registration": registration(tx) or registration_of_environment,
        "plans": all_plans(setting(tx, "plans")),
        **counts,
    }


def organizations(
    query: Mapping[str, Any], *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of all organizations, newest first, where to go on, and their number."""
    where: list[ColumnElement[bool]] = []
    if "slug" in query:
        where.append(Organization.slug == query["slug"])
    with transaction() as tx:
        statement = select(Organization).where(*where)
        rows, position = paging.newest_first(
            tx, statement, Organization.created_at, Organization.id, limit=limit, after=after
        )
        total = paging.total(tx, statement, rows, is_whole=after is None and position is None)
        found = [_organization(tx, row.Organization) for row in rows]
    return found, position, total


def change_organization(organization_id: UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change an organization's plan or limit, and return its answer. Raises NotFound.

    A new plan brings its own number of services, unless one is given.
    """
    with transaction() as tx:
        row = lock_organization(tx, organization_id)
        if "plan_type" in changes:
            row.plan_type = changes["plan_type"]
            row.max_services = plan(tx, row.plan_type).max_services
        if "max_services" in changes:
            row.max_services = changes["max_services"]
        tx.session.flush()
        result = _organization(tx, row)
    return result


def _organization(tx: Transaction, row: Organization) -> dict[str, Any]:
    count = tx.session.scalar(
        select(func.count()).select_from(Service).where(Service.organization_id == row.id)
    )
    return {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "plan_type": row.plan_type,
        "max_services": row.max_services,
        "services_count": count,
        "created_at": row.created_at,
    }


def operators() -> list[str]:
    """Return the e-mail addresses of the operators."""
    with transaction() as tx:
        result = list(
            tx.session.scalars(select(User.email).where(User.is_operator).order_by(User.email))
        )
    return result


def set_operator(email: str, *, is_operator: bool) -> None:
    """Make somebody an operator, or no longer one.

    Raises NotFound without an account, Conflict for the last operator.
    """
    with transaction() as tx:
        rows = tx.session.scalars(
            select(User)
            .where(User.is_operator | (User.email == email))
            .order_by(User.id)
            .with_for_update(key_share=True)
        ).all()
        person = next((row for row in rows if row.email == email), None)
        if person is None:
            raise NotFound(f"nobody has an account with the address {email}")
        if person.is_operator and not is_operator and sum(r.is_operator for r in rows) == 1:
            raise Conflict(_LAST_OPERATOR)
        person.is_operator = is_operator
