"""The RQ dashboard: for operators only, and only from pages of ours."""

from urllib.parse import urlsplit

import pyotp
import pytest

from app.platform import queue
from tests.factories import PASSWORD

HOME = "/ops/rq/"
OURS = {"Origin": "http://localhost"}
HTML = {"Accept": "text/html"}


def sign_in(client, person, password=PASSWORD, headers=OURS, **more):
    form = {"email": person.email, "password": password} | more
    return client.post("/ops/sign-in", data=form, headers=headers)


@pytest.fixture
def operator(client, alice):
    """A browser in which Alice, the operator, is signed in."""
    answer = sign_in(client, alice)
    assert (answer.status_code, answer.headers["Location"]) == (303, HOME)
    return client


def test_strangers_see_a_form(client, alice):
    answer = client.get(HOME, headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/sign-in")
    assert client.get(HOME).status_code == 401
    assert alice.app.test_client().get(HOME, headers=alice.headers).status_code == 401
    form = client.get("/ops/sign-in")
    assert form.status_code == 200
    assert "'unsafe-inline'" not in form.headers["Content-Security-Policy"]


def test_the_cookie_is_for_these_pages_and_this_site(client, alice):
    cookie = sign_in(client, alice).headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/ops", "Max-Age=28800"):
        assert part in cookie


@pytest.mark.parametrize(
    "path",
    [
        HOME,
        "/ops/rq/0/view/workers",
        "/ops/rq/0/view/jobs",
        "/ops/rq/0/data/queues.json",
        "/ops/rq/0/data/workers.json",
        "/ops/rq/static/css/main.css",
        "/ops/rq/favicon.ico",
    ],
)
def test_operators_see_the_dashboard(operator, path):
    assert operator.get(path, follow_redirects=True).status_code == 200, path


def test_the_workers_page_shows_a_busy_worker(app, operator, config):
    hints = app.extensions["runtime"].hints
    job = hints.queue("background").enqueue("workers.housekeeping.repair", args=("argument",))
    worker = queue.Worker("background", hints.redis)
    worker.register_birth()
    worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    worker.set_state("busy")
    try:
        assert operator.get("/ops/rq/0/view/workers").status_code == 200
        listed = operator.get("/ops/rq/0/data/workers.json")
        assert listed.status_code == 200
        (shown,) = listed.json["workers"]
        assert shown["state"] == "busy"
        assert "workers.housekeeping.repair" in str(shown["current_job"])
    finally:
        worker.register_death()


def test_jobs_are_read_as_json_and_deleted(app, operator, config, rows):
    hints = app.extensions["runtime"].hints
    hints.work("workers.housekeeping.repair", "argument")
    (job_id,) = hints.queue("background").get_job_ids()
    found = operator.get(f"/ops/rq/0/data/job/{job_id}.json")
    assert "workers.housekeeping.repair" in found.text
    listed = operator.get("/ops/rq/0/data/jobs/background/queued/8/asc/1.json")
    assert job_id in listed.text
    password = urlsplit(config.redis_url).password
    assert password is None or password not in operator.get(HOME).text
    path = f"/ops/rq/job/{job_id}/delete"
    assert operator.post(path).status_code == 403, "no Origin"
    evil = {"Origin": "http://evil.example"}
    assert operator.post(path, headers=evil).status_code == 403
    assert hints.queue("background").count == 1
    assert operator.post(path, headers=OURS).status_code == 200
    assert hints.queue("background").count == 0
    events = rows("SELECT event, actor_kind FROM audit_logs WHERE event LIKE 'operator.%%'")
    assert ("operator.delete_job_view", "user") in events


def test_nothing_is_done_by_get(operator):
    assert operator.get("/ops/rq/requeue/background").status_code == 405
    assert operator.post("/ops/rq/requeue/background", headers=OURS).status_code == 200


def test_other_people_do_not_get_in(client, alice, bob, configure):
    assert sign_in(client, bob).status_code == 403
    assert sign_in(client, alice, "wrong horse").status_code == 401
    assert sign_in(client, alice, headers={}).status_code == 403
    assert sign_in(client, alice, headers={"Origin": "http://evil.example"}).status_code == 403
    assert sign_in(client, alice, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    configure(rate_limits=True)
    statuses = [sign_in(client, alice, "wrong horse").status_code for _ in range(12)]
    assert 429 in statuses


def test_what_is_typed_is_shown_escaped(client, alice):
    form = {"email": '"><script>alert(1)</script>', "password": "x"}
    answer = client.post("/ops/sign-in", data=form, headers=OURS)
    assert answer.status_code == 401
    assert "<script>" not in answer.text


def test_a_second_factor_is_asked_for(client, alice):
    key = alice.post("/profile/2fa/setup").json["secret"]
    codes = alice.post("/profile/2fa/enable", {"code": pyotp.TOTP(key).now()}).json
    assert sign_in(client, alice).status_code == 401
    assert sign_in(client, alice, code=codes["recovery_codes"][0]).status_code == 303
    assert client.get(HOME).status_code == 200


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE users SET token_epoch = token_epoch + 1",
        "UPDATE users SET is_operator = false",
        "DELETE FROM users",
    ],
)
def test_a_session_ends_with_its_reason(operator, rows, ending):
    assert operator.get(HOME).status_code == 200
    rows(ending)
    assert operator.get(HOME).status_code == 401


def test_signing_out(operator):
    cookie = operator.get_cookie("alertifypro_operator", path="/ops").value
    assert operator.post("/ops/sign-out").status_code == 403
    assert operator.post("/ops/sign-out", headers=OURS).status_code == 303
    assert operator.get(HOME).status_code == 401
    operator.set_cookie("alertifypro_operator", cookie, path="/ops")
    assert operator.get(HOME).status_code == 401, "a copy of the cookie is dead too"
