"""Charts in zones that are not whole hours from the browser's: their lines stand at whole hours."""

import re

import pytest

from tests.console import sample
from tests.console.screens import address, show
from tests.waiting import seconds_until

# Texts that are drawn on a canvas, which no locator sees.
_KEEP_DRAWN = """(() => {
  window.drawn = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    window.drawn.push(String(text));
    return draw.call(this, text, ...place);
  };
})();"""
_CLOCK = re.compile(r"(?:\w{3} \d+ \w{3} )?(\d\d):(\d\d)")


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def living_in(product):
    """Returns a function that has Ada live in a zone, until the end of the test."""
    ada = {"full_name": sample.OWNER[1], "email": sample.OWNER[0]}
    yield lambda zone: product.call("PUT", "/profile", ada | {"timezone": zone})
    product.call("PUT", "/profile", ada | {"timezone": "UTC"})


@pytest.mark.parametrize(
    "zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]
)
def test_lines_of_a_chart_stand_at_whole_hours_of_the_zone_of_the_profile(
    sign_in, product, living_in, zone
):
    living_in(zone)
    tab = sign_in(timezone_id="UTC")
    tab.add_init_script(_KEEP_DRAWN)
    for span, may_be in (("24h", range(24)), ("7d", (0, 12)), ("30d", (0,))):
        show(tab, address(product, "/services/{services}") + f"?range={span}")

        def clocks():
            return [found for text in tab.evaluate("drawn") if (found := _CLOCK.fullmatch(text))]

        seconds_until(clocks, 30)
        assert {found[2] for found in clocks()} == {"00"}, f"{span}: {tab.evaluate('drawn')}"
        assert {int(found[1]) for found in clocks()} <= set(may_be), span
