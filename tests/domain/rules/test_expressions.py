import pytest

from app.domain.rules import conditions
from app.domain.rules.types import ConditionError
from tests.domain.written_conditions import as_json


def metric_test(name, operator, value):
    return {"metric": name, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("response_time > 5000", metric_test("response_time_ms", ">", 5000)),
        ("response_time_ms>5000", metric_test("response_time_ms", ">", 5000)),
        ("status_code != 200", metric_test("status_code", "!=", 200)),
        ("ssl_expiry < 14", metric_test("ssl_days_remaining", "<", 14)),
        ('!body_contains("ok")', {"not": metric_test("body", "contains", "ok")}),
        ("!body_contains('ok')", {"not": metric_test("body", "contains", "ok")}),
        ("dns_resolved == false", metric_test("dns_resolved", "==", False)),
        ("tcp_connected == false", metric_test("tcp_connected", "==", False)),
        ("!tcp_connected", {"not": metric_test("tcp_connected", "==", True)}),
        ("status == RED", metric_test("status", "==", "RED")),
        ('status == "red"', metric_test("status", "==", "RED")),
        ("status in [RED, YELLOW]", metric_test("status", "in", ["RED", "YELLOW"])),
        ("status_code in [500,502]", metric_test("status_code", "in", [500, 502])),
        ("status_code startsWith 5", metric_test("status_code", "startsWith", "5")),
        ('status_code matches "5.."', metric_test("status_code", "matches", "5..")),
        ('error contains "timed out"', metric_test("error", "contains", "timed out")),
        ('error_contains("timed out")', metric_test("error", "contains", "timed out")),
        ('error_matches("time.*")', metric_test("error", "matches", "time.*")),
        ('error startsWith "TLS"', metric_test("error", "startsWith", "TLS")),
        ("consecutive_failures >= 3", metric_test("consecutive_failures", ">=", 3)),
        ("response_time <= 0.5", metric_test("response_time_ms", "<=", 0.5)),
        ("response_time > -1", metric_test("response_time_ms", ">", -1)),
        (r'error contains "say \"no\""', metric_test("error", "contains", 'say "no"')),
        (r"error contains 'it\'s'", metric_test("error", "contains", "it's")),
        ("error contains 'a \"b\"'", metric_test("error", "contains", 'a "b"')),
        ('error contains "größe"', metric_test("error", "contains", "größe")),
        ("\n status\t==\nRED ", metric_test("status", "==", "RED")),
    ],
)
def test_a_test_in_short_form(expression, expected):
    assert as_json(conditions.parse(expression)) == expected


R = metric_test("status", "==", "RED")
S = metric_test("response_time_ms", ">", 1)
C = metric_test("status_code", "!=", 200)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("R && S", {"all": [R, S]}),
        ("R || S", {"any": [R, S]}),
        ("R && S && C", {"all": [R, S, C]}),
        ("R || S && C", {"any": [R, {"all": [S, C]}]}),
        ("R && S || C", {"any": [{"all": [R, S]}, C]}),
        ("(R || S) && C", {"all": [{"any": [R, S]}, C]}),
        ("!R", {"not": R}),
        ("!!R", {"not": {"not": R}}),
        ("!(R || S)", {"not": {"any": [R, S]}}),
        ("!R && S", {"all": [{"not": R}, S]}),
        ("((R))", R),
    ],
)
def test_and_binds_tighter_than_or(expression, expected):
    written = (
        expression.replace("R", "status == RED")
        .replace("S", "response_time > 1")
        .replace("C", "status_code != 200")
    )
    assert as_json(conditions.parse(written)) == expected


@pytest.mark.parametrize(
    ("expression", "position", "part"),
    [
        ("", 0, "expected a test instead of the end"),
        ("   ", 3, "the end"),
        ("response_time", 13, "expected one of =="),
        ("response_time >", 15, "expected a value"),
        ("response_time = 5", 14, "write =="),
        ("response_time >> 5", 15, "expected a value"),
        ("response_time > fast", 16, "a number"),
        ("response_time > 5s", 16, "cannot read '5'"),
        ('response_time > "5"', 16, "a number"),
        ("response_time contains 5", 14, "is compared with"),
        ("latency > 5", 0, "unknown name 'latency'"),
        ("body == 5", 0, "unknown name"),
        ("uptime_percentage < 99", 0, "needs window_minutes"),
        ("slo_burn_rate > 2", 0, "needs window_minutes"),
        ("status == BLUE", 10, "choose one of GREEN"),
        ("status in RED", 10, "a list"),
        ("status in [RED,", 15, "expected a value"),
        ("status in [RED", 14, "expected ']'"),
        ("status in []", 11, "expected a value"),
        ("status == RED status == RED", 14, "expected && or ||"),
        ("status == RED & status == RED", 14, "write &&"),
        ("status == RED | status == RED", 14, "write ||"),
        ("status == RED &&", 16, "the end"),
        ("|| status == RED", 0, "expected a test"),
        ("(status == RED", 14, "expected ')'"),
        ("status == RED)", 13, "expected && or ||"),
        ("body_contains(ok)", 14, "a text in quotes"),
        ("body_contains(", 14, "a text in quotes"),
        ('body_contains("ok"', 18, "expected ')'"),
        ('body_contains "ok"', 14, "expected '('"),
        ('body_contains("")', 14, "empty text"),
        ('error contains "open', 15, "not closed"),
        (r'error contains "\q"', 15, "unknown escape"),
        ('error_matches("(")', 14, "cannot be used"),
        ("dns_resolved == 1", 16, "true or false"),
        ("5 > response_time", 0, "expected a test"),
        ("(" * 12 + "status == RED" + ")" * 12, 10, "nested deeper"),
        ("!" * 12 + "status == RED", 10, "nested deeper"),
        (" || ".join(["status == RED"] * 51), 850, "more than 50 tests"),
        ("status == RED\x00", 13, "cannot read"),
        ("response_time > " + "9" * 500, 16, "out of range"),
    ],
)
def test_a_bad_expression_says_where(expression, position, part):
    with pytest.raises(ConditionError) as caught:
        conditions.parse(expression)
    assert (caught.value.position, part in caught.value.message) == (position, True), caught.value


def test_the_position_stands_in_front_counted_from_one():
    with pytest.raises(ConditionError, match=r"^at character 17: "):
        conditions.parse("response_time > fast")
