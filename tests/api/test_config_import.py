"""/config/import and `flask config`: files of other monitors, and files at the command line."""

import json

import pytest
import yaml

from tests.domain.test_foreign_configuration import GATUS, HEALTHCHECKS, KUMA
from tests.factories import make_service


@pytest.fixture(autouse=True)
def unlimited(configure):
    configure(plan_limits=False)


def ok(answer):
    assert answer.status_code == 200, answer.text
    assert answer.json["errors"] == []
    return answer.json["summary"]


def test_files_of_other_monitors_can_be_applied(alice):
    own = make_service(alice, name="Shop")
    for source, exported in (
        ("uptime_kuma", json.dumps(KUMA)),
        ("gatus", GATUS),
        ("healthchecks", json.dumps(HEALTHCHECKS)),
    ):
        answer = alice.post("/config/import", {"source": source, "text": exported})
        assert answer.status_code == 200, answer.text
        assert answer.json["notes"]
        document = answer.json["document"]
        planned = ok(alice.post("/config/plan", document))
        assert ok(alice.post("/config/apply", document)) == planned
        again = ok(alice.post("/config/apply", document))
        assert again["create"] == 0, "importing twice makes nothing twice"
    assert len(alice.get("/services").json) == 13
    assert len(alice.get("/heartbeats").json) == 4
    assert alice.get(f"/services/{own['id']}").json["endpoint"] == own["endpoint"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "nagios", "text": "x"},
        {"source": "gatus", "text": "x: ["},
        {"source": "healthchecks", "text": "{}"},
    ],
)
def test_what_is_no_export(alice, body):
    assert alice.post("/config/import", body).status_code == 422


def test_the_command_line(alice, app, rows, tmp_path):
    make_service(alice)
    ((slug,),) = rows("SELECT slug FROM organizations WHERE id = %s", alice.organization_id)
    runner = app.test_cli_runner()
    exported = runner.invoke(args=["config", "export", slug])
    assert exported.exit_code == 0, exported.output
    assert yaml.safe_load(exported.output) == alice.get("/config/export?format=json").json
    file = tmp_path / "config.yaml"
    file.write_text(exported.output.replace("name: Shop\n", "name: Till\n"))
    planned = runner.invoke(args=["config", "plan", slug, str(file)])
    assert "update services.shop (name)" in planned.output
    assert runner.invoke(args=["config", "apply", slug, str(file)]).exit_code == 0
    assert "Till" in alice.get("/services").text
    file.write_text("services: [{key: x, name: X}]")
    for command in ("plan", "apply"):
        assert runner.invoke(args=["config", command, slug, str(file)]).exit_code == 1
    assert runner.invoke(args=["config", "export", "nobody"]).exit_code == 1
