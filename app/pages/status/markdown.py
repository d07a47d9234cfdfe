"""Markdown of updates and post-mortems: paragraphs, lists, links, code; no HTML, no images."""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(
    ["image", "html_block"]
)
_TAGS = {
    "p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr",
    "h3", "h4", "h5", "h6",
}  # fmt: skip
_LOWERED = {f"h{level}": f"h{min(level + 2, 6)}" for level in range(1, 7)}


def html(source: str) -> Markup:
    """Return CommonMark as safe HTML: an allow-list of tags, headings lowered by two."""
    tokens = _PARSER.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _LOWERED[token.tag]
    rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return Markup(clean)  # noqa: S704  cleaned by the line above
