"""Mails handed to the operator's mail server (RFC 5321, STARTTLS by RFC 3207)."""

import ssl
from collections.abc import Sequence
from functools import lru_cache

import aiosmtplib

from app.channels.base import Delivery, DeliveryError
from app.channels.http import shown
from app.channels.smtp_settings import SmtpSettings

# RFC 4954 6 and RFC 3207 4: authentication or encryption is required, or the mechanism is too weak.
_WANTS_MORE = (530, 534, 535, 538)


async def submit(
    settings: SmtpSettings,
    sender: str,
    recipients: Sequence[str],
    mail: bytes,
    timeout_seconds: float,
    authorities: str,
) -> Delivery:
    """Submit one mail for all recipients; `authorities` is the file of those that are trusted
    beside the system's. Raises DeliveryError.

    Where some recipients are put off for now (4xx, greylisting) the mail counts as not delivered:
    a page that comes twice under one Message-ID is better than one that never comes.
    """
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password,
        local_hostname=sender.rpartition("@")[2] or "localhost",  # else a slow look-up of our name
        timeout=timeout_seconds,
        use_tls=settings.tls == "implicit",
        start_tls={"required": True, "offered": None}.get(settings.tls, False),
        tls_context=_tls_context(settings.verify, authorities),
    )
    try:
        async with client:
            refused, answer = await client.sendmail(sender, list(recipients), mail)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(
            {one.recipient: (one.code, one.message) for one in error.recipients}
        ) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _answered(error) from None
    except aiosmtplib.SMTPException as error:
        raise DeliveryError(
            f"the mail server cannot be used: {shown(error.message)}", permanent=False
        ) from None
    except (OSError, ValueError) as error:
        raise DeliveryError(
            f"the mail server cannot be used: {shown(str(error))}", permanent=False
        ) from None
    if any(code < 500 for code, _ in refused.values()):
        raise _refused(dict(refused))
    notes = [f"refused for {name}: {code} {text}" for name, (code, text) in refused.items()]
    missed = f"the mail server refused it for {', '.join(refused)}" if refused else ""
    return Delivery(250, shown("; ".join([answer, *notes])), missed=shown(missed))


def _refused(refused: dict[str, tuple[int, str]]) -> DeliveryError:
    answers = "; ".join(f"{name}: {code} {text}" for name, (code, text) in refused.items())
    codes = [code for code, _ in refused.values()]
    return DeliveryError(
        "the mail server refused a recipient" if len(codes) == 1 else "recipients were refused",
        permanent=all(code >= 500 for code in codes),
        status_code=min(codes),
        answer=shown(answers),
    )


def _answered(error: aiosmtplib.SMTPResponseException) -> DeliveryError:
    if error.code < 0:  # of the library, for what is no reply at all
        return DeliveryError(
            f"the mail server does not speak SMTP: {shown(error.message)}", permanent=False
        )
    sentence, is_ours = "refused the mail", False
    # What is the operator's to mend, for all channels at once, lets pages wait for it.
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        sentence, is_ours = "refused the password", True
    elif isinstance(error, aiosmtplib.SMTPConnectError):
        sentence, is_ours = "refused the connection", True
    elif error.code in _WANTS_MORE:
        sentence, is_ours = "wants a sign-in or TLS first", True
    return DeliveryError(
        f"the mail server {sentence}: {error.code}",
        permanent=error.code >= 500 and not is_ours,
        status_code=error.code,
        answer=shown(error.message),
    )


@lru_cache(maxsize=4)
def _tls_context(verify: bool, authorities: str) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those of a file."""
    context = ssl.create_default_context()
    context.load_verify_locations(authorities)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
