"""The guide's commands, run as a reader would run them, against the whole product."""

import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.heartbeats.schedules import parse
from app.pages.guide.book import chapters
from tests.certificates import authority
from tests.flows.product import Product

BOOK = chapters()
FIRST = BOOK[0]
SHELL = [chapter for chapter in BOOK if any(each.kind == "sh" for each in chapter.examples)]
SIGN_IN = """
api=http://localhost:3001/api/v1
json='Content-Type: application/json'
token=$(curl -fsS $api/auth/login -H "$json" -d '{"email": "ada@example.com", "password": "correct horse battery"}' | sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')
auth="Authorization: Bearer $token"
"""  # noqa: E501  as the first chapter has it

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A product of this module's own, on which the first chapter has been carried out."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-guide-") as folder,
        Product(Path(folder).resolve()) as product,
    ):
        product.ready()
        run(product, FIRST)
        yield product


def of_kind(kind):
    return [each for chapter in BOOK for each in chapter.examples if each.kind == kind]


def run(product, chapter):
    """Carry out a chapter's commands in one shell; fail with the command that failed."""
    commands = "\n".join(each.text for each in chapter.examples if each.kind == "sh")
    return shell(product, commands, "" if chapter is FIRST else SIGN_IN)


def shell(product, commands, before=SIGN_IN):
    """Run commands as somebody who is signed in; return what they print."""
    script = f"{before}\n{commands}".replace("localhost:3001", f"localhost:{product.port}")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", script],
            cwd=folder,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("chapter", SHELL[1:], ids=lambda chapter: chapter.slug)
def test_a_chapter_can_be_carried_out(product, chapter):
    run(product, chapter)


def test_the_first_service_is_green(product):
    assert '"status":"GREEN"' in shell(product, 'curl -fsS "$api/services" -H "$auth"')


def test_the_python_example_reports(product):
    (example,) = of_kind("python")
    body = """curl -fsS $api/heartbeats -H "$auth" -H "$json" -d '{"name": "Python job"}'"""
    url = json.loads(shell(product, body))["ping_url"]
    subprocess.run(
        [sys.executable, "-c", example.text],
        env={"PING_URL": url},
        capture_output=True,
        check=True,
        timeout=300,
    )


def test_the_crontab_line_has_a_schedule_of_ours():
    (example,) = of_kind("crontab")
    fields, command = re.match(r"((?:\S+ ){5})(.+)", example.text).groups()
    parse(fields.strip(), "UTC")
    subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_unit_starts_a_program_that_exists():
    for example in of_kind("systemd"):
        unit = configparser.ConfigParser(strict=False)
        unit.optionxform = str
        unit.read_string(example.text)
        module = unit["Service"]["ExecStart"].split(" -m ")[1].split()[0]
        assert importlib.util.find_spec(module) is not None


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_the_example(tmp_path):
    (example,) = of_kind("nginx")
    certificate = authority().issue_cert("monitor.example.com")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}"
        f" http {{ access_log off; {example.text} }}"
    )
    found = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", "nginx.conf"], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_takes_the_example(tmp_path):
    (example,) = of_kind("caddy")
    (tmp_path / "Caddyfile").write_text(example.text)
    found = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    assert found.returncode == 0, found.stderr
