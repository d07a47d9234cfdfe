"""Pages as files: what strangers may see, and no longer than they may."""

from app.pages.status.export import export
from app.pages.status.store import store_of
from tests.alerting import make_incident
from tests.status_pages import make_shown, take_snapshots


def test_what_nobody_may_see_any_more_leaves_the_folder(app, alice, tmp_path):
    page, _ = make_shown(alice, "Checkout", slug="acme")
    make_shown(alice, "Search", slug="other")
    made = make_incident(alice, page)

    def exported():
        take_snapshots(app)
        with app.app_context():
            store_of(app).look()
        count = export(store_of(app), tmp_path)
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
