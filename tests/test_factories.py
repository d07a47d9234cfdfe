"""People of the tests: the rows that registering makes, though in one statement."""

import pytest

from app.operations.accounts import auth, instance
from app.platform.crypto import hash_password
from app.platform.transaction import transaction
from tests.factories import PASSWORD, make_member, make_person

DIFFERING = ("id", "at", "created_at", "updated_at", "password_hash")  # from row to row


@pytest.fixture
def written(rows, empty_tables):
    """Return what a function writes into empty tables, without what always differs."""

    def write(make):
        empty_tables()
        names = {str(value): name for name, value in make().items()}

        def plain(column, value):
            text = str(value)
            return None if column in DIFFERING and text not in names else names.get(text, text)

        tables = rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'"
        )
        return {
            table: sorted(
                sorted((column, plain(column, value)) for column, value in row.items())
                for (row,) in rows(f'SELECT row_to_json(t) FROM "{table}" t')
            )
            for (table,) in tables
        }

    return write


def registered(name, email):
    user, organization = auth.register(email, hash_password(PASSWORD), name, "open")
    return {f"user {name}": user, f"organization {name}": organization, f"email {name}": email}


def made(app, name):
    person = make_person(app, name)
    return {
        f"user {name}": person.user_id,
        f"organization {name}": person.organization_id,
        f"email {name}": person.email,
    }


def test_people_are_what_registering_makes_of_them(context, written):
    """The first of them, who is the operator, a stranger, and one whose slug is taken."""

    def register_all():
        first = registered("Alice", "alice-1@example.com")
        return first | registered("Zoë Ünal", "zoe-1@example.com")

    def make_all():
        return made(context, "Alice") | made(context, "Zoë Ünal")

    real = written(register_all)
    assert written(make_all) == real
    filled = {table for table, found in real.items() if found}
    assert filled == {"users", "organizations", "memberships", "alert_rules", "audit_logs"}


def test_a_second_person_of_a_name_has_a_slug_of_their_own(context, rows):
    make_person(context, "Alice")
    make_person(context, "Alice")
    (first,), (second,) = rows("SELECT slug FROM organizations ORDER BY length(slug)")
    assert first == "alices-organization"
    assert second.startswith(f"{first}-")


def test_settings_of_the_instance_count(context, rows):
    instance.change({"plans": {"free": {"max_services": 7}}}, "open")
    make_person(context, "Alice")
    assert rows("SELECT max_services FROM organizations") == [(7,)]


def test_a_member_is_one_as_the_application_adds_them(context, rows):
    alice = make_person(context, "Alice")
    with transaction() as tx:
        plan = instance.plan(tx, "free")
    bob = make_member(context, alice, "Bob", "editor")
    assert bob.organization_id == alice.organization_id
    assert rows("SELECT role FROM memberships WHERE user_id = %s", bob.user_id) == [
        ("owner",),
        ("editor",),
    ]
    assert rows("SELECT max_services FROM organizations") == [(plan.max_services,)] * 2
