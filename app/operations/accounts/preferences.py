"""Preferences of a person: free for the caller's use, the same in every organization."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.models.console import UserPreferences
from app.platform.transaction import Transaction


def read(tx: Transaction, user_id: UUID) -> dict[str, Any]:
    """Return a user's preferences, empty where they set none."""
    found = tx.session.get(UserPreferences, user_id, populate_existing=True)
    return {} if found is None else found.preferences


def replace(tx: Transaction, user_id: UUID, preferences: dict[str, Any]) -> None:
    """Replace a user's preferences as a whole."""
    statement = insert(UserPreferences).values(user_id=user_id, preferences=preferences)
    tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"], set_={"preferences": preferences}
        )
    )
