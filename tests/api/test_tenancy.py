"""No route shows or changes what belongs to another organization; generated from the URL map."""

import re
from uuid import uuid4

import pytest

from tests.factories import make_service
from tests.url_arguments import OWNED, PUBLIC, make_owned

IGNORED_HEADERS = {"X-Request-Id", "Date"}


def routes(app):
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.rule.startswith("/api/v1/"):
            for method in sorted(rule.methods - {"OPTIONS"}):
                yield method, rule


def example_of(document, method, path):
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example")


def snapshot(rows):
    """Return everything that can be owned, as it stands, but for when a session was used last."""
    tables = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND NOT relispartition ORDER BY relname"
    )
    return {
        name: rows(f"SELECT t::text FROM {name} t ORDER BY 1")
        for (name,) in tables
        if name != "user_sessions"
    }


def answer_of(person, method, path, body):
    answer = person.call(method, path.removeprefix("/api/v1"), json=body)
    headers = {name: v for name, v in answer.headers.items() if name not in IGNORED_HEADERS}
    return answer.status_code, answer.data, headers


def test_foreign_ids_are_like_unknown_ones(app, alice, charlie, document, rows, answering):
    arguments = {argument for _, rule in routes(app) for argument in rule.arguments}
    missing = arguments - OWNED.keys() - PUBLIC.keys()
    assert not missing, f"say in tests.url_arguments how to make what these name: {missing}"
    ids = make_owned(alice)
    before = snapshot(rows)
    for method, rule in routes(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        example = example_of(document, method, path)
        statuses = set()
        for body in ({}, example) if example is not None else (None,):
            foreign = answer_of(charlie, method, path.format_map(ids), body)
            random = {name: str(uuid4()) for name in ids} | PUBLIC
            unknown = answer_of(charlie, method, path.format_map(random), body)
            assert foreign == unknown, f"{method} {path}"
            statuses.add(foreign[0])
        operators_only = path.startswith("/api/v1/instance")
        assert operators_only or 404 in statuses, f"{method} {path} answers {statuses}"
    assert snapshot(rows) == before


@pytest.mark.parametrize("spelling", [str.upper, "{{{}}}".format, "{}%00".format, "{}x".format])
def test_other_spellings_of_a_foreign_id(alice, charlie, spelling):
    foreign = make_service(alice)["id"]
    assert charlie.get(f"/services/{spelling(foreign)}").status_code == 404


def test_lists_show_the_own_rows_only(alice, charlie, document):
    lists = []
    for path, item in document["paths"].items():
        answers = item.get("get", {}).get("responses", {})
        content = answers.get("200", {}).get("content", {}).get("application/json", {})
        if content.get("schema", {}).get("type") == "array" and "{" not in path:
            lists.append(path.removeprefix("/api/v1"))
    assert lists
    before = {path: rows_of(charlie.get(path)) for path in lists}
    make_owned(alice)
    for path in lists:
        answer = charlie.get(path)
        assert str(alice.organization_id) not in answer.text, path
        assert rows_of(answer) == before[path], path


def rows_of(answer):
    """Return what a list holds, but for when a session was used last."""
    for row in answer.json:
        if isinstance(row, dict):
            row.pop("last_seen_at", None)
    return answer.json


def test_a_foreign_organization_in_a_body_is_like_an_unknown_one(alice, charlie, rows):
    before = snapshot(rows)
    for path in ("/services", "/services/test"):
        body = {"name": "x", "endpoint": "https://example.com", "check_type": "HTTP"}
        answers = [
            charlie.post(path, body | {"organization_id": str(id)})
            for id in (alice.organization_id, uuid4())
        ]
        assert answers[0].status_code == answers[1].status_code == 422
        assert answers[0].data == answers[1].data
    assert snapshot(rows) == before
