"""Reading of docker-compose.yml and of the Dockerfile, as Docker reads them."""

import pytest

from tests.production import PROJECT, image
from tests.production.compose import MissingVariable, interpolate, load, seconds
from tests.production.shape import SECRETS


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${A}", "1"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${A:-two}", "1"),
        ("${B:-http://localhost:${A:-3}}", "http://localhost:1"),
        ("${B:-${C:-http://x:${D:-4}}}", "http://x:4"),
        ("$$HOME", "$HOME"),
        ("${B}", ""),
    ],
)
def test_variables_are_filled_in(text, filled):
    assert interpolate(text, {"A": "1", "EMPTY": ""}) == filled


def test_a_variable_that_is_demanded_is_named():
    with pytest.raises(MissingVariable, match="JWT_SECRET"):
        load(PROJECT / "docker-compose.yml", SECRETS | {"JWT_SECRET": ""})


def test_roles_of_the_program_share_their_settings():
    services = load(PROJECT / "docker-compose.yml", SECRETS)["services"]
    environments = [spec["environment"] for spec in services.values() if "build" in spec]
    assert len(environments) == 8
    assert all(each == environments[0] for each in environments)
    assert environments[0]["PING_URL"] == "http://localhost:3002"


def test_seconds_of_durations_in_compose_files():
    assert [seconds(text) for text in ("15s", "1m30s", "500ms", "")] == [15, 90, 0.5, 0]


def test_the_dockerfile_is_read_to_its_end():
    built = image.read(PROJECT / "Dockerfile", PROJECT)
    assert built.user == "alertifypro"
    assert built.environment["PORT"] == "3001"
    assert built.command[-1] == "wsgi:app"
    assert built.health[0] == "python"


def test_every_instruction_is_one_that_is_carried_out():
    text = (PROJECT / "Dockerfile").read_text()
    assert {word for word, _ in image.instructions(text)} <= image.INSTRUCTIONS
