"""Who may do what: the least role a permission needs, and the API key scope that covers it."""

from collections.abc import Collection
from enum import StrEnum


class Role(StrEnum):
    """What a person is in an organization, from least to most."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    EDITOR = "editor"
    ADMIN = "admin"
    OWNER = "owner"


class Scope(StrEnum):
    """What an API key was made for; never beyond its maker's role."""

    READ = "read"
    WRITE = "write"
    ALERTS = "alerts"
    ADMIN = "admin"


_NAMED = {role.value: role for role in Role} | {"member": Role.EDITOR}
_RANK = {role: rank for rank, role in enumerate(Role)}

# An interactive session may do all that its role may; a permission without a scope is for
# sessions alone, because it concerns the person and not the organization.
_PERMISSIONS: dict[str, tuple[Role, Scope | None]] = {
    "profile:read": (Role.VIEWER, Scope.READ),
    "profile:write": (Role.VIEWER, None),
    "session:write": (Role.VIEWER, None),
    "organization:read": (Role.VIEWER, Scope.READ),
    "organization:write": (Role.ADMIN, Scope.ADMIN),
    "organization:delete": (Role.OWNER, None),
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
    return _PERMISSIONS[permission][1] in scopes


def least_role(permission: str) -> Role:
    """Return the least role that is enough for a permission."""
    return _PERMISSIONS[permission][0]
