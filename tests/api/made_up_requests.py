"""Requests made up from the OpenAPI document, and what answers to them must be."""

import gc
from collections import Counter
from itertools import count, product

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import converter
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.web import create_app
from tests.factories import make_person
from tests.url_arguments import OWNED

EXAMPLES = 4  # for each operation and mode; of bodies that the schema allows, more
BODIES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What refuses a request before its values count: who calls, the object, its state, our limits.
BEFORE_VALUES = (401, 403, 404, 409, 429, 503)
# Schemas of a part of a path that nothing breaks: an empty one would be another path.
ANY_TEXT = ({"type": "string"}, {"type": "string", "minLength": 1})
PROFILE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


# The library writes the bounds of a text into its pattern: compiled, one of 20,000 characters takes
# 14 MB and a tenth of a second, in every schema that holds it. Beside the pattern, where the
# document has them, they allow the same texts, and what is drawn keeps to them all the same.
converter.update_pattern_in_schema = lambda schema: None


def check_accepted(_, answer, case):
    """What the schema allows is taken, or refused by a rule that the operation names."""
    status = answer.status_code
    if status < 400 or status in BEFORE_VALUES or case.operation.path == "/api/v1/ws":
        return
    named = case.operation.definition.raw["responses"]["422"].get("x-refusals", ())
    code = answer.json().get("code") if status == 422 else None
    assert code in named, f"{status}, code {code}, of {list(named)}: {answer.text}"


def can_be_wrong(operation):
    """Say whether a request to an operation can break what the document says of its values.

    It cannot where the operation takes nothing, or only parts of its path that may be any text.
    Hypothesis tries some hundred times before it gives such an operation up.
    """
    taken = [operation.query, operation.headers, operation.cookies, operation.body]
    parts = [parameter.definition["schema"] for parameter in operation.path_parameters]
    return any(taken) or any(schema not in ANY_TEXT for schema in parts)


def try_out(operation, mode, person, examples):
    """Call an operation with made-up requests; return how often each class of status came."""
    statuses = Counter()
    checks = [*CHECKS, check_accepted] if mode is GenerationMode.POSITIVE else CHECKS
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


def try_all(config):
    """Try out every operation in both modes.

    Returns what failed, and for each mode how often each class of status came.
    """
    gc.disable()  # in a process that ends with this: looking for it costs a ninth of the time
    app = create_app(config)
    failures, statuses = [], {mode.name: Counter() for mode in GenerationMode}
    api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [result.ok() for result in api.get_all_operations()]
    numbers = count(1)
    # Both modes of an operation use the same schemas: what the library made of them serves twice.
    for operation, mode in product(operations, GenerationMode):
        if mode is GenerationMode.NEGATIVE and not can_be_wrong(operation):
            continue
        # A new one: the last call may have ended anything. With a name of their own, as the slug of
        # a second organization of the same name would be looked for statement by statement.
        person = make_person(app, f"Alice{next(numbers)}")
        is_body = operation.body and mode is GenerationMode.POSITIVE
        try:
            answered = try_out(operation, mode, person, BODIES if is_body else EXAMPLES)
            statuses[mode.name] += answered
        except (Exception, BaseExceptionGroup) as error:
            failures.append(f"{operation.label}, {mode.name}: {error}")
    return failures, statuses
