"""Two who edit the same thing at once: with `unchanged_since` the second is told, and decides."""

import pytest

from tests.url_arguments import OWNED

# What the console has a form for: its path, and the name of its id.
EDITED = {
    "/services": "service_id",
    "/alert-rules": "rule_id",
    "/notification-channels": "channel_id",
    "/heartbeats": "heartbeat_id",
    "/on-call-schedules": "schedule_id",
    "/escalation-policies": "policy_id",
    "/maintenance-windows": "window_id",
}


@pytest.mark.parametrize("path", EDITED)
def test_the_second_of_two_is_told_and_may_save_again(alice, path):
    address = f"{path}/{OWNED[EDITED[path]](alice)}"
    read = alice.get(address).json
    seen = {"unchanged_since": read["updated_at"]}
    theirs = alice.patch(address, {"name": "Theirs"} | seen)
    assert theirs.status_code == 200, theirs.text
    assert "unchanged_since" not in theirs.json
    for refused in (
        alice.patch(address, {"name": "Mine"} | seen),
        alice.put(address, read | {"name": "Mine"} | seen),
    ):
        assert (refused.status_code, list(refused.json["fields"])) == (409, ["unchanged_since"])
        assert theirs.json["updated_at"] in refused.text
    assert alice.get(address).json["name"] == "Theirs"
    again = alice.patch(address, {"name": "Mine", "unchanged_since": theirs.json["updated_at"]})
    assert (again.status_code, again.json["name"]) == (200, "Mine"), again.text
    assert alice.patch(address, {"name": "Whatever happened"}).status_code == 200
    assert alice.post(path, read | {"unchanged_since": read["updated_at"]}).status_code == 422
