"""Who may do what."""

import pytest

from app.domain.permissions import (
    Role,
    Scope,
    is_allowed,
    is_in_scope,
    is_known,
    least_role,
    role_named,
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
