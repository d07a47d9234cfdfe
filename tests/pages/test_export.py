"""Pages as files: what strangers may see, and no longer than they may."""

import re
from datetime import timedelta

from app.pages.status.export import Copy
from app.pages.status.store import store_of
from tests.alerting import make_incident
from tests.pages import scenes
from tests.pages.serving import store_of_scenes
from tests.status_pages import make_shown, take_snapshots


def test_what_nobody_may_see_any_more_leaves_the_folder(app, alice, tmp_path):
    page, _ = make_shown(alice, "Checkout", slug="acme")
    make_shown(alice, "Search", slug="other")
    made = make_incident(alice, page)

    def exported():
        take_snapshots(app)
        with app.app_context():
            store_of(app).look()
        Copy(tmp_path).update(store_of(app))
        count = len(list((tmp_path / "status").glob("*.html")))
        top = tmp_path / "status"
        files = [path for path in top.rglob("*") if path.is_file()]
        return count, {str(path.relative_to(top)) for path in files}

    count, files = exported()
    assert count == 2
    assert {"acme.html", "acme/history.html", f"acme/incidents/{made['key']}.html"} <= files
    assert not [name for name in files if name.endswith(".part")]
    row = (tmp_path / "status" / "acme.html").read_text()
    assert "href=acme/services/sv_" in row
    assert "data-copy=1" in row
    (tmp_path / "status" / "acme" / "own.txt").write_text("of somebody else")
    alice.delete(f"/status-pages/{page['id']}/incidents/{made['id']}")
    assert f"acme/incidents/{made['key']}.html" not in exported()[1]
    alice.patch(f"/status-pages/{page['id']}", {"slug": "renamed"})
    _, files = exported()
    assert "renamed.html" in files
    assert {name for name in files if name.startswith("acme")} == {"acme/own.txt"}
    alice.patch(f"/status-pages/{page['id']}", {"is_public": False})
    count, files = exported()
    assert count == 1
    assert {name for name in files if "other" not in name} == {"acme/own.txt", ".alertifypro.json"}
    (tmp_path / "kept").write_text("x")
    (tmp_path / "status" / ".alertifypro.json").write_bytes(b'["../kept", "/etc/passwd", 7]')
    assert exported()[0] == 1
    assert (tmp_path / "kept").exists()


def test_only_what_has_changed_is_written_again(app, alice, tmp_path):
    page, _ = make_shown(alice, "Checkout", slug="acme")
    make_shown(alice, "Search", slug="other")
    take_snapshots(app)
    copy, store = Copy(tmp_path), store_of(app)

    def update():
        with app.app_context():
            store.look()
        return copy.update(store)

    pages, files = update()
    assert (pages, files) == (2, len([p for p in tmp_path.rglob("*") if p.is_file()]) - 1)
    assert update() == (0, 0)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("other*")}
    alice.patch(f"/status-pages/{page['id']}", {"description": "How we are"})
    take_snapshots(app, is_forced=False)
    pages, files = update()
    assert (pages, files > 0) == (1, True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("other*")} == before
    alice.delete(f"/status-pages/{page['id']}")
    pages, files = update()
    assert (pages, files > 10) == (0, True)
    assert list(tmp_path.rglob("acme*.html")) == []


def test_a_copy_has_the_whole_history(tmp_path):
    def over(number, days):
        begin = scenes.NOW - timedelta(days=days)
        end = begin + timedelta(minutes=9)
        return scenes.incident(
            f"Case {number}", f"in_{number}", [], started_at=begin, resolved_at=end
        )

    past = [*(over(number, number / 100) for number in range(120)), over(500, 700)]
    shown = scenes.snapshot(scenes.shop(), past=past, windows=[])
    Copy(tmp_path).update(store_of_scenes([shown]))
    top = tmp_path / "status"
    files = {str(path.relative_to(top)): path for path in top.rglob("*.html")}
    pages = {name: path.read_text() for name, path in files.items() if "/history" in name}
    titles = [title for page in pages.values() for title in re.findall(r">(Case \d+)</a>", page)]
    assert {f"Case {number}" for number in (*range(120), 500)} <= set(titles)
    links = {
        link
        for page in pages.values()
        for link in re.findall(r'href="/status/(acme/h[^"]*)"', page)
    }
    assert len(links) > 12
    assert {f"{link}.html" for link in links} <= files.keys()
    seen, name = [], "acme/history.html"
    while (older := re.search(r'rel=prev href="/status/([^"]*)"', pages[name])) is not None:
        name = f"{older[1]}.html"
        seen.append(name)
    assert seen[-1] == "acme/history/2024-12.html"
    assert (
        len(seen) == len(set(seen)) == 12
    )  # two more of this month, nine quiet ones, that of then


def test_a_command_sends_it_on_and_says_when_it_failed(app, alice, tmp_path):
    make_shown(alice, "Checkout", slug="acme")
    take_snapshots(app)
    run = app.test_cli_runner().invoke
    told = tmp_path / "told"
    done = run(args=["pages", "export", str(tmp_path / "a"), "--then", f"touch '{told}'"])
    assert (done.exit_code, told.exists()) == (0, True), done.output
    failed = run(args=["pages", "export", str(tmp_path / "b"), "--then", "false"])
    assert failed.exit_code != 0
    assert (tmp_path / "b" / "status" / "acme.html").exists()
