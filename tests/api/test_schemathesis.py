"""Requests made up from the OpenAPI document: no 5xx, and no answer that it does not describe."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories import make_person
from tests.url_arguments import OWNED

CALLS = 600  # of each mode, over all operations
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What a schema cannot say of an address: that one time comes before another, or what else has to be
# shown to be let in.
RELATED = (
    "GET /api/v1/services/{service_id}/checks",
    "GET /api/v1/services/{service_id}/metrics",
    "GET /api/v1/services/{service_id}/outages",
    "GET /api/v1/services/{service_id}/uptime",
    "GET /api/v1/on-call-schedules/{schedule_id}/timeline",
    "GET /api/v1/ws",
)
PROFILE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def checks_of(operation):
    """What an operation without a body allows, it takes: bodies may name what is not there."""
    is_judged = not operation.body and operation.label not in RELATED
    return [*CHECKS, positive_data_acceptance] if is_judged else CHECKS


def try_out(operation, mode, person, examples):
    """Call an operation with made-up requests; return how often each class of status came."""
    statuses = Counter()
    checks = checks_of(operation)
    names = [name for name in OWNED if f"{{{name}}}" in operation.path]
    ids = {name: str(OWNED[name](person)) for name in names}

    @settings(PROFILE, max_examples=examples)
    @given(operation.as_strategy(generation_mode=mode), booleans())
    def call(case, known):
        if known:  # else most calls would end at the first unknown name
            case.query.pop("org", None)
            case.path_parameters.update(ids)
        # With it, the items of a list are parts of what the document describes.
        case.query.pop("fields", None)
        # A new token, because this call may end it; the library does not decompress by itself.
        headers = person.with_epoch().headers | {"Accept-Encoding": "identity"}
        answer = case.call_and_validate(headers=headers, checks=checks)
        statuses[answer.status_code // 100] += 1

    call()
    return statuses


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(app, configure, answering, mode):
    configure(plan_limits=False, rate_limits=False)
    failures, statuses = [], Counter()
    api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [result.ok() for result in api.get_all_operations()]
    for operation in operations:
        person = make_person(app, "Alice")  # a new one: the last call may have ended anything
        try:
            statuses += try_out(operation, mode, person, max(4, CALLS // len(operations)))
        except Unsatisfiable:
            continue  # nothing about this operation can be wrong
        except (Exception, BaseExceptionGroup) as error:
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
    assert statuses[2] > 20  # it got past the door
