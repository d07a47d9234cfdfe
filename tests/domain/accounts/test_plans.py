"""What the plans allow, and what callers are told of their limit."""

from app.domain.accounts.plans import PLANS, all_plans, plan_of, request_limits
from app.domain.accounts.rate_limits import Allowance


def test_the_documented_limits():
    figures = {name: (p.requests_per_minute, p.burst) for name, p in PLANS.items()}
    assert figures == {
        "free": (30, 50),
        "starter": (60, 100),
        "professional": (300, 500),
        "enterprise": (1200, 2000),
    }
    assert PLANS["free"].max_services == 5


def test_operators_change_single_limits():
    plan = plan_of("free", {"free": {"burst": 70}})
    assert (plan.requests_per_minute, plan.burst, plan.max_services) == (30, 70, 5)
    assert plan_of("no such plan") == PLANS["free"]
    assert all_plans({"starter": {"max_services": 9}})["starter"]["max_services"] == 9


def test_people_at_a_browser_get_enough():
    assert request_limits(PLANS["free"], interactive=False) == (30, 50)
    assert request_limits(PLANS["free"], interactive=True) == (600, 1000)
    assert request_limits(PLANS["enterprise"], interactive=True) == (1200, 2000)


def test_rate_limit_headers():
    first = Allowance(limit=30, used=1, now=1000.0).headers()
    assert first == {
        "X-RateLimit-Limit": "30",
        "X-RateLimit-Remaining": "29",
        "X-RateLimit-Reset": "1002",
        "X-RateLimit-Window": "60",
    }
    assert Allowance(30, 45, 1000.0).headers()["X-RateLimit-Remaining"] == "0"
    refused = Allowance(30, 50, 1000.0, retry_after=2)
    assert not refused.is_allowed
    assert refused.headers()["X-RateLimit-Remaining"] == "0"
