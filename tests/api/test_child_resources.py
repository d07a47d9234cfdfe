"""Rows below others are found under their own parent alone, and not under one that is not there."""

from uuid import uuid4

import pytest

from tests.alerting import make_incident, make_page, make_subscriber
from tests.factories import make_service
from tests.times import ago, iso


def incidents(person):
    page, other = make_page(person), make_page(person)
    return "/status-pages/{}/incidents", page, other, make_incident(person, page)


def subscribers(person):
    page, other = make_page(person), make_page(person)
    return "/status-pages/{}/subscribers", page, other, make_subscriber(person, page)


def corrections(person):
    service, other = make_service(person), make_service(person)
    begin, end = (iso(ago(minutes=each).replace(microsecond=0)) for each in (2, 1))
    body = {"from": begin, "to": end, "kind": "up", "reason": "x"}
    made = person.post(f"/services/{service['id']}/corrections", body).json
    return "/services/{}/corrections", service, other, made


@pytest.mark.parametrize("make", [incidents, subscribers, corrections])
def test_a_row_is_found_under_its_own_parent_alone(alice, charlie, configure, make):
    configure(plan_limits=False)
    path, parent, other, row = make(alice)
    own, elsewhere = path.format(parent["id"]), path.format(other["id"])
    assert [found["id"] for found in alice.get(own).json] == [row["id"]]
    assert alice.get(elsewhere).json == []
    for stranger, base in (
        (alice, elsewhere),
        (alice, path.format(uuid4())),
        (charlie, own),
    ):
        assert stranger.delete(f"{base}/{row['id']}").status_code == 404
    assert alice.get(path.format(uuid4())).status_code == charlie.get(own).status_code == 404
    assert alice.delete(f"{own}/{row['id']}").status_code == 204
