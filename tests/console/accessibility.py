"""Axe on a tab: what is wrong, in words, in a width and a theme."""

from axe_playwright_python.base import AXE_SCRIPT as _AXE

# A third of what Axe computes is its colours: private fields that are kept in WeakMaps of millions
# of entries, private methods in WeakSets, and the same dozen of texts parsed at every element. So
# it gets fields of the objects themselves for WeakMaps, remembers the class of an object for
# WeakSets, and parses each text once. What it has found for an element it looks for in a list of
# all such elements, from the first: it gets a map, in which as few arguments count as there, those
# that a function names. What it finds stays the same.
_MEMOIZE = "e=(0,so.default)(e),axe._memoizedFns.push(e)"
assert _AXE.count(_MEMOIZE) == 1, "another release of Axe"
AXE_SCRIPT = f"""(() => {{
  class WeakMap {{
    #key = Symbol();
    has(object) {{ return this.#key in object; }}
    get(object) {{ return object[this.#key]; }}
    set(object, value) {{ object[this.#key] = value; return this; }}
    delete(object) {{ return delete object[this.#key]; }}
  }}
  class WeakSet {{
    #key = Symbol();
    has(object) {{ return this.#key in object; }}
    add(object) {{ object[this.#key] = true; return this; }}
  }}
  const memoize = (compute) => {{
    const inner = compute.length - 1, results = new Map();
    const memoized = function (...given) {{
      let known = results;
      for (let at = 0; at < inner; at += 1) {{
        if (!known.has(given[at])) known.set(given[at], new Map());
        known = known.get(given[at]);
      }}
      const last = given[Math.max(inner, 0)];
      if (!known.has(last)) known.set(last, compute.apply(this, given));
      return known.get(last);
    }};
    memoized.clear = () => results.clear();
    return memoized;
  }};
  {_AXE.replace(_MEMOIZE, "e=memoize(e),axe._memoizedFns.push(e)")}
  const {{ Color }} = axe.commons.color, {{ parseString }} = Color.prototype, parsed = new Map();
  Color.prototype.parseString = function (text) {{
    if (!parsed.has(text)) parsed.set(text, parseString.call(new Color(), text));
    const {{ r, g, b, alpha }} = parsed.get(text);
    return Object.assign(this, {{ r, g, b, alpha }});
  }};
}})()"""
WIDE, NARROW = 1280, 360
# What a theme changes; everything else is the same in both.
LOOKS = ["color-contrast", "link-in-text-block"]
# Style sheets are read once more for an experimental rule alone, which is not among those that run.
_RUN = """async (rules) => {
  const { violations } = await axe.run({ resultTypes: ['violations'], selectors: false,
    preload: { assets: ['media'] }, ...rules });
  const shown = (nodes) => nodes.slice(0, 2).map((node) => node.html.slice(0, 140));
  return violations.map((each) => `${each.id} ${shown(each.nodes)}`);
}"""


def faults_of(tab, views=((WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light"))):
    """Violations in each view, the first of a width by every rule; and what is too wide."""
    found, widths = [], set()
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE_SCRIPT)
    for width, theme in views:
        if width not in widths:
            tab.set_viewport_size({"width": width, "height": 800})
            found += too_wide(tab, width)
        tab.emulate_media(color_scheme=theme)
        rules = {"runOnly": LOOKS} if width in widths else {}
        found += [f"{width} {theme}: {each}" for each in tab.evaluate(_RUN, rules)]
        widths.add(width)
    return found


# Whoever speaks what they see says the words that are shown (WCAG 2.2, 2.5.3).
_MISNAMED = """() => {
  const plain = (text) => text.toLowerCase().replaceAll(/\\s+/g, ' ').trim();
  return [...document.querySelectorAll('a[aria-label], button[aria-label], summary[aria-label]')]
    .filter((each) => each.checkVisibility() && /\\p{L}/u.test(each.innerText)
      && !plain(each.ariaLabel).startsWith(plain(each.innerText)))
    .map((each) => `${each.innerText.trim()} is called ${each.ariaLabel}`);
}"""


def misnamed(tab):
    """Controls whose names do not begin with the words that are shown."""
    return tab.evaluate(_MISNAMED)


def too_wide(tab, width):
    """By how much the page is wider than the window, in words, if it is."""
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{width}: {wide} pixels too wide"] if wide > 0 else []


# As somebody sets the text who reads with difficulty (WCAG 2.2, 1.4.12).
_SPACE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""


def too_wide_spaced(tab):
    """The same on a phone, with the text spaced."""
    tab.set_viewport_size({"width": NARROW, "height": 800})
    tab.evaluate(_SPACE)
    found = [f"spaced: {each}" for each in too_wide(tab, NARROW)]
    tab.evaluate("() => (document.adoptedStyleSheets = [])")
    return found


def too_wide_at(tab, widths):
    """The same in each of these widths; 320 is that of WCAG 2.2, 1.4.10."""
    found = []
    for width in widths:
        tab.set_viewport_size({"width": width, "height": 640})
        found += too_wide(tab, width)
    return found
