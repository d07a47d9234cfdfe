"""How long after a failed check the message is at its receiver, under 500 services every 10 s."""

import json
import time
from uuid import uuid4

from tests.bench.world import World, percentile, seed_services
from tests.receivers import HttpReceiver
from tests.soak.targets import Targets

SERVICES = 500
INTERVAL_SECONDS = 10
OUTAGES = 40


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    names = [f"s{number}" for number in range(SERVICES)]
    with (
        Targets() as targets,
        HttpReceiver() as receiver,
        world.connect() as connection,
        world.process("scheduler"),
        world.process("workers", "probes"),
        world.process(
            "workers",
            "notifications",
            PROVIDER_URLS=f"pagerduty.us={receiver.url}",
        ),
        world.process("workers", "background"),
    ):
        seed_services(
            connection, [targets.url(name) for name in names], interval_seconds=INTERVAL_SECONDS
        )
        organization = connection.execute("SELECT id FROM organizations").fetchall()[0][0]
        connection.execute(
            "INSERT INTO notification_channels (id, organization_id, name, type, config,"
            " is_enabled, min_severity, events, consecutive_failures)"
            " VALUES (%s, %s, 'pager', 'pagerduty', %s, true, 'info', '{}', 0)",
            (uuid4(), organization, json.dumps({"routing_key": "R" * 32})),
        )
        connection.execute(
            "INSERT INTO alert_rules (id, organization_id, name, severity, tags, condition,"
            " is_enabled, notification_channel_ids, auto_resolve, cooldown_minutes)"
            " VALUES (%s, %s, 'down', 'critical', '{}', %s, true, '{}', true, 0)",
            (
                uuid4(),
                organization,
                json.dumps({"metric": "status", "operator": "in", "value": ["RED"]}),
            ),
        )
        time.sleep(2 * INTERVAL_SECONDS)
        for index, name in enumerate(names[:OUTAGES]):
            targets.set_down(name, True)
            time.sleep(1.5)  # a storm, but a pager gets each of its incidents
            if index >= 10:  # each lasts longer than an interval, or no check would see it
                targets.set_down(names[index - 10], False)
        time.sleep(INTERVAL_SECONDS + 2)
        fired = dict(connection.execute("SELECT id::text, fired_at FROM alerts").fetchall())
    took = []
    for request in receiver.requests:
        if request.json["event_action"] == "trigger":
            took.append(request.at - fired[request.json["dedup_key"]].timestamp())
    return [
        ("outages told by a message of their own", f"{len(took)} of {OUTAGES}", ""),
        ("messages in all", str(len(receiver.requests)), ""),
        ("failed check stored to message received, p50, s", f"{percentile(took, 0.5):.3f}", ""),
        ("  p95, s", f"{percentile(took, 0.95):.3f}", "<= 1"),
    ]
