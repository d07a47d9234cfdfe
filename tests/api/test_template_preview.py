"""POST /notification-channels/preview."""


def test_a_template_is_tried_without_saving_it(alice, rows):
    path = "/notification-channels/preview"
    template = {"subject": "{{ severity }}: {{ title }}", "body": "{{ service.name }} is ill"}
    answer = alice.post(path, {"template": template})
    assert answer.json == {
        "subject": "info: Example service: Test notification",
        "body": "Example service is ill",
    }
    usual = alice.post(path, {"template": {"subject": "Only this"}}).json
    assert usual["subject"] == "Only this"
    assert usual["body"].startswith("This is a test.")
    broken = alice.post(path, {"template": {"body": "{% for %}"}})
    assert broken.status_code == 422
    assert "body" in str(broken.json["fields"])
    assert rows("SELECT count(*) FROM notification_channels") == [(0,)]
