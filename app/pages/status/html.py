"""Pages as HTML: complete without a script, small enough to be read anywhere."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.domain.messages.text import isolated
from app.pages.status import bars, past, room, styles, times
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.view import View
from app.platform.clock import utcnow

_FOLDER = Path(__file__).parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["isolated"] = isolated
# Shapes as in the console; a favicon has them too, so that a tab tells the state without colour.
_SHAPES = {
    "u": ("#1f9d94", "<circle cx='8' cy='8' r='7'/>"),
    "s": ("#c98500", "<path d='M8 1l7 13H1z'/>"),
    "d": ("#9f1239", "<path d='M3 1l5 5 5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z'/>"),
    "m": ("#3b82f6", "<path d='M1 1h14v14H1zm7 2v10h5V3z'/>"),
    "k": ("#8a6fc4", "<path d='M8 0l8 8-8 8-8-8z'/>"),
    "w": ("#8a94a0", "<path d='M8 1a7 7 0 100 14A7 7 0 008 1zm0 2a5 5 0 110 10A5 5 0 018 3z'/>"),
    "p": ("#8a94a0", "<path d='M3 1h4v14H3zm6 0h4v14H9z'/>"),
}
TITLE_SIGNS = {"u": "●", "s": "▲", "d": "✖", "m": "◧", "k": "◇", "w": "○", "p": "❚❚"}


def favicon(letter: str) -> str:
    """Return a state as a tiny picture in a `data:` address."""
    color, shape = _SHAPES[letter]
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='{color}'>{shape}</svg>"
    )
    return f"data:image/svg+xml,{quote(svg, safe=' =/:')}"


def render(name: str, view: View, **values: Any) -> bytes:
    """Return a page from the template of that name."""
    letter = view.letter(view.state)
    found = _ENVIRONMENT.get_template(f"{name}.html").render(
        v=view,
        page=view.page,
        data=view.snapshot.data,
        say=view.say,
        locale=times.language_tag(view.snapshot.language),
        letter=letter,
        sign=TITLE_SIGNS[letter],
        favicon=Markup(favicon(letter)),  # noqa: S704  made of constants
        symbols=bars.symbols(view.page["days"]),
        style_hash=styles.fingerprint(view.page),
        script_hash=styles.SCRIPT_HASH,
        has_css=bool(view.page["custom_css"]),
        logo=styles.logo_hash(view.page, "logo_url"),
        dark_logo=styles.logo_hash(view.page, "dark_logo_url"),
        **values,
    )
    return re.sub(r"\n\s*(?=<li)|(?<=\n)\s+", "", found).strip().encode()


_ONLY_SERVED = re.compile(
    r"<script type=module.*?</script>\n?|<noscript>.*?</noscript>\n?|"
    r"<link rel=(?:canonical|alternate)[^>]*>\n?|<link rel=stylesheet href=\"/custom\.css[^>]*>\n?"
)


def page(view: View) -> bytes:
    """Return the page itself."""
    return render(
        "page",
        view,
        maintenance=view.current_maintenance(),
        made=view.made(),
        past=past.days(view),
        most=room.ENTRIES,
    )


def preview(document: bytes, archive: bytes) -> str:
    """Return a page that is not kept, for a frame without scripts.

    Its styles have addresses that are there without it, its logos stand in it, and its links lead
    out of the frame. It has no custom styles: they are served with a page only.
    """
    now = utcnow()
    view = View(Snapshot("", document, archive, "", now), Freshness.FRESH, "")
    color = view.page["branding"].get("primary_color")
    name = f"style-{color.lstrip('#').lower()}.css" if color else "style.css"
    text = page(view).decode().replace('href="/style.css?', f'href="/status/assets/{name}?')
    for path, logo in (("/logo", "logo_url"), ("/dark-logo", "dark_logo_url")):
        image = view.page["logos"].get(logo)
        if image:
            text = re.sub(rf'src="{path}\?[0-9a-f]+"', f'src="{image}"', text)
    return _ONLY_SERVED.sub("", text).replace("<title>", "<base target=_blank>\n<title>", 1)


def plain(name: str, **values: Any) -> bytes:
    """Return a page that belongs to no status page: not found, or a password wanted."""
    template = _ENVIRONMENT.get_template(f"{name}.html")
    return template.render(style_hash=styles.BASE_HASH, **values).encode()
