"""Protocols told by their first bytes, for whoever expected another one."""

import re

# Source of each: RFC 9113 3.4 and 6.5 (HTTP/2), 8446 5.1 (TLS), 4253 4.2 (SSH), 5321 and 959
# (SMTP, FTP), 3501 (IMAP), 1939 (POP3), RFC 6143 7.1.1 (VNC).
_FIRST_BYTES = (
    (re.compile(rb"\x00..\x04[\x00\x01]\x00{4}", re.DOTALL), "HTTP/2 without HTTP/1.1"),
    (re.compile(rb"[\x15\x16]\x03[\x00-\x04]", re.DOTALL), "TLS"),
    (re.compile(rb"SSH-"), "SSH"),
    (re.compile(rb"HTTP/[0-9]"), "HTTP"),
    (re.compile(rb"220[ -]"), "SMTP or FTP"),
    (re.compile(rb"\* (?:OK|PREAUTH|BYE) "), "IMAP"),
    (re.compile(rb"\+OK "), "POP3"),
    (re.compile(rb"ICY \d{3}"), "Shoutcast (ICY)"),
    (
        re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.I),
        "HTTP/0.9 (no status, no headers)",
    ),
    (re.compile(rb"RFB \d{3}\.\d{3}\n"), "VNC"),
)


def known_protocol(data: bytes) -> str:
    """Return "; the port speaks …" for an answer in a protocol that is known, else nothing."""
    for pattern, name in _FIRST_BYTES:
        if pattern.match(data):
            return f"; the port speaks {name}"
    return ""
