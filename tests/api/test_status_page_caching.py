"""Conditional requests of everything public: by a tag, and by a time where that is enough."""

import pytest

from tests.status_pages import make_shown, take_snapshots


@pytest.fixture
def shown(app, alice):
    page, _ = make_shown(alice, "Checkout", is_indexed=True, custom_css=".foot { margin: 1px }")
    take_snapshots(app)
    return page


EVERY_FILE = (
    "", ".json", "/page.json", "/summary.json", "/status.json", "/incidents.json", "/history",
    "/feed.atom", "/feed.rss", "/maintenance.ics", "/style.css", "/custom.css", "/page.mjs",
    "/embed", "/embed.js", "/robots.txt", "/sitemap.xml", "/services/{key}", "/components.json",
    "/incidents/unresolved.json", "/scheduled-maintenances.json",
    "/api/v2/summary.json",
)  # fmt: skip


def conditional(client, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.get(path, headers=named)
    assert answer.status_code != 304 or (answer.data == b"" and answer.headers["ETag"])
    return answer.status_code


def test_nothing_is_sent_twice(client, shown, rows):
    # Settled: nothing else was made in the same second.
    rows("UPDATE page_snapshots SET made_at = made_at - interval '10 seconds'")
    (key,) = client.get(f"/status/{shown['slug']}.json").json["services"]
    paths = [f"/status/{shown['slug']}{rest.format(key=key)}" for rest in EVERY_FILE]
    for path in [*paths, "/status/assets/style.css", "/status/assets/style-aabbcc.css"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        tag, changed = answer.headers["ETag"], answer.headers["Last-Modified"]
        squeezed = client.get(path, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
        for sent in (tag, f"W/{tag}", f'"other", {tag}', squeezed, "*"):
            assert conditional(client, path, If_None_Match=sent) == 304, (path, sent)
        assert conditional(client, path, If_None_Match='"other"') == 200, path
        assert conditional(client, path, If_None_Match=tag[:-2] + '"') == 200, path
        assert conditional(client, path, If_Modified_Since=changed) == 304, path
        for other in ("Fri, 27 Nov 2020 14:03:22 GMT", "yesterday", ""):
            assert conditional(client, path, If_Modified_Since=other) == 200, (path, other)
        # A tag decides where there is one.
        both = {"If_None_Match": '"other"', "If_Modified_Since": changed}
        assert conditional(client, path, **both) == 200, path
    for what in ("status", "uptime", "response"):
        badge = f"/api/v1/badges/{key}/{what}.svg"
        tag = client.get(badge).headers["ETag"]
        assert conditional(client, badge, If_None_Match=tag) == 304


def test_a_second_is_not_enough_to_tell_two_snapshots_apart(client, shown, rows):
    path = f"/status/{shown['slug']}"
    assert "Last-Modified" not in client.get(path).headers
    rows("UPDATE page_snapshots SET made_at = made_at - interval '70 seconds'")
    old = client.get(path)
    assert "Last-Modified" not in old.headers  # it says how old it is, and will not for ever
    ever = "Fri, 27 Nov 2099 14:03:22 GMT"
    assert conditional(client, path, If_Modified_Since=ever) == 200
    assert conditional(client, path, If_None_Match=old.headers["ETag"]) == 304
