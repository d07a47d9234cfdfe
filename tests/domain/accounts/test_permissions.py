"""Who may do what."""

import pytest

from app.domain.accounts.permissions import (
    Role,
    Scope,
    is_allowed,
    is_in_scope,
    is_known,
    least_role,
    may_appoint,
    names,
    role_named,
    scopes_within,
)


@pytest.mark.parametrize(
    ("permission", "least"),
    [
        ("services:read", Role.VIEWER),
        ("services:check", Role.RESPONDER),
        ("services:write", Role.EDITOR),
        ("organization:write", Role.ADMIN),
        ("organization:delete", Role.OWNER),
    ],
)
def test_a_role_may_what_the_ones_below_it_may(permission, least):
    assert least_role(permission) is least
    roles = list(Role)
    for role in roles:
        assert is_allowed(role, permission) is (roles.index(role) >= roles.index(least))


def test_member_is_the_documented_name_of_editor():
    assert role_named("member") is Role.EDITOR
    assert role_named("owner") is Role.OWNER
    assert role_named("Owner") is None
    assert role_named("") is None


def test_a_key_is_held_to_its_scopes():
    assert is_in_scope({Scope.READ}, "services:read")
    assert not is_in_scope({Scope.READ}, "services:write")
    assert is_in_scope({Scope.READ, Scope.WRITE}, "services:write")
    assert not is_in_scope(set(Scope), "profile:write"), "no key may change a person"


def test_unknown_permissions_are_known_as_such():
    assert is_known("services:read")
    assert not is_known("services:fly")


# The table of the contract, written a second time: whoever adds a permission says here too who has
# it, and an API key of which scope.
TABLE = """
viewer read: profile organization members teams services alerts alert_rules heartbeats
    notification_channels escalation_policies on_call_schedules maintenance_windows feed
    status_pages coverage saved_views locations
viewer wall: wall:read
viewer write: saved_views
viewer session: profile:write session:read session:write on_call_calendars:read
    on_call_calendars:write
viewer admin: members:leave
responder write: services:check status_pages:post
responder alerts: alerts:act
editor write: teams services alert_rules heartbeats notification_channels escalation_policies
    on_call_schedules maintenance_windows status_pages secrets:read secrets:write
    config:read config:write saved_views:share
editor admin: api_keys:read api_keys:write
admin admin: organization:write corrections:write members:write invitations:read
    invitations:write locations:write api_keys:all audit_logs:read deliveries:read_answers
    status_pages:admin
owner session: organization:delete
"""


def table():
    entries, head = {}, ""
    for line in TABLE.strip().splitlines():
        head, _, words = line.partition(":") if not line.startswith(" ") else (head, "", line)
        role, scope = head.split()
        for word in words.split():
            entries[word if ":" in word else f"{word}:{scope}"] = (role, scope)
    return entries


def test_every_permission_stands_in_the_table():
    assert set(table()) == set(names())


@pytest.mark.parametrize(("permission", "who"), table().items())
def test_every_role_and_every_scope(permission, who):
    least, scope = who
    roles = [role.value for role in Role]
    allowed = [role.value for role in Role if is_allowed(role, permission)]
    assert allowed == roles[roles.index(least) :]
    covering = {one.value for one in Scope if is_in_scope({one}, permission)}
    assert (
        covering
        == {
            "wall": {"wall", "read", "write", "alerts", "admin"},
            "read": {"read", "write", "alerts", "admin"},
            "write": {"write", "admin"},
            "alerts": {"alerts", "admin"},
            "admin": {"admin"},
            "session": set(),
        }[scope]
    )


@pytest.mark.parametrize("own", list(Role))
@pytest.mark.parametrize("target", list(Role))
def test_who_appoints_whom(own, target):
    order = list(Role)
    is_admin = own in (Role.ADMIN, Role.OWNER)
    assert may_appoint(own, target) is (is_admin and order.index(target) <= order.index(own))


def test_a_role_makes_keys_of_its_own_reach():
    assert scopes_within(Role.VIEWER) == {Scope.WALL, Scope.READ}
    assert scopes_within(Role.RESPONDER) == {Scope.WALL, Scope.READ, Scope.ALERTS}
    assert scopes_within(Role.EDITOR) == {Scope.WALL, Scope.READ, Scope.ALERTS, Scope.WRITE}
    assert scopes_within(Role.ADMIN) == scopes_within(Role.OWNER) == set(Scope)
