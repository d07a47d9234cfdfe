"""Markdown of updates and post-mortems: paragraphs, lists, links, code; no HTML, no images."""

from collections.abc import Iterable

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(
    ["image", "html_block"]
)
_TAGS = {
    "p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr",
    "h3", "h4", "h5", "h6",
}  # fmt: skip
# A link that is defined once (`[a]: …`) may be used a thousand times, and its address would be
# written as often: beside the first of each, so many characters of addresses are.
_REPEATED_ADDRESSES = 20_000
_LOWERED = {f"h{level}": f"h{min(level + 2, 6)}" for level in range(1, 7)}


def html(source: str) -> Markup:
    """Return CommonMark as safe HTML: an allow-list of tags, headings lowered by two."""
    tokens = _PARSER.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _LOWERED[token.tag]
    _bound_links(tokens)
    rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return Markup(clean)  # noqa: S704  cleaned by the line above


def _bound_links(tokens: Iterable[Token]) -> None:
    """Take the address from links that repeat others beyond the bound; their text stays."""
    seen: set[object] = set()
    left = _REPEATED_ADDRESSES
    links = (child for token in tokens for child in token.children or () if "href" in child.attrs)
    for link in links:
        address = str(link.attrs["href"])
        if address in seen:
            left -= len(address)
        seen.add(address)
        if left < 0:
            link.attrs.pop("href")
