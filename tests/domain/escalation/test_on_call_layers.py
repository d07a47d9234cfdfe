from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.escalation.on_call import Layer, Restriction, RotationType
from app.domain.escalation.on_call_layers import LayerError, parse

CREATED = datetime(2026, 3, 2, tzinfo=UTC)
ALICE = UUID(int=1)
LAYER = {"name": "primary", "users": [str(ALICE)]}


def test_defaults_are_those_of_the_product():
    assert parse([{"users": [ALICE]}], CREATED) == (
        Layer("Layer 1", (ALICE,), RotationType.WEEKLY, 0, 0, CREATED, 1, None),
    )


def test_everything_can_be_said():
    source = {
        "name": " night ",
        "rotation_type": "custom",
        "rotation_days": 3,
        "handoff_day": "Friday",
        "handoff_time": "09:30",
        "users": [str(ALICE)],
        "starts_at": "2026-01-01T00:00:00Z",
        "restriction": {
            "type": "time_of_day",
            "start_time": "22:00",
            "end_time": "06:00",
            "days": ["fri", "SATURDAY"],
        },
    }
    (layer,) = parse([source], CREATED)
    assert layer == Layer(
        "night",
        (ALICE,),
        RotationType.CUSTOM,
        4,
        570,
        datetime(2026, 1, 1, tzinfo=UTC),
        3,
        Restriction(1_320, 360, frozenset({4, 5})),
    )


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        ({}, Restriction()),
        ({"days": []}, Restriction()),
        ({"start_time": "08:00"}, Restriction(480)),
        ({"start_time": "24:00", "end_time": "08:00"}, Restriction(0, 480)),
        ({"days": ["sunday"]}, Restriction(days=frozenset({6}))),
    ],
)
def test_what_a_restriction_leaves_out_is_unrestricted(restriction, expected):
    (layer,) = parse([{**LAYER, "restriction": restriction}], CREATED)
    assert layer.restriction == expected


@pytest.mark.parametrize(
    ("layers", "place", "part"),
    [
        (None, "layers", "at least one layer"),
        ([], "layers", "at least one layer"),
        ("night", "layers", "at least one layer"),
        ([LAYER] * 21, "layers", "at most 20"),
        ([LAYER, 3], "layers[1]", "an object"),
        ([{**LAYER, "shift": 1}], "layers[0].shift", "no such field"),
        ([{**LAYER, "name": ""}], "layers[0].name", "1 to 200"),
        ([{**LAYER, "name": 7}], "layers[0].name", "1 to 200"),
        ([{**LAYER, "rotation_type": "hourly"}], "layers[0].rotation_type", "daily, weekly"),
        ([{**LAYER, "rotation_type": ["daily"]}], "layers[0].rotation_type", "daily, weekly"),
        ([{**LAYER, "handoff_day": "someday"}], "layers[0].handoff_day", "a weekday"),
        ([{**LAYER, "handoff_day": 3}], "layers[0].handoff_day", "a weekday"),
        ([{**LAYER, "handoff_time": "9:00"}], "layers[0].handoff_time", "a time of day"),
        ([{"name": "x"}], "layers[0].users", "at least one user"),
        ([{**LAYER, "users": []}], "layers[0].users", "at least one user"),
        ([{**LAYER, "users": "alice"}], "layers[0].users", "at least one user"),
        ([{**LAYER, "users": ["alice"]}], "layers[0].users", "named by an id"),
        ([{**LAYER, "users": [7]}], "layers[0].users", "named by an id"),
        ([{**LAYER, "users": [ALICE] * 101}], "layers[0].users", "at most 100"),
        ([{**LAYER, "rotation_days": 3}], "layers[0].rotation_days", "only a custom"),
        (
            [{**LAYER, "rotation_type": "custom", "rotation_days": 0}],
            "layers[0].rotation_days",
            "1 to 365",
        ),
        (
            [{**LAYER, "rotation_type": "custom", "rotation_days": True}],
            "layers[0].rotation_days",
            "1 to 365",
        ),
        ([{**LAYER, "starts_at": "soon"}], "layers[0].starts_at", "a time like"),
        ([{**LAYER, "starts_at": 5}], "layers[0].starts_at", "a time like"),
        ([{**LAYER, "starts_at": "2026-03-02T00:00"}], "layers[0].starts_at", "no offset"),
        ([{**LAYER, "starts_at": "0001-01-01T00:00Z"}], "layers[0].starts_at", "out of range"),
        ([{**LAYER, "restriction": "night"}], "layers[0].restriction", "an object"),
        ([{**LAYER, "restriction": {"x": 1}}], "layers[0].restriction.x", "no such field"),
        ([{**LAYER, "restriction": {"type": "x"}}], "layers[0].restriction.type", "time_of_day"),
        ([{**LAYER, "restriction": {"days": "mon"}}], "layers[0].restriction.days", "a list"),
        (
            [{**LAYER, "restriction": {"days": ["mon", 9]}}],
            "layers[0].restriction.days[1]",
            "a weekday",
        ),
        (
            [{**LAYER, "restriction": {"end_time": "25:00"}}],
            "layers[0].restriction.end_time",
            "a time of day",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(layers, place, part):
    with pytest.raises(LayerError) as caught:
        parse(layers, CREATED)
    assert caught.value.place == place
    assert part in caught.value.message
    assert str(caught.value).startswith(f"{place}: ")
