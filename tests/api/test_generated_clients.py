"""Clients that others generate from the OpenAPI document: what they send comes back whole."""

import importlib
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from app.api.openapi.shared_document import document_of

SERVICES = [
    ("TCP", "server.example.com:8080", {"send": "PING", "expect": "PONG", "tls": True}),
    ("REDIS", "cache.example.com:6379", {"db": 3, "tls": True}),
    ("HTTP", "https://shop.example.com/", {"method": "POST", "expected_status": [200, 201]}),
    ("DNS", "example.com", {"record_type": "MX", "min_ttl": 60}),
    ("SSL", "www.example.com:443", {"expiry_warning_days": 14}),
    ("PING", "router.example.com", {"count": 5, "max_loss_percent": 20}),
]
_STORY = """
import { client } from './client.gen';
import { servicesCreate, servicesIndex, servicesRead } from './sdk.gen';
import type { ServiceInput } from './types.gen';

declare const process: { argv: string[]; exit(code: number): void };

async function main() {
  const [baseUrl, token, written] = process.argv.slice(2);
  client.setConfig({ baseUrl, auth: () => token });
  const shown = [];
  for (const body of JSON.parse(written) as ServiceInput[]) {
    const made = await servicesCreate({ body, throwOnError: true });
    const read = await servicesRead({ path: { service_id: made.data.id }, throwOnError: true });
    const service = read.data;
    if (service.check_type === 'TCP') {
      const expected: string | undefined = service.config.expect;  // known to the compiler
      shown.push({ check_type: service.check_type, config: service.config, expected });
    } else {
      shown.push({ check_type: service.check_type, config: service.config });
    }
  }
  const all = await servicesIndex({ throwOnError: true });
  console.log(JSON.stringify({ shown, count: all.data.length }));
}
main().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture
def address(app, configure):
    """The application on a real socket."""
    configure(plan_limits=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join(5)


@pytest.fixture
def written(app, tmp_path) -> Path:
    """The document in a file."""
    path = tmp_path / "openapi.json"
    path.write_bytes(document_of(app).body())
    return path


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_python(address, written, alice, tmp_path, monkeypatch):
    generator = Path(sys.executable).with_name("openapi-python-client")
    run(generator, "generate", "--path", written, "--output-path", tmp_path / "generated_client",
        "--meta", "none")  # fmt: skip
    monkeypatch.syspath_prepend(tmp_path)
    generated = importlib.import_module("generated_client")
    models = importlib.import_module("generated_client.models")
    create = importlib.import_module("generated_client.api.services.services_create")
    read = importlib.import_module("generated_client.api.services.services_read")
    index = importlib.import_module("generated_client.api.services.services_index")
    client = generated.AuthenticatedClient(base_url=address, token=alice.token)
    for kind, endpoint, config in SERVICES:
        body = {"name": kind, "endpoint": endpoint, "check_type": kind, "config": config}
        given = getattr(models, f"{kind.title()}ServiceInput").from_dict(body)
        assert given.to_dict() == body
        made = create.sync(client=client, body=given)
        found = read.sync(service_id=made.id, client=client)
        assert type(found).__name__ == f"{kind.title()}Service"
        assert found.config.to_dict() == config
        again = json.dumps(found.to_dict()).replace("+00:00", "Z")  # both are RFC 3339
        assert json.loads(again) == alice.get(f"/services/{made.id}").json
    assert {type(each).__name__ for each in index.sync(client=client)} == {
        f"{kind.title()}Service" for kind, _, _ in SERVICES
    }


def test_typescript(address, written, alice, tmp_path):
    tools = {name: shutil.which(name) for name in ("node", "openapi-ts", "tsc")}
    missing = [name for name, path in tools.items() if path is None]
    if missing:
        pytest.skip(
            f"not on the PATH: {', '.join(missing)} (npm install --global"
            " @hey-api/openapi-ts@0.99.0 typescript@5)"
        )
    folder = tmp_path / "generated"
    run(tools["openapi-ts"], "-i", written, "-o", folder, cwd=tmp_path)
    (folder / "story.ts").write_text(_STORY)
    run(tools["tsc"], "--strict", "--module", "commonjs", "--target", "es2022", "--lib",
        "es2022,dom,dom.iterable", "--skipLibCheck", "--outDir", tmp_path / "out",
        folder / "story.ts", cwd=tmp_path)  # fmt: skip
    bodies = [
        {"name": kind, "endpoint": endpoint, "check_type": kind, "config": config}
        for kind, endpoint, config in SERVICES
    ]
    story = tmp_path / "out" / "story.js"
    said = json.loads(run(tools["node"], story, address, alice.token, json.dumps(bodies)))
    assert said["count"] == len(SERVICES)
    for (kind, _, config), shown in zip(SERVICES, said["shown"], strict=True):
        assert (shown["check_type"], shown["config"]) == (kind, config)
    assert said["shown"][0]["expected"] == "PONG"
