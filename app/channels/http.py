"""Posts to a receiver, and what its answer means: taken, try again, or never try again."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from app.channels.base import MAX_ANSWER, Context, Delivery, DeliveryError
from app.domain.messages.text import clean
from app.network.errors import AddressRefused, NetworkError
from app.network.http import HttpRequest, HttpResponse
from app.platform.clock import utcnow

MAX_RETRY_AFTER_SECONDS = 86_400.0
_COME_BACK = frozenset((408, 425, 429))  # the 4xx that time heals
_TOO_RICH = frozenset((400, 413, 422))  # what a provider answers to markup it does not like
_WORDS = ("errorDescription", "description", "message", "error", "detail", "errorMessage", "title")
# What JSON of an answer says where a message was not taken, whatever the status: `ok` of Telegram
# and Slack's API, `status` of JSend, `result` of Zulip, `errcode` of DingTalk and WeCom.
_VERDICTS = ("ok", "success")
_REFUSALS = {"status": ("error", "fail", "failed", "failure"), "result": ("error",)}
_PAGE = re.compile(r"\s*<(?:!doctype html|html)", re.I)
_MAX_WORDS = 200
_SECONDS = re.compile(r"(\d{1,100}(?:\.\d{1,6})?)(?:\s*,.*)?\Z", re.ASCII)  # perhaps twice

SaysNo = Callable[[HttpResponse], bool]


def is_page(response: HttpResponse) -> bool:
    """Say whether an answer is a web page, such as the sign-in of a proxy on the way."""
    return _PAGE.match(response.text()) is not None


async def post_json(
    context: Context,
    url: str,
    payload: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    plain: Mapping[str, Any] | None = None,
    says_no: SaysNo = is_page,
) -> Delivery:
    """Post JSON to a provider. Where it is refused as malformed, `plain` is posted instead, so that
    no page is lost for its looks. `says_no` knows the provider's refusals with a 2xx. Raises
    DeliveryError.
    """
    try:
        return await post(context, json_request(url, payload, headers), says_no)
    except DeliveryError as error:
        if plain is None or plain == payload or error.status_code not in _TOO_RICH:
            raise
    return await post(context, json_request(url, plain, headers), says_no)


async def post_form(
    context: Context,
    url: str,
    values: Mapping[str, str],
    *,
    basic_auth: tuple[str, str] | None = None,
) -> Delivery:
    """Post a form to a provider. Raises DeliveryError."""
    body = urlencode(values).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await post(context, HttpRequest(url, "POST", headers, body, basic_auth), is_page)


def json_request(
    url: str, payload: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> HttpRequest:
    """Return the request that posts JSON."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpRequest(
        url, "POST", {"Content-Type": "application/json"} | dict(headers or {}), body
    )


def _takes_all(response: HttpResponse) -> bool:
    return False


async def post(context: Context, request: HttpRequest, says_no: SaysNo = _takes_all) -> Delivery:
    """Send a request and read what the answer means. Raises DeliveryError.

    2xx is success; 3xx is a failure, because a page must not travel to where nobody sent it
    (Standard Webhooks); 4xx is permanent but for 408, 425 and 429; the rest may heal.
    """
    unfollowed = HttpRequest(
        request.url,
        request.method,
        request.headers,
        request.body,
        request.basic_auth,
        follow_redirects=False,
        timeout_seconds=context.timeout_seconds,
        is_enough=lambda text: True,  # of a 2xx whose body never ends: the message is taken
        takes_cut_body=True,  # the status says it already
    )
    try:
        response = await context.network.http(unfollowed)
    except AddressRefused as error:
        raise DeliveryError(str(error), permanent=True) from None
    except NetworkError as error:
        raise DeliveryError(str(error), permanent=False) from None
    except ValueError:  # its text may quote the address, which may hold a key
        raise DeliveryError("the address of this channel cannot be used", permanent=True) from None
    return delivery_of(response, says_no)


def delivery_of(response: HttpResponse, says_no: SaysNo = _takes_all) -> Delivery:
    """Return the delivery a 2xx answer stands for. Raises DeliveryError for any other."""
    code, answer = response.status_code, shown(response.text())
    if 200 <= code < 300 and not (_says_no(response) or says_no(response)):
        return Delivery(code, answer, response.total_ms)
    permanent = 400 <= code < 500 and code not in _COME_BACK
    sentence = f"the receiver answered {code}"
    if 200 <= code < 300:
        sentence += " but says that it did not take the message"
    words = _own_words(response)
    if words:
        sentence += f": {words}"
    if 300 <= code < 400:
        sentence += f", a redirect{_leads_to(response)}, which is not followed"
    raise DeliveryError(
        sentence,
        permanent=permanent,
        retry_after_seconds=None if permanent else _retry_after(response),
        status_code=code,
        answer=answer,
    )


def _says_no(response: HttpResponse) -> bool:
    """Say whether an answer is a refusal whatever its status: proxies turn a 4xx into 200."""
    found = answered(response)
    if any(found.get(name) is False or found.get(name) == "false" for name in _VERDICTS):
        return True
    if any(_word(found.get(name)) in words for name, words in _REFUSALS.items()):
        return True
    if isinstance(number := found.get("errcode"), int) and number:
        return True
    return any(_is_fault(found.get(name)) for name in ("error", "errors"))


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def _is_fault(value: object) -> bool:
    return bool(value) and isinstance(value, str | list | dict)


def answered(response: HttpResponse) -> Mapping[str, Any]:
    """Return the JSON object of an answer; empty for any other answer."""
    try:
        answer = json.loads(response.body[:10_000])
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _own_words(response: HttpResponse) -> str:
    """Return what a receiver says of a refusal, in JSON or plain text; empty where it is silent."""
    found = answered(response)
    if not found:
        return _plain_words(response)
    if isinstance(found.get("error"), dict):
        found = found["error"]
    said = next((found[name] for name in _WORDS if _is_said(found.get(name))), "")
    # Pushover and PagerDuty say in a list what their one sentence leaves open.
    more = found.get("errors")
    several = [one for one in more if _is_said(one)] if isinstance(more, list) else []
    text = ": ".join(filter(None, (said.strip(), "; ".join(several))))
    return clean(text[: 4 * _MAX_WORDS], _MAX_WORDS)


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _plain_words(response: HttpResponse) -> str:
    """Return the words of an answer in plain text, as Slack's webhooks give them."""
    if not response.headers.get("content-type", "text/plain").lower().startswith("text/plain"):
        return ""
    text = response.text().lstrip()
    return "" if text.startswith(("<", "{", "[")) else clean(text[: 4 * _MAX_WORDS], _MAX_WORDS)


def _leads_to(response: HttpResponse) -> str:
    """Return the host that a redirect names; what follows it may hold a key."""
    try:
        found = urlsplit(urljoin(response.url, response.headers.get("location", "")))
        host, port = found.hostname, found.port
    except ValueError:
        return ""
    if not host:
        return ""
    return " to " + clean(f"{found.scheme}://{host}{f':{port}' if port else ''}", 100)


def shown(answer: str) -> str:
    """Return the start of an answer, fit for a delivery log."""
    return clean(answer[: 4 * MAX_ANSWER], MAX_ANSWER)


def _retry_after(response: HttpResponse) -> float | None:
    """Return the wait a receiver asks for: seconds or a date (RFC 9110 10.2.3), or in its body."""
    written = response.headers.get("retry-after", "").strip()
    if found := _SECONDS.match(written):
        return min(float(found[1]), MAX_RETRY_AFTER_SECONDS)
    if written:
        try:
            at = parsedate_to_datetime(written)
        except (ValueError, OverflowError):
            return None
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - utcnow()
        return min(max(seconds.total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
    return _retry_after_in_body(response.body)


def _retry_after_in_body(body: bytes) -> float | None:
    """Discord writes `retry_after`, Telegram `parameters.retry_after`, both in seconds."""
    try:
        answer = json.loads(body[:10_000])
    except (ValueError, RecursionError):
        return None
    places = (answer, answer.get("parameters")) if isinstance(answer, dict) else ()
    for place in places:
        value = place.get("retry_after") if isinstance(place, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(min(value, MAX_RETRY_AFTER_SECONDS))  # cut first: it may be no float
    return None
