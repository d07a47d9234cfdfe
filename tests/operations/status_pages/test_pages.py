"""Status pages as they are stored: which fault of the database is whose."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.operations.status_pages import pages
from app.platform.errors import Conflict


@pytest.mark.usefixtures("context")
def test_a_slug_is_taken_by_the_name_of_the_constraint_whatever_values_say(alice, monkeypatch):
    """A value that is quoted in the driver's text may hold any word."""
    monkeypatch.setattr(pages, "random_key", lambda _bits: "slug")
    pages.create(alice.organization_id, {"name": "One"})
    with pytest.raises(IntegrityError):
        pages.create(alice.organization_id, {"name": "Two"})
    with pytest.raises(Conflict, match="this slug is taken"):
        pages.create(alice.organization_id, {"name": "One"})
