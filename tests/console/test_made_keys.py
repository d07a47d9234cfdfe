"""Keys that buttons make: the secret of a webhook, and the link of a screen on the wall."""

from base64 import b64decode

from tests.console import sample
from tests.console.conftest import TOLD_MS
from tests.console.screens import show


def test_a_button_makes_a_key_of_32_bytes(sign_in, filled):
    tab = sign_in()
    show(tab, f"http://127.0.0.1:{filled.port}/channels/new?type=webhook")
    tab.get_by_text("More settings").click()
    field = tab.locator(".field").filter(has=tab.get_by_text("Standard Webhooks")).first
    keys = set()
    for _ in range(2):
        field.get_by_role("button", name="Make a key").click()
        box = field.get_by_role("textbox")
        assert box.get_attribute("type") == "text"  # to be copied to the receiver
        prefix, _, encoded = box.input_value().partition("whsec_")
        assert prefix == ""
        assert len(b64decode(encoded, validate=True)) == 32
        keys.add(encoded)
    assert len(keys) == 2
    assert tab.problems == []


def test_a_screen_shows_the_wall_by_a_link_without_anybody_s_session(
    sign_in, open_tab, expect, filled
):
    tab = sign_in()
    show(tab, f"http://127.0.0.1:{filled.port}/services?tag=web")
    tab.get_by_role("button", name="Show groups, columns, files").click()
    tab.get_by_role("button", name="Link for a wall screen").click()
    tab.get_by_label("Name").fill("Hall")
    tab.get_by_role("button", name="Make it").click()
    link = tab.locator("dialog pre").inner_text()
    (key,) = (each for each in filled.call("GET", "/api-keys") if each["name"] == "Hall")
    assert key["scopes"] == ["wall"]
    screen = open_tab()
    sent = []
    screen.on("request", lambda request: sent.append(request.url))
    screen.goto(link)
    web = [name for name, _, tags, _ in sample.SERVICES if "web" in tags]
    expect(screen.locator(".service-tile")).to_have_count(len(web))
    expect(screen.locator("h1")).to_have_text("Field & Loom")
    count = filled.call("GET", "/services/wall")["open_alerts"]
    words = "one open alert" if count == 1 else f"{count} open alerts"
    expect(screen.get_by_role("status").last).to_contain_text(f"Live · {words}")
    assert screen.locator("a, button").count() == 0
    screen.reload()  # as after a power cut
    expect(screen.locator(".service-tile")).to_have_count(len(web))
    assert not [url for url in sent if "WK_" in url.partition("#")[0]], "no server hears the key"
    filled.call("DELETE", f"/api-keys/{key['id']}")
    told = screen.get_by_role("alert")
    expect(told).to_contain_text("not valid any more", timeout=TOLD_MS)
    assert screen.problems == []
    screen.context.close()
