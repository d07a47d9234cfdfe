"""Keys in a tab: what has the focus, and the way to it."""

from tests.waiting import seconds_until

FOCUSED_NAME = """() => { const at = document.activeElement; const label = at.labels?.[0];
  return (label?.innerText || at.getAttribute('aria-label') || at.innerText || '').trim(); }"""
# What is wrong with what has the focus; empty where it is seen, as a ring of two pixels, uncovered.
_UNSEEN = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return 'the focus is lost';
  const said = at.outerHTML.slice(0, 120);
  const rings = [at, at.closest('.tag-box'), at.closest('.palette .ask')].filter(Boolean);
  const isRinged = rings.map((each) => getComputedStyle(each)).some((style) =>
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
    || (style.borderBottomColor === style.getPropertyValue('--focus')));
  if (!isRinged) return `no ring: ${said}`;
  const box = at.getBoundingClientRect();
  const [x, y] = [box.x + Math.min(box.width / 2, 40), box.y + Math.min(box.height / 2, 20)];
  const top = document.elementFromPoint(x, y);
  return top && (at.contains(top) || top.contains(at)) ? '' : `covered: ${said}`;
}"""
_MOST_STOPS = 80
_GIVEN_BACK_SECONDS = 20
_SEEN_SECONDS = 10  # longer than a message covers what is below it


def tab_to(tab, name, key="Tab", seen=lambda: None):
    """Press Tab until something is focused whose name begins so; `seen` is called at every stop."""
    for _ in range(_MOST_STOPS):
        tab.keyboard.press(key)
        if tab.evaluate("document.activeElement === document.body"):
            continue  # past the last element comes the browser itself
        seen()
        if tab.evaluate(FOCUSED_NAME).startswith(name):
            return
    raise AssertionError(f"no {name!r} by {key}")


def await_focus(tab, name):
    """Wait until something is focused whose name begins so: who closes gives the focus back."""
    seconds_until(lambda: tab.evaluate(FOCUSED_NAME).startswith(name), _GIVEN_BACK_SECONDS)


class Keyboard:
    """Somebody with keys alone: after every step the focus is in the page, and is seen."""

    def __init__(self, tab):
        self.tab = tab

    def press(self, *keys):
        """Press keys, one after the other."""
        for key in keys:
            self.tab.keyboard.press(key)
        self.look()

    def write(self, text):
        """Type a text where the focus is."""
        self.tab.keyboard.type(text)
        self.look()

    def go_to(self, name, key="Tab"):
        """Go from stop to stop to what is called so."""
        tab_to(self.tab, name, key, self.look)

    def look(self):
        """Wait until the focus is seen: what a press has changed is drawn a little later."""
        found = [""]

        def is_seen():
            found[0] = self.tab.evaluate(_UNSEEN)
            return not found[0]

        try:
            seconds_until(is_seen, _SEEN_SECONDS)
        except AssertionError as error:
            raise AssertionError(found[0]) from error
