"""The short form of the soak: random outages, random kills, every invariant at the end."""

import tempfile
from pathlib import Path

from tests.flows.product import Product
from tests.soak import outages


def test_no_page_is_lost_whatever_is_killed() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-story-") as folder,
        Product(Path(folder).resolve()) as product,
    ):
        product.ready()
        story = outages.run(product, seconds=75, seed=7)
        print(story, *story.faults, sep="\n")
        if story.faults:
            print(product.logs())
        assert story.faults == [], str(story)
        assert story.messages >= 8
        assert len(story.kills) >= 5
        assert story.escalated == 1
