"""Dovecot, Postfix and vsftpd."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.checks.real_servers import RealServer, found, home_of, running
from tests.free_ports import free_port


@contextmanager
def dovecot() -> Iterator[RealServer]:
    """Run Dovecot on four ports: IMAP, IMAP over TLS, POP3, POP3 over TLS."""
    with home_of("dovecot") as home:
        ports = [free_port() for _ in range(4)]
        (home / "config").write_text(
            f"""
base_dir = {home}/run
log_path = /dev/stderr
info_log_path = {home}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = yes
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports[0]}
  }}
  inet_listener imaps {{
    port = {ports[1]}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {ports[2]}
  }}
  inet_listener pop3s {{
    port = {ports[3]}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""
        )
        command = [found("dovecot") or "", "-F", "-c", str(home / "config")]
        with running(home, command, ports) as server:
            yield server


@contextmanager
def postfix() -> Iterator[RealServer]:
    """Run Postfix on two ports: SMTP with STARTTLS, and SMTP over TLS."""
    with home_of("postfix") as home:
        plain, secure = free_port(), free_port()
        for name in ("spool", "data", "etc"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        (home / "etc" / "main.cf").write_text(
            f"""
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
myhostname = localhost
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_tls_cert_file = {home}/cert.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
maillog_file = {home}/log
maillog_file_prefixes = {home}
smtpd_delay_reject = yes
alias_maps =
"""
        )
        (home / "etc" / "master.cf").write_text(
            f"""
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{secure} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
        )
        command = [found("postfix") or "", "-c", str(home / "etc"), "start-fg"]
        with running(home, command, (plain, secure)) as server:
            try:
                yield server
            finally:  # its master has left the process group of its starter
                master = int((home / "spool" / "pid" / "master.pid").read_text())
                os.kill(master, signal.SIGTERM)


@contextmanager
def vsftpd(*, implicit: bool = False) -> Iterator[RealServer]:
    """Run vsftpd, with AUTH TLS or with TLS from the first byte."""
    with home_of("vsftpd") as home:
        port = free_port()
        (home / "empty").mkdir()
        (home / "config").write_text(
            f"""
listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
local_enable=YES
anonymous_enable=NO
secure_chroot_dir={home}/empty
ssl_enable=YES
implicit_ssl={"YES" if implicit else "NO"}
rsa_cert_file={home}/cert.pem
rsa_private_key_file={home}/key.pem
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={home}/log
"""
        )
        command = [found("vsftpd") or "", str(home / "config")]
        with running(home, command, (port,)) as server:
            yield server
