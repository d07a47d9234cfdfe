"""Ids of others in the fields of bodies and queries about one's own objects: as nobody's.

`test_isolation` asks about objects of nobody, and puts ids where the examples have some. Here every
field is tried that the OpenAPI document calls an id, on objects that are there.
"""

import json
from functools import partial
from uuid import uuid4

import pytest

from app.api.openapi.shared_document import document_of
from app.operations.notifications import message_tests
from app.operations.services import history as service_history
from app.operations.services import one_off_checks
from tests.api.conftest import PROBED
from tests.api.id_fields import Bodies, without_ids
from tests.api.isolation_world import World, plain, routes

# Ids of the caller's own making: which they are says nothing.
FREE = {"run_id"}
# Ends the session that asks, or everything else.
LEFT_OUT = {"/api/v1/auth/logout", "/api/v1/auth/logout-all", "/api/v1/organization"}


@pytest.fixture(autouse=True)
def quick(configure, monkeypatch):
    """No limits, and workers that answer at once."""
    configure(plan_limits=False, rate_limits=False)
    probed = PROBED | {"evidence": None, "phases": {}}
    monkeypatch.setattr(service_history, "result_after", lambda *_: probed)
    monkeypatch.setattr(one_off_checks, "outcome", lambda _: probed)
    sent = {"ok": True, "status_code": 200, "error": None, "duration_ms": 1.0}
    monkeypatch.setattr(message_tests, "outcome", lambda _: sent)


def everything(rows):
    """Return every row that belongs to an organization, with the organization."""
    tables = rows(
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'organization_id' AND c.relkind = 'r'"
        " AND c.relnamespace = 'public'::regnamespace"
    )
    return {
        name: sorted(rows(f'SELECT organization_id::text, t::text FROM "{name}" t'))
        for (name,) in tables
    }


def of_organization(found, organization_id):
    owner = str(organization_id)
    return {name: [row for row in rows if row[0] == owner] for name, rows in found.items()}


def asks_of(document, route):
    """Yield what a route may be asked with an id in one field: the field's name, and the body."""
    media = route.described.get("requestBody", {}).get("content", {}).get("application/json")
    if media is not None:
        bodies = Bodies(document, media["schema"])
        example = without_ids(route.example or {})
        if isinstance(example, dict):
            example.pop("unchanged_since", None)  # a moment at which nothing here was changed
        starts = ({}, example) if route.method == "PATCH" else (example,)
        for path in bodies.paths():
            if FREE.isdisjoint(path):
                for start in starts:
                    yield path, "", partial(bodies.with_id, start, path)
    for name in route.id_queries():
        yield (f"?{name}",), name, None


def answer_to(client, person, route, ids, query, body, id):
    """Return the answer to a route with an id in one field, the id taken out."""
    options = {} if body is None else {"json": body(id)}
    address = route.path(ids) + (f"?{query}={id}" if query else "")
    answer = client.open(address, method=route.method, headers=person.headers, **options)
    return plain(answer, id)


def differ(route, foreign, nobody):
    """Say whether two answers tell an id of somebody from one of nobody."""
    is_told = foreign[0] >= 300 or route.method == "GET"
    return foreign[0] != nobody[0] or (is_told and foreign[1] != nobody[1])


def test_ids_of_others_in_fields_are_like_ids_of_nobody(app, client, alice, charlie, rows):
    table = routes(app)
    theirs, own = World(table), World(table)
    assert not theirs.fill(alice)
    assert not own.fill(charlie)
    document = json.loads(document_of(app).body())
    before = of_organization(everything(rows), alice.organization_id)
    faults, fields, validated = [], 0, 0
    for route in table:
        is_ours = route.mark == "public" or route.mark.startswith(("guarded", "operators"))
        if is_ours or route.method == "DELETE" or route.rule in LEFT_OUT:
            continue
        ask = partial(answer_to, client, charlie, route, own.ids)
        for path, query, body in asks_of(document, route):
            fields += 1
            nobody = ask(query, body, str(uuid4()))
            # Else it is refused for another reason, and the ids of others prove nothing.
            validated += any(ask(query, body, id)[0] < 300 for id in own.ids.values())
            for name, id in theirs.ids.items():
                foreign = ask(query, body, id)
                if differ(route, foreign, nobody):  # what was asked meanwhile may have changed it
                    nobody = ask(query, body, str(uuid4()))
                if differ(route, foreign, nobody):
                    faults.append(f"{route} {path} {name}: {foreign[:2]} but {nobody[:2]}")
    assert not faults, "\n".join(faults)
    assert fields > 90
    assert validated > 60
    after = everything(rows)
    assert of_organization(after, alice.organization_id) == before
