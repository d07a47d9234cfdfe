"""MULTI_STEP: several requests in a row, each using what earlier ones answered."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.checks import evidence
from app.checks.base import CheckConfig, CheckFailed, Endpoint, check_type
from app.checks.fields import (
    MAX_TEXT,
    Headers,
    JsonRules,
    JsonValue,
    Pattern,
    StatusRule,
    choice,
    flag,
    text,
)
from app.checks.http import METHODS, NO_BODY, found_texts
from app.checks.steps import Variables, step_failure
from app.domain.checks.assertions import expected_codes, status_rule
from app.domain.checks.endpoints import BadEndpoint
from app.domain.checks.json_path import parse as parse_path
from app.domain.checks.patterns import pattern
from app.domain.checks.secret_references import content_type
from app.domain.types import FailureKind, Probe, Target
from app.network.cookies import Cookies
from app.network.errors import AddressRefused, Inconclusive, NetworkError
from app.network.http import HttpRequest, HttpResponse
from app.network.network import Network
from app.network.trace import trace

MAX_STEPS = 20
MAX_NAME = 200
SOURCES = ("json_path", "regex", "header", "cookie")
_IN_BODY = frozenset(("json_path", "regex"))
_BODY_RULES = frozenset(("body_contains", "body_matches", "json_path"))


class Extraction(fields.Dict):
    """Variables to take: {"token": {"json_path": "$.token"}}, or {"token": "$.token"} for short."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        return {name: _source(source) for name, source in found.items()}


class StepAssertions(CheckConfig):
    """Assertions on the answer of one step."""

    status = StatusRule(metadata={"description": "accepted statuses", "example": 200})
    status_range = StatusRule(
        metadata={"description": "accepted range of statuses", "example": "200-299"}
    )
    body_contains = text("text the body must contain", "welcome", max_length=5_000, lines=True)
    body_matches = Pattern(
        metadata={"description": "RE2 pattern the body must match", "example": "id-[0-9]+"}
    )
    response_time_ms = JsonValue(
        metadata={"description": "upper limit in milliseconds", "example": {"lt": 500}},
        validate=lambda value: _limit(value),
    )
    json_path = JsonRules("what must hold in a JSON body")


class Step(CheckConfig):
    """One request of a flow; {{var}} stands for what an earlier step has extracted."""

    name = text("name of the step", "sign in", max_length=MAX_NAME)
    method = choice("request method", METHODS, default="GET")
    url = text(
        "URL, with {{var}} if need be", "https://a.example/login", max_length=2_048, required=True
    )
    headers = Headers("headers to send", {"Authorization": "Bearer {{token}}"})
    body = JsonValue(
        max_length=MAX_TEXT,
        metadata={"description": "text to send, or a value sent as JSON", "example": {"a": 1}},
    )
    extract = Extraction(
        keys=fields.String(
            validate=validate.Regexp(
                r"[A-Za-z_][A-Za-z0-9_]{0,99}\Z",
                error="Name a variable with letters, digits and underscores, a letter or an"
                " underscore first, at most 100 characters.",
            )
        ),
        validate=validate.Length(max=20),
        metadata={
            "description": "variables to take: json_path, regex, header or cookie",
            "example": {"token": {"json_path": "$.token"}},
        },
    )
    assertions = fields.Nested(
        StepAssertions,
        data_key="assert",
        attribute="assert",
        metadata={"description": "what must hold", "example": {"status": 200}},
    )
    follow_redirects = flag("follow at most 10 redirects", True)
    verify_tls = flag("verify certificate and host name", True)

    @validates_schema
    def a_body(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse to look for something in the body of an answer that has none."""
        taken = data.get("extract") or {}
        looking = {
            "assert": _BODY_RULES & (data.get("assert") or {}).keys(),
            "extract": {name for name in taken if not _IN_BODY.isdisjoint(taken[name])},
        }
        if data.get("method") == "HEAD" and any(looking.values()):
            raise ValidationError(
                {
                    place: {name: [NO_BODY] for name in names}
                    for place, names in looking.items()
                    if names
                }
            )


class MultiStepConfig(CheckConfig):
    """The flow."""

    steps = fields.List(
        fields.Nested(Step),
        required=True,
        validate=validate.Length(1, MAX_STEPS),
        metadata={
            "description": "requests, in order",
            "example": [{"name": "home", "url": "https://a.example/", "assert": {"status": 200}}],
        },
    )


def flow_name(text: str) -> str:
    """Return the name of a flow without the blanks around it. Raises ValueError."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise ValueError(f"a flow has a name of 1 to {MAX_NAME} characters")
    return name


@check_type(
    "MULTI_STEP",
    config=MultiStepConfig,
    endpoint=Endpoint(flow_name, hint="name of the flow", example="Sign in and pay"),
    label="Several requests in a row",
)
async def check_multi_step(target: Target, network: Network) -> Probe:
    """Send the requests of a flow in order, with the cookies they are given; the response time is
    the sum of all. Texts that rules look for are looked for in the last answer."""
    variables, cookies = Variables(), Cookies()
    total_ms = 0.0
    response: HttpResponse | None = None
    for number, step in enumerate(target.config["steps"], 1):
        label = f"step {number} ({step['name']})" if step.get("name") else f"step {number}"
        try:
            response = await network.http(_request(step, variables, cookies))
        except AddressRefused as error:
            raise AddressRefused(f"{label}: {error.reason}") from None
        except Inconclusive as error:
            raise Inconclusive(f"{label}: {error}", error.kind) from None
        except BadEndpoint as error:
            raise CheckFailed(f"{label}: {error}", kind=FailureKind.CONFIGURATION) from None
        except (NetworkError, CheckFailed) as error:
            raise CheckFailed(f"{label}: {error}", kind=error.kind) from None
        total_ms += response.total_ms
        failure = step_failure(step.get("assert") or {}, response)
        if failure is None:
            failure = variables.take(step.get("extract") or {}, response)
        if failure is not None:
            return Probe(
                ok=False,
                error=f"{label}: {failure}",
                status_code=response.status_code,
                evidence={"step": label, **evidence.from_response(response)},
                body_texts=found_texts(target, response),
            )
        trace().redirects.clear()
    return Probe(
        ok=True,
        response_time_ms=total_ms,
        status_code=response.status_code if response else None,
        certificate=response.certificate if response else None,
        body_texts=found_texts(target, response) if response else None,
    )


def _request(step: Mapping[str, Any], variables: Variables, cookies: Cookies) -> HttpRequest:
    headers = step.get("headers") or {}
    trace().secrets |= variables.secrets_in(headers)
    return HttpRequest(
        url=variables.fill_url(step["url"]),
        method=step.get("method", "GET"),
        headers={name: variables.fill(value) for name, value in headers.items()},
        body=variables.fill_body(step.get("body"), content_type(step)),
        follow_redirects=step.get("follow_redirects", True),
        final_codes=_final_codes(step.get("assert") or {}),
        verify_tls=step.get("verify_tls", True),
        cookies=cookies,
    )


def _final_codes(assertions: Mapping[str, Any]) -> frozenset[int]:
    rules = [assertions[key] for key in ("status", "status_range") if key in assertions]
    return frozenset[int]().union(*(expected_codes(status_rule(rule)) for rule in rules))


def _source(source: Any) -> dict[str, str]:
    if isinstance(source, str):
        source = {"json_path": source}
    if not (isinstance(source, dict) and len(source) == 1 and set(source) <= set(SOURCES)):
        raise ValidationError(f"Name one of {', '.join(SOURCES)}.")
    ((kind, what),) = source.items()
    if not isinstance(what, str) or not 1 <= len(what) <= 1_000:
        raise ValidationError(f"{kind} must be a text of 1 to 1000 characters.")
    try:
        if kind == "json_path":
            parse_path(what)
        elif kind == "regex":
            pattern(what)
    except ValueError as error:
        raise ValidationError(f"{error}.") from None
    return {kind: what}


def _limit(value: Any) -> None:
    limit = value.get("lt") if isinstance(value, dict) and set(value) == {"lt"} else value
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
        raise ValidationError('Write {"lt": 500}.')
