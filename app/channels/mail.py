"""Mails as they are built: headers that nobody can break out of, a plain part and an HTML part.

The older `email` API is used on purpose: the newer one decodes `=?UTF-8?Q?=0A?=` in a subject and
writes the line break out as a new header (CVE-2024-6923 family; measured on Python 3.11).
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP, Compat32
from email.utils import format_datetime, quote
from html import escape

from app.channels.looks import colour, footer
from app.domain.checks.endpoints import parse_host
from app.domain.messages.text import one_line
from app.domain.messages.types import Message, Phase

MAX_SUBJECT = 400
_ESCAPED = re.compile(r"\\(.)")
# What ends or begins something else there (RFC 5322 3.2.3); an encoded word holds none of them.
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')
_ID = re.compile(r"[^A-Za-z0-9_.-]")
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP  # readable in a raw view, unlike base64
_WIRE = Compat32(linesep=SMTP.linesep, max_line_length=78)


def build_mail(message: Message, mail_from: str, to: Sequence[str], now: datetime) -> bytes:
    """Return the mail as it goes over the wire (RFC 5322), lines ended by CRLF.

    `Message-ID` is the message's id, so a mail sent twice is one mail to most readers.
    `References` names the alert, so everything about one alert is one thread (RFC 5322 3.6.4).
    """
    name, address = split_sender(mail_from)
    domain = address.rpartition("@")[2] or "localhost"
    thread = f"<{_ID.sub('-', message.dedup_key)}@{domain}>"
    mail = MIMEMultipart("alternative")
    mail["From"] = f"{_phrase(name)} <{address}>" if name else address
    mail["To"] = ", ".join(to)
    mail["Subject"] = _header(message.subject, "Subject").encode()
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{_ID.sub('-', message.id)}@{domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-AlertifyPro-Delivery"] = _ID.sub("-", message.id)
    if message.unsubscribe_url:  # one click, RFC 8058: the reader's program posts to it
        ways = (message.unsubscribe_url, message.unsubscribe_mail)
        mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in ways if way)
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if message.phase is Phase.TRIGGER and message.severity == "critical":
        mail["Importance"] = "high"
    mail.attach(_part(f"{message.body()}\n\n-- \n{footer(message)}\n", "plain"))
    mail.attach(_part(_html(message), "html"))
    return mail.as_bytes(policy=_WIRE)


def split_sender(mail_from: str) -> tuple[str, str]:
    """Return name and address of MAIL_FROM, each on one line; a domain in its ASCII form.

    People write a name as it is, with commas and brackets, or in quotes (RFC 5322 3.4).
    """
    name, bracket, address = one_line(mail_from, 2_000).removesuffix(">").rpartition("<")
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1])
    local, at, domain = address.strip().rpartition("@")
    with suppress(ValueError):
        domain = parse_host(domain)
    return name if bracket else "", f"{local}{at}{domain}"


def _phrase(name: str) -> str:
    """Return the name before an address: in quotes where a sign of it would mean something."""
    header = _header(name, "From")
    return f'"{quote(str(header))}"' if _SPECIAL.search(header.encode()) else header.encode()


def _header(text: str, name: str) -> Header:
    line = one_line(text, MAX_SUBJECT)
    # What already looks encoded is encoded once more, so that it arrives as the text it is.
    plain = line.isascii() and "=?" not in line
    return Header(line, "us-ascii" if plain else "utf-8", header_name=name)


def _part(text: str, kind: str) -> MIMEText:
    part = MIMEText("", kind)
    del part["Content-Transfer-Encoding"]
    part.set_payload(text, _UTF8)
    return part


def _html(message: Message) -> str:
    rows = "".join(
        f'<tr><td style="padding:4px 16px 4px 0;color:#667085;white-space:nowrap;'
        f'vertical-align:top">{escape(fact.label)}</td>'
        f'<td style="padding:4px 0;word-break:break-word">{escape(fact.value)}</td></tr>'
        for fact in message.facts
    )
    links = message.addresses
    buttons = "".join(
        f'<a href="{escape(address)}" style="display:inline-block;margin:0 8px 8px 0;'
        f"padding:8px 16px;border:1px solid #d0d5dd;border-radius:6px;color:#344054;"
        f'text-decoration:none">{escape(label)}</a>'
        for label, address in links
    )
    text = escape(message.text).replace("\n", "<br>")
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        f"<title>{escape(message.subject)}</title></head>"
        '<body style="margin:0;padding:24px;background:#f2f4f7;color:#101828;'
        'font:15px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">'
        '<div style="max-width:600px;margin:0 auto;background:#ffffff;border-radius:8px;'
        f'border-top:4px solid {colour(message)};padding:24px">'
        f'<p style="margin:0 0 4px;color:{colour(message)};font-weight:600">'
        f"{escape(message.label)}</p>"
        f'<h1 style="margin:0 0 16px;font-size:20px">{escape(message.title)}</h1>'
        f'<p style="margin:0 0 16px;word-break:break-word">{text}</p>'
        f'<table style="margin:0 0 20px;border-collapse:collapse;font-size:14px">{rows}</table>'
        f"<div>{buttons}</div>"
        f'<p style="margin:16px 0 0;color:#98a2b3;font-size:12px">{escape(footer(message))}</p>'
        "</div></body></html>\n"
    )
