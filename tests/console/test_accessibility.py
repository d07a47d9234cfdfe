"""Axe as the tests run it finds what it finds untouched: `accessibility` makes it quicker."""

from axe_playwright_python.base import AXE_SCRIPT as UNTOUCHED

from tests.console import accessibility

# Contrasts just below and just above what is asked for, in the forms in which colours come, in
# layers that shine through; and faults that have to do with no colour.
_GROUNDS = ("#fff", "rgb(0 0 0 / 60%)", "hsl(210 40% 20%)", "oklch(0.9 0.05 200)", "transparent")
_INKS = (
    "#767676", "#777777", "rgb(118 118 118 / 90%)", "white", "hsl(0 100% 45%)",
    "color-mix(in srgb, red 60%, white)", "oklch(0.6 0.2 30)", "color(srgb 0.46 0.46 0.47)",
)  # fmt: skip
_PAGE = "".join(
    f'<section style="background: {ground}; opacity: {opacity}">'
    f'<p style="color: {ink}">{ground} {ink} <a href="/x" style="color: inherit">link</a></p>'
    "</section>"
    for ground in _GROUNDS
    for ink in _INKS
    for opacity in ("1", "0.8")
)
_FAULTS = (
    '<img src="data:,"><button></button><input><div role="checkbox">x</div><h4>x</h4>'
    "<nav>x</nav><nav>y</nav><ul><div>x</div></ul><p lang=xx-zz>x</p><select><option>x</select>"
    '<table><tr><th></th><td headers="y">x</td></tr></table><svg role="img"></svg>'
    '<div aria-hidden="true"><button>x</button></div><i role="nonsense">x</i><i tabindex="5">x</i>'
    '<div style="position: relative"><p>covered</p><p style="position: absolute; inset: 0;'
    ' background: #fffc">x</p></div><div style="overflow: auto; height: 9px">x<br>y<br>z</div>'
)
_RUN = """async () => {
  const { violations, incomplete } = await axe.run({ preload: false });
  return [violations, incomplete].map((kind) => kind.map(({ id, nodes }) => [id,
    nodes.map(({ html, any }) => [html, any.map((each) => [each.message, each.data])])]));
}"""


def found_by(tab, script):
    tab.set_content(f"<!doctype html><html lang=en><title>x</title><main>{_PAGE}{_FAULTS}</main>")
    tab.evaluate(script)
    return tab.evaluate(_RUN)


def test_axe_finds_the_same_as_untouched(browser):
    tab = browser.new_page()
    expected = found_by(tab, UNTOUCHED)
    tab.close()
    tab = browser.new_page()
    found = [found_by(tab, accessibility.AXE_SCRIPT), tab.evaluate(_RUN)]
    tab.close()
    violations = dict(expected[0])
    assert len(violations["color-contrast"]) > 10
    assert {"image-alt", "button-name", "label", "landmark-unique", "list"} <= violations.keys()
    assert {"select-name", "aria-hidden-focus", "aria-roles"} <= violations.keys()
    assert found == [expected] * 2
