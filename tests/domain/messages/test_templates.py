"""Templates of users: what they can say, and that none can run long, grow large or lose a page."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.channels import templates
from app.channels.templates import validate_template
from app.domain.messages.template_language import BrokenTemplate, render
from tests.channels.sending import ALERT, message
from tests.waiting import stretched

MESSAGE = message()


@pytest.fixture(scope="module", autouse=True)
def children():
    yield
    templates.close()


def apply_template(what, template):
    return asyncio.run(templates.apply_template(what, template))


def rendered(body: str) -> str:
    assert validate_template({"body": body}) == {}
    return apply_template(MESSAGE, {"body": body}).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ alert.title }}", "Service down Triggered by Check"),
        ("{{ service.name | upper }}: {{ reason }}", f"CHECKOUT: {ALERT['message']}"),
        ("{{ severity }} {{ event }} {{ organization.name }}", "critical alert.fired Acme"),
        ("{{ links.acknowledge }}", "https://status.example.com/alerts/act/signed-ack"),
        ("{% if severity == 'critical' %}Wake up{% else %}Relax{% endif %}", "Wake up"),
        ("{% for f in facts %}{{ loop.index }}={{ f.label }};{% endfor %}",
         "1=Service;2=Endpoint;3=Severity;4=Since;"),
        ("[{{ nothing }}{{ nothing.at.all }}{{ alert.nothing }}{{ heartbeat.name }}]", "[]"),
        ("{{ nothing | default('unknown') }}", "unknown"),
        ("{{ 1500 / 1000 }} s{{ nothing / 2 }}", "1.5 s"),
        ("{{ alert.title[:7] ~ '!' }}", "Service!"),
        ("{{ alert.title | replace('Service', 'Shop') }}", "Shop down Triggered by Check"),
        ("{{ '<b>' }} & {{ alert.acknowledged_at }}.", "<b> & ."),
    ],
)  # fmt: skip
def test_what_a_template_can_say(body, text):
    assert rendered(body) == text


def test_subject_and_body_stand_alone():
    told = apply_template(MESSAGE, {"subject": "{{ service.name }}\n broke"})
    assert told.subject == "Checkout broke"
    assert told.text == MESSAGE.text
    told = apply_template(MESSAGE, {"subject": "", "body": "It broke"})
    assert told.subject == MESSAGE.subject
    assert (told.text, told.facts) == ("It broke", ())


@pytest.mark.parametrize("template", [None, {}, {"subject": "", "body": ""}, {"body": " {{ x }} "}])
def test_a_template_that_says_nothing_changes_nothing(template):
    assert apply_template(MESSAGE, template).text == MESSAGE.text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("one\ntwo\n{{ x", "Line 3: unexpected end of template"),
        ("{% for %}", "Line 1: Expected an expression"),
        ("\n{% endif %}", "Line 2: Encountered unknown tag 'endif'"),
        ("{{ 'a' ** 9 }}", "Line 1: ** cannot be used in a message template."),
        ("{{ range(10) }}", "Line 1: calls cannot be used in a message template."),
        ("{{ ''.join([]) }}", "Line 1: calls cannot be used"),
        ("{% set a = 1 %}", "Line 1: {% set %} cannot be used"),
        ("{% include 'x' %}", "Line 1: {% include %} cannot be used"),
        ("{% extends 'x' %}", "Line 1: {% extends %} cannot be used"),
        ("{% macro m() %}{% endmacro %}", "Line 1: {% macro %} cannot be used"),
        ("{% for a in text %}{% for b in text %}{% endfor %}{% endfor %}", "loop inside a loop"),
        ("{% for a in facts recursive %}{% endfor %}", "loop inside a loop"),
        ("{{ text | center(999999999) }}", "Line 1: there is no filter center."),
        ("{{ text is filter }}", "Line 1: there is no test filter."),
        ("{{" + "(" * 3_000 + "a" + ")" * 3_000 + "}}", "Not a template."),
        ("{{ " + "not " * 500 + "a }}", "too complex"),
        ("{{ " + "a ~ " * 1_200 + "a }}", "too complex"),
        ("{{ " + "9" * 9_000 + " }}", "Not a template."),
        ("x" * 10_001, "At most 10000 characters of text."),
        (7, "At most 10000 characters of text."),
    ],
)
def test_what_is_refused_at_once(body, problem):
    problems = validate_template({"subject": "fine", "body": body})
    assert list(problems) == ["body"]
    assert problem in problems["body"][0]
    told = apply_template(MESSAGE, {"body": body})
    assert told.text.startswith(MESSAGE.text)
    assert "template failed, so this is the usual text" in told.text


def test_a_long_subject_is_refused():
    assert "At most 500" in validate_template({"subject": "x" * 501})["subject"][0]


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'x%1000000000d' % 1 }}",
        "{{ 999999999999999 * 999999999999999 * 999999999999999 }}",
        "{{ text | replace('', text) | replace('', text) | replace('', text) }}",
        "{{ text" + " | tojson" * 25 + " }}",
        "{{ text | list | join(text) | list | join(text) }}",
        "{% for f in facts %}" + "{{ text }}" * 300 + "{% endfor %}",
        "{% for c in text %}{% if (" + "text ~ " * 900 + "'') == 'q' %}{% endif %}{% endfor %}",
        "{% for c in text %}{% if text | list | sort | join(text) %}{% endif %}{% endfor %}",
        "{{ severity | length | round(20000000, 'ceil') }}",
        "{{ severity | length | round(precision=-20000000) }}",
        "{{ facts | tojson(indent=1000000000) }}",
        "{{ text | replace('', text) }}",
        "{{ text | join(text) }}",
    ],
)
def test_bombs_do_not_go_off(body):
    big = message(alert={**ALERT, "message": '"\\' * 5_000})
    started = time.perf_counter()
    told = apply_template(big, {"body": body})
    assert time.perf_counter() - started < stretched(20.0)
    assert told.title == big.title
    assert len(told.text) < 25_000


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ alert.__class__ }}{{ alert['__class__'] }}",
        "{{ text.format.__globals__ }}",
        "{{ facts.append }}{{ self }}{{ config }}{{ loop }}",
        "{{ (alert | list).__init__ }}",
    ],
)
def test_the_inside_of_python_is_out_of_reach(body):
    told = apply_template(MESSAGE, {"body": f"ok {body}"})
    assert not any(word in told.text for word in ("class '", "<built-in", "__main__", "<function"))


@pytest.mark.parametrize(
    "body", ["{{ 1 | round(30000000, 'ceil') }}", "{{ [1] | tojson(indent=900000000) }}"]
)
def test_what_is_folded_while_it_is_validated_is_refused(body):
    (problem,) = validate_template({"body": body})["body"]
    assert "number beyond" in problem


@pytest.mark.parametrize("limit", ["cpu", "memory"])
def test_an_operation_in_c_that_nobody_thought_of_ends_its_process_alone(
    limit, monkeypatch, tmp_path
):
    """The kernel's limits are tried on the very child, through a template the language allows."""
    source = templates._CHILD.read_text()
    poison = "lambda: 7 ** 30_000_000 % 10" if limit == "cpu" else "lambda: len(bytearray(10**9))"
    hook = f"    if 'poison' in str(order): ({poison})()\n    template, variables ="
    source = source.replace("Path(__file__).parents[2]", repr(str(templates._CHILD.parents[2])))
    child = tmp_path / "child.py"
    child.write_text(source.replace("    template, variables =", hook))
    monkeypatch.setattr(templates, "_CHILD", child)
    monkeypatch.setattr(templates, "_pool", None)
    try:
        began = time.perf_counter()
        told = apply_template(MESSAGE, {"body": "poison"})
        assert "takes too long or too much memory" in told.text
        assert validate_template({"body": "poison"})["body"] == [
            "It takes too long or too much memory."
        ]
        apply_template(MESSAGE, {"body": "poison"})  # known by now: nothing is started for it
        assert time.perf_counter() - began < stretched(20.0)
        assert apply_template(MESSAGE, {"body": "fine"}).text == "fine"
    finally:
        templates.close()


def test_a_child_that_was_killed_is_replaced():
    assert rendered("{{ severity }}") == "critical"
    for child in templates._the_pool()._idle:
        child._process.kill()
        child._process.wait()
    assert rendered("{{ severity }}!") == "critical!"


def test_the_language_itself_still_refuses_what_grows():
    for source in ("{{ t | replace('', t) }}", "{{ t | join(t) }}", "{{ 2 | round(16) }}"):
        with pytest.raises(BrokenTemplate):
            render(source, 1_000, {"t": "x" * 4_000})
    assert render("{{ 1.25 | round(1) }}{{ 30000 | default(40000) }}", 1_000, {}) == "1.230000"


@given(st.text("{}%|()[]'\"~+-*/. \nabfiorxtse0123456789_<>=", max_size=80))
def test_no_template_raises(body):
    assert apply_template(MESSAGE, {"subject": body, "body": body}).text
    validate_template({"subject": body, "body": body})
