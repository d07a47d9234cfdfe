"""HTTP: a URL answers as asserted."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from app.checks import evidence
from app.checks.base import CheckConfig, check_type, url
from app.checks.fields import (
    MAX_TEXT,
    HeaderRules,
    Headers,
    JsonRules,
    JsonValue,
    Pattern,
    StatusRule,
    choice,
    flag,
    number,
    secret,
    text,
)
from app.domain.checks.assertions import (
    expected_codes,
    header_failure,
    json_failure,
    shown,
    status_failure,
    status_rule,
    text_failure,
)
from app.domain.checks.patterns import TimeBudget
from app.domain.types import Probe, Target
from app.network.certificates import expiry_warning
from app.network.http import REDIRECTS, HttpRequest, HttpResponse
from app.network.network import Network
from app.platform.clock import thread_seconds, utcnow
from app.platform.errors import Fault, InvalidCode

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
EXPIRY_WARNING_DAYS = 30
NO_BODY = Fault(InvalidCode.CONFLICTING_FIELDS, "HEAD is answered without a body; use GET.")
_NEEDS_THE_WHOLE = frozenset(("body_not_contains", "json_path"))
_BODY_RULES = _NEEDS_THE_WHOLE | {"body_contains", "body_regex"}


class BasicAuth(CheckConfig):
    """User name and password of HTTP basic authentication."""

    username = text("user name", "monitor", required=True, max_length=200)
    password = secret("password", required=True)


class HttpConfig(CheckConfig):
    """Config of an HTTP check: the request, and the answer it must get."""

    method = choice("request method", METHODS, default="GET")
    headers = Headers("headers to send", {"Accept": "application/json"})
    body = JsonValue(
        max_length=MAX_TEXT,
        metadata={"description": "text to send, or a value sent as JSON", "example": '{"a": 1}'},
    )
    expected_status = StatusRule(
        metadata={
            "description": 'accepted statuses: "2xx", 301, [200, 201] or "200-299,301"',
            "example": "2xx",
            "default": "2xx",
        }
    )
    follow_redirects = flag("follow at most 10 redirects", True)
    verify_tls = flag("verify certificate and host name", True)
    basic_auth = fields.Nested(
        BasicAuth,
        metadata={
            "description": "basic authentication",
            "example": {"username": "monitor", "password": "s3cret"},
        },
    )
    bearer_token = secret("bearer token")
    body_contains = text("text the body must contain", "Welcome", max_length=5_000, lines=True)
    body_not_contains = text(
        "text the body must not contain in its first 1 MiB", "Error", max_length=5_000, lines=True
    )
    body_regex = Pattern(
        metadata={"description": "RE2 pattern the body must match", "example": "v[0-9]+"}
    )
    json_path = JsonRules("what must hold in a JSON body")
    header_contains = HeaderRules("text that headers must contain")
    ssl_expiry_warning_days = number(
        "YELLOW when the certificate ends within so many days", 0, 3650, EXPIRY_WARNING_DAYS
    )

    @validates_schema
    def a_body(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse to look for something in the body of an answer that has none."""
        if data.get("method") == "HEAD" and (looking := _BODY_RULES & data.keys()):
            raise ValidationError({name: [NO_BODY] for name in looking})


@check_type(
    "HTTP",
    "HTTPS",
    config=HttpConfig,
    endpoint=url("http", "https"),
    label="Website or API (HTTP)",
)
async def check_http(target: Target, network: Network) -> Probe:
    """Ask a URL and check status, headers, body and certificate."""
    config = target.config
    response = await network.http(_request(target))
    failure = _failure(response, config)
    return Probe(
        ok=failure is None,
        error=failure,
        warning=_warning(response, config),
        response_time_ms=response.total_ms,
        status_code=response.status_code,
        phases=response.phases,
        evidence=evidence.from_response(response) if failure else None,
        certificate=response.certificate,
        body_texts=found_texts(target, response),
    )


def _request(target: Target) -> HttpRequest:
    endpoint, config = target.endpoint, target.config
    if not config and not target.body_texts:
        return _plain_request(endpoint)
    body, auth = config.get("body"), config.get("basic_auth")
    written = body if isinstance(body, str) or body is None else json.dumps(body)
    return HttpRequest(
        url=endpoint,
        method=config.get("method", "GET"),
        headers=config.get("headers"),
        body=(written or "").encode(),
        basic_auth=(auth["username"], auth["password"]) if auth else None,
        bearer_token=config.get("bearer_token"),
        follow_redirects=config.get("follow_redirects", True),
        final_codes=_final_codes(config.get("expected_status")),
        verify_tls=config.get("verify_tls", True),
        wants_body=bool(target.body_texts) or not _BODY_RULES.isdisjoint(config),
        is_enough=_is_enough(target),
    )


def _is_enough(target: Target) -> Callable[[str], bool] | None:
    """Return the test that all texts looked for are there; None where only the whole can tell."""
    config = target.config
    if not _NEEDS_THE_WHOLE.isdisjoint(config):
        return None
    budget = TimeBudget(thread_seconds)
    wanted = (budget, config.get("body_contains"), None, config.get("body_regex"))

    def is_enough(text: str) -> bool:
        return all(one in text for one in target.body_texts) and not text_failure(text, *wanted)

    return is_enough


@lru_cache(maxsize=10_000)
def _plain_request(endpoint: str) -> HttpRequest:
    return HttpRequest(endpoint, wants_body=False)


def _final_codes(rule: Any) -> frozenset[int]:
    """Return the codes not to follow: who expects a 301 wants to see it."""
    return frozenset() if rule is None else expected_codes(status_rule(rule))


def _failure(response: HttpResponse, config: Mapping[str, Any]) -> str | None:
    failure = status_failure(config.get("expected_status", "2xx"), response.status_code)
    if failure:
        return f"{failure}{_leading_nowhere(response, config)}"
    if not config:
        return None
    wanted_headers = config.get("header_contains")
    if wanted_headers:
        failure = header_failure(response.header_texts, wanted_headers)
        if failure:
            return failure
    wanted = (
        config.get("body_contains"),
        config.get("body_not_contains"),
        config.get("body_regex"),
    )
    budget = TimeBudget(thread_seconds)
    if not failure and any(wanted):
        failure = text_failure(response.text(), budget, *wanted)
        if not (failure or response.is_cut or response.decoded.complete) and wanted[1]:
            failure = f"nobody can tell whether the body contains {shown(wanted[1])}"
    if not failure and config.get("json_path"):
        failure = json_failure(response.json_text(), config["json_path"], budget)
    return f"{failure}{unread(response)}" if failure else None


def _leading_nowhere(response: HttpResponse, config: Mapping[str, Any]) -> str:
    """Return what to add where a redirect would have been followed, had it named an address."""
    follows = config.get("follow_redirects", True)
    if follows and response.status_code in REDIRECTS and not response.headers.get("location"):
        return "; it names no address to go to (Location)"
    return ""


def unread(response: HttpResponse) -> str:
    """Return what to add to a failure about a body of which not all was read, else nothing."""
    body = response.decoded
    if body.unread_encoding:
        return f" (the body comes in {body.unread_encoding}, which was not asked for)"
    if not body.complete:
        return " (the body cannot be decompressed)"
    return " (only the first 1 MiB was read)" if response.truncated else ""


def found_texts(target: Target, response: HttpResponse) -> dict[str, bool] | None:
    """Return of each text of the target whether the body has it; None where none is looked for."""
    if not target.body_texts:
        return None
    body = response.text()
    return {text: text in body for text in target.body_texts}


def _warning(response: HttpResponse, config: Mapping[str, Any]) -> str | None:
    certificate = response.certificate
    if certificate is None or not (certificate.chain_valid or "ssl_expiry_warning_days" in config):
        return None  # who switches verification off has not asked for the date either
    days = config.get("ssl_expiry_warning_days", EXPIRY_WARNING_DAYS)
    return expiry_warning(certificate, days, utcnow())
