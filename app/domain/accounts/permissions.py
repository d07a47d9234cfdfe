"""Permissions: the least role that each needs, and the API key scope that covers it."""

from collections.abc import Collection
from enum import StrEnum


class Role(StrEnum):
    """Role of a person in an organization, from least to most."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    EDITOR = "editor"
    ADMIN = "admin"
    OWNER = "owner"


class Scope(StrEnum):
    """Scope of an API key; never beyond its maker's role."""

    WALL = "wall"
    READ = "read"
    WRITE = "write"
    ALERTS = "alerts"
    ADMIN = "admin"


# What a scope includes: who may write may read what was written.
_INCLUDED: dict[Scope, frozenset[Scope]] = {
    Scope.WALL: frozenset({Scope.WALL}),
    Scope.READ: frozenset({Scope.READ, Scope.WALL}),
    Scope.WRITE: frozenset({Scope.READ, Scope.WRITE, Scope.WALL}),
    Scope.ALERTS: frozenset({Scope.READ, Scope.ALERTS, Scope.WALL}),
    Scope.ADMIN: frozenset(Scope),
}
# The least role whose doings a scope stands for.
_SCOPE_ROLES = {
    Scope.WALL: Role.VIEWER,
    Scope.READ: Role.VIEWER,
    Scope.ALERTS: Role.RESPONDER,
    Scope.WRITE: Role.EDITOR,
    Scope.ADMIN: Role.ADMIN,
}

_NAMED = {role.value: role for role in Role} | {"member": Role.EDITOR}
_RANK = {role: rank for rank, role in enumerate(Role)}

# An interactive session may do all that its role may; a permission without a scope is for
# sessions alone, because it concerns the person and not the organization.
_PERMISSIONS: dict[str, tuple[Role, Scope | None]] = {
    "profile:read": (Role.VIEWER, Scope.READ),
    "profile:write": (Role.VIEWER, None),
    "session:read": (Role.VIEWER, None),
    "session:write": (Role.VIEWER, None),
    "organization:read": (Role.VIEWER, Scope.READ),
    "organization:write": (Role.ADMIN, Scope.ADMIN),
    "corrections:write": (Role.ADMIN, Scope.ADMIN),
    "organization:delete": (Role.OWNER, None),
    "members:read": (Role.VIEWER, Scope.READ),
    "members:leave": (Role.VIEWER, Scope.ADMIN),
    "members:write": (Role.ADMIN, Scope.ADMIN),
    "invitations:read": (Role.ADMIN, Scope.ADMIN),
    "invitations:write": (Role.ADMIN, Scope.ADMIN),
    "teams:read": (Role.VIEWER, Scope.READ),
    "teams:write": (Role.EDITOR, Scope.WRITE),
    "api_keys:read": (Role.EDITOR, Scope.ADMIN),
    "api_keys:write": (Role.EDITOR, Scope.ADMIN),
    "api_keys:all": (Role.ADMIN, Scope.ADMIN),
    "audit_logs:read": (Role.ADMIN, Scope.ADMIN),
    "wall:read": (Role.VIEWER, Scope.WALL),
    "services:read": (Role.VIEWER, Scope.READ),
    "services:check": (Role.RESPONDER, Scope.WRITE),
    "services:write": (Role.EDITOR, Scope.WRITE),
    "alerts:read": (Role.VIEWER, Scope.READ),
    "alerts:act": (Role.RESPONDER, Scope.ALERTS),
    "alert_rules:read": (Role.VIEWER, Scope.READ),
    "alert_rules:write": (Role.EDITOR, Scope.WRITE),
    "notification_channels:read": (Role.VIEWER, Scope.READ),
    "notification_channels:write": (Role.EDITOR, Scope.WRITE),
    "deliveries:read_answers": (Role.ADMIN, Scope.ADMIN),
    "escalation_policies:read": (Role.VIEWER, Scope.READ),
    "escalation_policies:write": (Role.EDITOR, Scope.WRITE),
    "on_call_schedules:read": (Role.VIEWER, Scope.READ),
    "on_call_schedules:write": (Role.EDITOR, Scope.WRITE),
    "maintenance_windows:read": (Role.VIEWER, Scope.READ),
    "maintenance_windows:write": (Role.EDITOR, Scope.WRITE),
    "secrets:read": (Role.EDITOR, Scope.WRITE),
    "secrets:write": (Role.EDITOR, Scope.WRITE),
    "locations:read": (Role.VIEWER, Scope.READ),
    "locations:write": (Role.ADMIN, Scope.ADMIN),
    "heartbeats:read": (Role.VIEWER, Scope.READ),
    "heartbeats:write": (Role.EDITOR, Scope.WRITE),
    "status_pages:read": (Role.VIEWER, Scope.READ),
    "status_pages:write": (Role.EDITOR, Scope.WRITE),
    "status_pages:post": (Role.RESPONDER, Scope.WRITE),
    "status_pages:admin": (Role.ADMIN, Scope.ADMIN),
    "saved_views:read": (Role.VIEWER, Scope.READ),
    "saved_views:write": (Role.VIEWER, Scope.WRITE),
    "saved_views:share": (Role.EDITOR, Scope.WRITE),
    "on_call_calendars:read": (Role.VIEWER, None),
    "on_call_calendars:write": (Role.VIEWER, None),
    "config:read": (Role.EDITOR, Scope.WRITE),
    "config:write": (Role.EDITOR, Scope.WRITE),
    "coverage:read": (Role.VIEWER, Scope.READ),
    "feed:read": (Role.VIEWER, Scope.READ),
}


def is_known(permission: str) -> bool:
    """Say whether the table has this permission."""
    return permission in _PERMISSIONS


def role_named(name: str) -> Role | None:
    """Return the role of a name or alias, None for an unknown one."""
    return _NAMED.get(name)


def is_allowed(role: Role, permission: str) -> bool:
    """Say whether a role is enough for a permission."""
    return _RANK[role] >= _RANK[_PERMISSIONS[permission][0]]


def is_in_scope(scopes: Collection[Scope], permission: str) -> bool:
    """Say whether an API key of these scopes covers a permission."""
    return _PERMISSIONS[permission][1] in included(scopes)


def included(scopes: Collection[Scope]) -> frozenset[Scope]:
    """Return the scopes and what they include."""
    return frozenset().union(*(_INCLUDED[scope] for scope in scopes))


def scopes_within(role: Role) -> frozenset[Scope]:
    """Return the scopes that keys of a role's holder may have."""
    return frozenset(scope for scope in Scope if _RANK[role] >= _RANK[_SCOPE_ROLES[scope]])


def may_appoint(own: Role, role: Role) -> bool:
    """Say whether somebody may give or take a role: never one above their own."""
    return _RANK[own] >= _RANK[Role.ADMIN] and _RANK[own] >= _RANK[role]


def names() -> list[str]:
    """Return the name of every permission."""
    return list(_PERMISSIONS)


def least_role(permission: str) -> Role:
    """Return the least role that is enough for a permission."""
    return _PERMISSIONS[permission][0]
