"""The short form of the soak with people: nobody is missed, and no end comes alone."""

import tempfile
from pathlib import Path

from tests.flows.product import Product
from tests.receivers import MailReceiver
from tests.soak import people


def test_nobody_is_missed_while_people_act() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-people-") as folder,
        MailReceiver() as mail,
        Product(Path(folder).resolve(), SMTP_URL=f"{mail.url}?starttls=off") as product,
    ):
        product.ready()
        story = people.run(product, seconds=60, seed=7)
        print(story, *story.faults, sep="\n")
        if story.faults:
            print(product.logs())
        assert story.faults == [], str(story)
        assert story.alerts
