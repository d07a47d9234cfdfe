"""Chapters of the guide, read once from Markdown, with their sections for menu and search."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.domain.accounts.slugs import slugify

_FOLDER = Path(__file__).parent / "chapters"
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_TITLE = re.compile(r"# (.+)\n")


@dataclass(frozen=True)
class Section:
    """A part of a chapter under a second-level heading; the text before the first one has none."""

    anchor: str  # "" before the first heading
    title: str
    text: str  # as plain words, for the search


@dataclass(frozen=True)
class Example:
    """A fenced block: the words after the fence (`sh`, `json service`), and what stands in it."""

    kind: str
    text: str
    line: int  # in the file, counted from 1


@dataclass(frozen=True)
class Chapter:
    """One page of the guide."""

    slug: str  # of its address
    title: str
    html: Markup
    sections: tuple[Section, ...]
    examples: tuple[Example, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return the chapters in the order of their files: `01-first-ten-minutes.md`, …"""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.md")))


def find(slug: str) -> Chapter | None:
    """Return the chapter of an address; None when there is none."""
    return next((chapter for chapter in chapters() if chapter.slug == slug), None)


def _read(path: Path) -> Chapter:
    source = path.read_text(encoding="utf-8")
    title = _TITLE.match(source)
    assert title is not None, f"{path.name} begins with no title"
    tokens = _PARSER.parse(source)
    sections = _sections(tokens, title.group(1))
    examples = tuple(
        Example(token.info.strip(), token.content, (token.map or [0])[0] + 1)
        for token in tokens
        if token.type == "fence"
    )
    # Ours, and parsed without HTML: nothing in it comes from anybody else.
    html = Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704
    return Chapter(path.stem.partition("-")[2], title.group(1), html, sections, examples)


def _sections(tokens: list[Token], title: str) -> tuple[Section, ...]:
    """Return the sections, and give their headings the anchors that lead to them."""
    found: list[tuple[str, str, list[str]]] = [("", title, [])]
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            heading = _plain(tokens[index + 1])
            token.attrSet("id", slugify(heading, "section"))
            if token.tag == "h2":
                found.append((slugify(heading, "section"), heading, []))
        elif token.type in ("inline", "fence"):
            found[-1][2].append(_plain(token))
    return tuple(Section(anchor, name, " ".join(texts)) for anchor, name, texts in found)


def _plain(token: Token) -> str:
    if token.children is None:
        return token.content
    return "".join(child.content if child.content else " " for child in token.children)
