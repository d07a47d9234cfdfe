"""The console in the colours of the system, as in the high contrast of Windows, light and dark."""

import pytest

from tests.console.screens import SCREENS, address, move, show

THEMES = ("light", "dark")
# What a button looks like: its ground, its words, its border.
_LOOK = """(each) => { const style = getComputedStyle(each);
  return [style.backgroundColor, style.color, style.borderTopStyle].join(); }"""
_RATIO = """(each) => {
  const light = (colour) => { const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
      const c = part / 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const probe = document.createElement('i');
  probe.style.cssText = 'forced-color-adjust: none; color: Canvas';
  document.body.append(probe);
  const ground = getComputedStyle(probe).color;
  probe.remove();
  const style = getComputedStyle(each);
  const [a, b] = [light(style.fill === 'none' ? style.stroke : style.fill), light(ground)].sort();
  return (b + .05) / (a + .05);
}"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def tab(sign_in):
    return sign_in(at="/", forced_colors="active")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("screen", ["alert", "new service", "services", "on-call", "edit page"])
def test_the_main_button_is_another_than_those_beside_it(tab, product, theme, screen):
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    move(tab, address(product, SCREENS[screen]))
    main = tab.locator(".main .button.primary").first.evaluate(_LOOK)
    others = tab.locator(
        ".main .button:not(.primary, [aria-pressed=true], [aria-disabled=true])"
    ).evaluate_all(f"all => all.map({_LOOK})")
    assert others
    assert main not in others


@pytest.mark.parametrize("theme", THEMES)
def test_the_button_that_deletes_is_another_than_the_one_that_does_not(tab, expect, product, theme):
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    show(tab, address(product, SCREENS["service"]))
    tab.get_by_role("button", name="More").click()
    tab.get_by_role("button", name="Delete…").click()
    foot = tab.locator(".dialog-foot .button")
    expect(foot).to_have_count(2)  # its module may still be on its way
    looks = foot.evaluate_all(f"all => all.map({_LOOK})")
    assert looks[0] != looks[1]
    tab.keyboard.press("Escape")


@pytest.mark.parametrize("chosen", THEMES)
@pytest.mark.parametrize("theme", THEMES)
def test_shapes_and_bars_are_seen_whatever_theme_somebody_chose(tab, product, theme, chosen):
    """The theme of the profile says nothing of the ground that the system gives."""
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    show(tab, address(product, "/services"))
    tab.evaluate("(chosen) => (document.documentElement.dataset.theme = chosen)", chosen)
    seen = tab.locator(".row .shape, .row .bars .up, .row .bars .down").evaluate_all(
        f"all => all.map({_RATIO})"
    )
    assert len(seen) > 10
    assert min(seen) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_a_chip_is_drawn_whole_and_a_legend_keeps_its_colour(tab, product, theme):
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    show(tab, address(product, "/services"))
    cut = tab.locator(".row .extra .chip").evaluate_all(
        """all => all.filter((each) => {
          const [box, line] = [each, each.closest('.extra')]
            .map((one) => one.getBoundingClientRect());
          return box.top < line.bottom && box.bottom > line.bottom; // else it is in no line at all
        }).length"""
    )
    assert cut == 0
    kept = tab.evaluate(
        """() => { const made = document.createElement('span'); made.className = 'mark-key';
          document.querySelector('.main').append(made);
          return getComputedStyle(made).forcedColorAdjust; }"""
    )
    assert kept == "none"


@pytest.mark.parametrize("theme", THEMES)
def test_today_and_the_steps_of_a_policy_are_seen_without_shadows_and_grounds(tab, product, theme):
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    show(tab, address(product, "/on-call"))
    widths = tab.locator(".week .day").evaluate_all(
        """all => all.map((each) => [
          parseFloat(getComputedStyle(each).borderBottomWidth),
          each.classList.contains('today')])"""
    )
    assert [width > 0 for width, _ in widths] == [is_today for _, is_today in widths]
    show(tab, address(product, "/escalation"))
    dot, ground = tab.locator(".levels li").first.evaluate(
        """each => [getComputedStyle(each, '::before').backgroundColor,
          getComputedStyle(document.body).color]"""
    )
    assert dot == ground


@pytest.mark.parametrize("theme", THEMES)
def test_the_focus_is_seen_on_every_kind_of_control(tab, product, theme):
    tab.emulate_media(color_scheme=theme, forced_colors="active")
    show(tab, address(product, "/services/new"))
    seen, faint = set(), []
    for _ in range(25):
        tab.keyboard.press("Tab")
        kind, what, style, width = tab.evaluate(
            """() => { const here = document.activeElement, style = getComputedStyle(here);
              return [here.tagName, here.outerHTML.slice(0, 80), style.outlineStyle,
                parseFloat(style.outlineWidth)]; }"""
        )
        seen.add(kind)
        is_seen = kind == "BODY" or (style == "solid" and width >= 3)  # after the last one, none
        faint += [] if is_seen else [(what, style, width)]
    assert faint == []
    assert {"A", "BUTTON", "INPUT", "SELECT", "SUMMARY"} <= seen
