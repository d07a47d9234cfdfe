"""Fifty names that strangers give: text on every list, and no wider than it."""

import pytest

from tests.console.screens import hosts_of, move


@pytest.fixture(scope="module")
def owner(sign_in):
    tab = sign_in(at="/profile")
    tab.hosts = hosts_of(tab)
    return tab


@pytest.fixture(scope="module")
def product(filled):
    return filled


# Each that could run would raise `window.ran`. Control characters, also of the reading direction,
# are left out: the API refuses them (tests/api).
HOSTILE = (
    "<img src=x onerror=ran=1>",
    '"><script>ran=1</script>',
    "{{ 7 * 7 }} ${7 * 7} %s",
    "<script>ran=1</script>",
    "</script><script>ran=1</script>",
    "</title><script>ran=1</script>",
    "</textarea><svg onload=ran=1>",
    "<svg/onload=ran=1>",
    "<svg><animate onbegin=ran=1 attributeName=x dur=1s>",
    "<body onload=ran=1>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<iframe src=javascript:parent.ran=1>",
    "<a href=javascript:ran=1>press</a>",
    "javascript:ran=1",
    "data:text/html,<script>ran=1</script>",
    "<details open ontoggle=ran=1>",
    "<input autofocus onfocus=ran=1>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//127.0.0.1:9/x.css>",
    "<base href=//127.0.0.1:9/>",
    "<meta http-equiv=refresh content=0;url=//127.0.0.1:9/>",
    "<template><img src=x onerror=ran=1></template>",
    "<math><mtext><img src=x onerror=ran=1>",
    "<!-- <b>",
    "<![CDATA[ <b> ]]>",
    "&lt;b&gt; &amp; &#60;b&#62; &nbsp;",
    "' onmouseover=ran=1 x='",
    '" onmouseover=ran=1 x="',
    "` onmouseover=ran=1 x=`",
    "'; DROP TABLE services; --",
    "\\u003cscript\\u003eran=1\\u003c/script\\u003e",
    "{% for a in b %}{% endfor %}",
    "<%= 7 * 7 %> #{7 * 7} [[7*7]]",
    "{{constructor.constructor('ran=1')()}}",
    "${ran=1}",
    "__proto__",
    "constructor",
    "null",
    "../../../etc/passwd?x=1#y",
    "**bold** [link](javascript:ran=1) `code`",
    "=1+1 @sum +2 -3",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "abc \u05d3\u05d4\u05d5 (1) 2 <3> \u05d0",
    "\U0001f525" * 20,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308",
    "long" * 50,
    "W" * 200,
    "\u4e2d" * 200,
    "Z" + "\u0310\u0311\u0312\u0313\u0314" * 30,
    "a\u0301\u0302\u0303\u0304 b\u00a0c",
)
NAMED = {
    "services": {"endpoint": "http://127.0.0.1:9/", "check_type": "HTTP", "is_active": False},
    "heartbeats": {},
    "notification-channels": {"type": "webhook", "config": {"url": "http://127.0.0.1:9/"}},
    "alert-rules": {"severity": "info", "is_enabled": False},
    "maintenance-windows": {
        "starts_at": "2040-01-01T00:00:00Z",
        "ends_at": "2040-01-01T01:00:00Z",
        "tags": ["nothing"],
    },
    "teams": {},
    "on-call-schedules": {},
    "escalation-policies": {},
    "status-pages": {},
}
PLACES = {
    "notification-channels": "channels",
    "alert-rules": "rules",
    "teams": "organization",
    "on-call-schedules": "on-call",
    "status-pages": "pages",
}


@pytest.mark.parametrize("kind", NAMED)
def test_names_of_strangers_are_text_and_fit(owner, product, kind):
    owner.problems.clear()
    owner.hosts.clear()
    place = PLACES.get(kind, kind.partition("-")[0])
    query = {"teams": "?tab=teams", "services": "?plain=1"}.get(kind, "")
    body = body_of(product, kind)
    made = [
        product.call("POST", f"/{kind}", body | own_of(kind, at) | {"name": name})
        for at, name in enumerate(HOSTILE)
    ]
    try:
        owner.set_viewport_size({"width": 360, "height": 800})
        move(owner, f"http://127.0.0.1:{product.port}/{place}{query}")
        text = owner.locator(".main").text_content()
        assert [name for name in HOSTILE if name not in text] == []
        assert owner.locator(".main :is(img, script, iframe, style, link, base, meta)").count() == 0
        for width in (360, 1280):
            owner.set_viewport_size({"width": width, "height": 800})
            assert owner.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        assert owner.evaluate("typeof window.ran") == "undefined"
    finally:
        for each in made:
            product.call("DELETE", f"/{kind}/{each['id']}")
    assert owner.problems == []
    assert owner.hosts == {"127.0.0.1"}


def own_of(kind, at):
    """Fields in which each of a kind differs, beside its name."""
    return {"slug": f"named-{at}"} if kind == "status-pages" else {}


def body_of(product, kind):
    """Fields that something of a kind needs, the same for all."""
    if kind == "escalation-policies":
        channel = next(iter(product.sample.ids["notification-channels"].values()))
        level = {"level": 1, "delay_minutes": 5, "notify_type": "channel", "notify_id": channel}
        return {"rules": [level]}
    if kind == "on-call-schedules":
        weekly = {"name": "Weekly", "rotation_type": "weekly"}
        return {"layers": [weekly | {"users": [product.call("GET", "/profile")["id"]]}]}
    return NAMED[kind]
