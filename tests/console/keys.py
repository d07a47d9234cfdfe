"""Keys in a tab: what has the focus, and the way to it."""

FOCUSED_NAME = """() => { const at = document.activeElement; const label = at.labels?.[0];
  return (label?.innerText || at.getAttribute('aria-label') || at.innerText || '').trim(); }"""


def tab_to(tab, name):
    """Press Tab until something is focused whose name begins so."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate(FOCUSED_NAME).startswith(name):
            return
    raise AssertionError(f"no {name!r} by Tab")
