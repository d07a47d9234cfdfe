"""Room for words: in narrow windows, long languages and large text nothing is out of sight."""

import re

import pytest

from tests.console.accessibility import too_wide
from tests.console.screens import SCREENS, address, move, show

# What is wider than its box, where the box hides it and says so in no way: no scroll bar, no dots
# with the whole as a title, and no way to it by opening.
_CUT = """() => {
  const found = [];
  const text = (each) => each.innerText?.trim().replaceAll(/\\s+/g, ' ').slice(0, 50);
  const seen = (each) => each.checkVisibility()
    && !each.closest('.only-read, thead, .search'); // the search is its icon where there is no room
  const own = '.week, .chart > div, .preview-box, .lane, .shift';
  for (const each of document.querySelectorAll('#app *')) {
    if (!seen(each) || !text(each) || each.matches(own)) continue;
    const style = getComputedStyle(each);
    if (style.overflowX === 'visible' || each.scrollWidth <= each.clientWidth + 1) continue;
    const rolls = ['auto', 'scroll'].includes(style.overflowX);
    const opens = each.querySelector('a, [title]') || each.closest('a, button, summary, [title]');
    const dots = style.textOverflow === 'ellipsis' && (opens || each.matches('.cell'));
    if (!dots && !(rolls && style.scrollbarWidth !== 'none')) {
      found.push(`${each.tagName}.${each.className}: ${text(each)}`);
    }
  }
  const kinds = ['a', 'button', 'input', 'select', 'h1', 'h2'].map((kind) => `#app ${kind}`);
  for (const each of document.querySelectorAll(kinds.join())) {
    const box = each.getBoundingClientRect();
    if (!seen(each) || !box.width || each.closest('.scroller, .plain-box, .week')) continue;
    if (box.right > innerWidth + 1 || box.left < -1) {
      found.push(`off the edge: ${each.tagName} ${text(each) || each.ariaLabel}`);
    }
  }
  return found;
}"""
# Words half as long again, as those of German are at their worst; names in braces stay.
_LONG = (
    "const said = table[text] ?? text;",
    """const said = (table[text] ?? text).replace(/\\{\\w+\\}|\\p{L}{3,}/gu, (word) =>
      word[0] === '{' ? word : word + word.slice(-Math.ceil(word.length / 2)));""",
)


@pytest.fixture(scope="module")
def product(filled):
    return filled


def cut(tab, width):
    tab.set_viewport_size({"width": width, "height": 740})
    return too_wide(tab, width) + [f"{width}: {each}" for each in tab.evaluate(_CUT)]


@pytest.fixture(scope="module")
def usual(sign_in):
    """A tab, and the browser's setting for the size of text, which holds for what is shown too."""
    tab = sign_in(at="/")
    tools = tab.context.new_cdp_session(tab)
    tools.send("Page.enable")

    def enlarge(times):
        sizes = {"standard": 16 * times, "fixed": 13 * times}
        tools.send("Page.setFontSizes", {"fontSizes": sizes})

    tab.enlarge = enlarge
    return tab


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_out_of_sight_on_a_narrow_window_and_with_text_of_twice_the_size(
    usual, product, screen
):
    usual.enlarge(1)
    move(usual, address(product, SCREENS[screen]))
    faults = [fault for width in (360, 320) for fault in cut(usual, width)]
    usual.enlarge(2)
    size = usual.locator("h1").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert size >= 40, "the text is no larger"
    faults += [f"large: {fault}" for width in (1280, 768) for fault in cut(usual, width)]
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="module")
def wordy(sign_in, product):
    """A tab whose language needs half as much room again."""
    tab = sign_in()

    def lengthen(route):
        answer = route.fetch()
        body = answer.text()
        assert body.count(_LONG[0]) == 1
        route.fulfill(response=answer, body=body.replace(*_LONG))

    tab.route(re.compile(r"/lib/words\.mjs"), lengthen)
    show(tab, address(product, "/"))
    return tab


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_out_of_sight_in_a_long_language(wordy, product, screen):
    move(wordy, address(product, SCREENS[screen]))
    faults = [fault for width in (1280, 360, 320) for fault in cut(wordy, width)]
    assert not faults, "\n".join(faults)
