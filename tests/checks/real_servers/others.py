"""OpenSSH, Mosquitto, OpenLDAP, BIND, Unbound, and the TLS server of OpenSSL."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.checks.real_servers import RealServer, found, home_of, running
from tests.free_ports import free_port

ZONE = """$TTL 300
@ SOA ns.example.test. admin.example.test. 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
@ A 192.0.2.10
@ A 192.0.2.11
@ AAAA 2001:db8::1
@ MX 10 mail
mail A 192.0.2.12
www CNAME @
loop CNAME pool
pool CNAME loop
@ TXT "v=spf1 include:_spf.example.test ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"
long TXT ( "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuNiVztksCsDhcc0u9e8Brwex"
  "GLiwgMZBNBYbDRHxbQouNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo" )
quoted TXT "say \\"hello\\"; it's 100%\\\\done"
_sip._tcp SRV 10 5 5060 mail
@ HTTPS 1 . alpn=h2,h3
_443._tcp TLSA 3 1 1 8cb0fc6c527506a053f4f14c8464bebbd6dede2738d11468dd953d7d6a3021f1
@ CAA 0 issue "letsencrypt.org"
a\\.b A 192.0.2.13
UPPER A 192.0.2.14
*.wild A 192.0.2.15
"""


@contextmanager
def sshd(keys: Sequence[str] = ("ed25519", "ecdsa", "rsa")) -> Iterator[RealServer]:
    """Run OpenSSH with host keys of these kinds, in files named by them."""
    with home_of("sshd") as home:
        port = free_port()
        lines = [f"Port {port}", "ListenAddress 127.0.0.1", "UsePAM no", "PidFile none"]
        for kind in keys:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", home / kind], check=True
            )
            lines.append(f"HostKey {home / kind}")
        (home / "config").write_text("\n".join(lines) + "\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        command = [found("sshd") or "", "-D", "-e", "-f", str(home / "config")]
        with running(home, command, (port,)) as server:
            yield server


@contextmanager
def mosquitto() -> Iterator[RealServer]:
    """Run Mosquitto on three ports: MQTT, MQTT over TLS, MQTT over WebSockets."""
    with home_of("mosquitto") as home:
        ports = [free_port() for _ in range(3)]
        (home / "config").write_text(
            f"""
user root
log_dest stdout
log_type all
allow_anonymous true
listener {ports[0]} 127.0.0.1
listener {ports[1]} 127.0.0.1
certfile {home}/cert.pem
keyfile {home}/key.pem
listener {ports[2]} 127.0.0.1
protocol websockets
"""
        )
        command = [found("mosquitto") or "", "-c", str(home / "config")]
        with running(home, command, ports) as server:
            yield server


@contextmanager
def slapd() -> Iterator[RealServer]:
    """Run OpenLDAP's server on two ports: LDAP, and LDAP over TLS."""
    with home_of("slapd") as home:
        plain, secure = free_port(), free_port()
        (home / "data").mkdir()
        (home / "config").write_text(
            f"""
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
TLSCertificateFile {home}/cert.pem
TLSCertificateKeyFile {home}/key.pem
database mdb
suffix "dc=example,dc=test"
directory {home}/data
"""
        )
        urls = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{secure}"
        command = [found("slapd") or "", "-d", "256", "-h", urls, "-f", str(home / "config")]
        with running(home, command, (plain, secure)) as server:
            yield server


@contextmanager
def bind() -> Iterator[RealServer]:
    """Run BIND with the zone example.test; `big.example.test` needs TCP."""
    with home_of("bind") as home:
        port = free_port()
        big = "".join(f'big TXT "{index:03d}{"y" * 200}"\n' for index in range(20))
        (home / "zone").write_text(ZONE + big)
        (home / "config").write_text(
            f"""
options {{
  directory "{home}";
  pid-file none;
  session-keyfile none;
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  recursion no;
  dnssec-validation no;
}};
controls {{ }};
zone "example.test" {{ type master; file "zone"; check-names ignore; }};
"""
        )
        command = [found("named") or "", "-g", "-c", str(home / "config")]
        with running(home, command, (port,)) as server:
            yield server


@contextmanager
def unbound(upstream: RealServer) -> Iterator[RealServer]:
    """Run Unbound, which asks a BIND for example.test and nobody else."""
    with home_of("unbound") as home:
        port = free_port()
        (home / "config").write_text(
            f"""
server:
  directory: "{home}"
  chroot: ""
  username: ""
  pidfile: "{home}/pid"
  interface: 127.0.0.1@{port}
  do-not-query-localhost: no
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  local-zone: "test." nodefault
stub-zone:
  name: "example.test"
  stub-addr: 127.0.0.1@{upstream.ports[0]}
"""
        )
        command = [found("unbound") or "", "-d", "-c", str(home / "config")]
        with running(home, command, (port,)) as server:
            yield server


@contextmanager
def openssl(*options: str) -> Iterator[RealServer]:
    """Run OpenSSL's own TLS server."""
    with home_of("openssl") as home:
        port = free_port()
        command = [
            *(found("openssl") or "", "s_server", "-www", "-accept", f"127.0.0.1:{port}"),
            *("-cert", str(home / "cert.pem"), "-key", str(home / "key.pem")),
            *options,
        ]
        with running(home, command, (port,)) as server:
            yield server
