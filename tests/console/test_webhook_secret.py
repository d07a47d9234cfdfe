"""The secret of a webhook: a button makes one that every library of Standard Webhooks takes."""

from base64 import b64decode

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
