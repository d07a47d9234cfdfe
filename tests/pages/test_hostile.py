"""Texts of owners that are markup, in Chromium: text in every place, and nothing that runs."""

from collections import Counter
from datetime import timedelta

import pytest

from app.pages.status import responses
from app.pages.status.snapshot import Freshness
from tests.pages import scenes
from tests.pages.scenes import HOSTILE
from tests.pages.serving import form, serving, store_of_scenes

PARTS = (
    "", "/incidents/in_1", "/maintenance/mw_1", "/services/sv_00000000", "/history", "/embed",
    "/subscribe",
)  # fmt: skip
# Parts of the page of all texts on which each of them is a title or a name. Two are lists of
# incidents, which are as long as this; the last is on their next page.
NAMING = {"": len(HOSTILE), "/services/sv_00000000": 50, "/history": 50, "/subscribe": len(HOSTILE)}
# As Chromium reads a document, though it does nothing of what stands there.
_READ = """(documents) => documents.map((source) => {
  const made = new DOMParser().parseFromString(source, 'text/html'), { body } = made;
  const names = ({ attributes }) => [...attributes].map(({ name }) => name).sort();
  const all = [...made.querySelectorAll('*')];
  return {
    elements: all.map((one) => [one.localName, ...names(one)].join(' ')),
    isHiding: document.createNodeIterator(made, NodeFilter.SHOW_COMMENT).nextNode() !== null,
    links: [...made.links].map(({ protocol }) => protocol),
    texts: [made.title, body.textContent],
  };
})"""
# What Markdown makes of a text, and what it leaves out where nothing is left of one.
_FORMATTED = {"a href rel", "code", "pre", "h3", "blockquote", "ul", "ol", "li", "em", "strong"}
_LEFT_OUT = {"p", "div class"}


def holds(shown, text):
    """Say whether a text is in what is shown, but for spaces and for what HTML cannot hold."""
    shown, text = (
        "".join(each for each in one if each > " " and each != "\ufffd") for one in (shown, text)
    )
    return text in shown


def everything():
    """Return a page on which each text is a section, a service, an incident and a maintenance."""
    parts = {
        text: [scenes.service(text, "down", at, description=text, response={"now_ms": 5.0})]
        for at, text in enumerate(HOSTILE)
    }
    incidents, windows = [], []
    for at, text in enumerate(HOSTILE, 1):
        one = scenes.incident(
            text, f"in_{at}", ["sv_00000000"], post_mortem=text, post_mortem_published_at=scenes.NOW
        )
        one["updates"] = [one["updates"][0] | {"body": body} for body in (text, *HOSTILE)]
        incidents.append(one)
        window = scenes.maintenance(text, f"mw_{at}", timedelta(hours=-1), 2, "running")
        windows.append(window | {"description": text})
    keys = [f"sv_{at:08x}" for at in range(len(HOSTILE))]
    return scenes.snapshot(
        parts, slug="everything", incidents=incidents, windows=windows,
        show={"response_times": True, "made_with": True}, responses=scenes.responses(keys),
    )  # fmt: skip


def documents(text):
    """Return every part of the page of a text, as it is served."""
    page = scenes.hostile(text)
    store, root = store_of_scenes([page]), "/status/hostile"
    return [
        form(store, f"{root}{rest}").decode()
        if rest == "/subscribe"
        else responses.find(page, rest.lstrip("/"), {}, Freshness.FRESH, root).body.decode()
        for rest in PARTS
    ]


@pytest.fixture(scope="module")
def read(browser):
    """Returns what Chromium reads in each part of the page of a text."""
    tab = browser.new_page()
    yield lambda text: dict(zip(PARTS, tab.evaluate(_READ, documents(text)), strict=True))
    tab.close()


@pytest.fixture(scope="module")
def plain(read):
    return read("plain words")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_wherever_it_stands(read, plain, text):
    """There is no element and no attribute that a harmless text has not, so none that runs."""
    for rest, found in read(text).items():
        elements, usual = Counter(found["elements"]), Counter(plain[rest]["elements"])
        assert set(elements - usual) <= _FORMATTED, rest
        assert set(usual - elements) <= _LEFT_OUT, rest  # nothing is hidden in another
        assert not found["isHiding"], rest
        assert set(found["links"]) <= {"http:", "https:", ":"}, rest  # of its own, it is ":"
        assert all(holds(shown, text) for shown in found["texts"]), rest


@pytest.fixture(scope="module")
def address():
    pages = [scenes.hostile(text, slug=f"text_{at}") for at, text in enumerate(HOSTILE)]
    with serving(pages=[*pages, everything()]) as address:
        yield address


@pytest.fixture(scope="module")
def visitor(browser):
    """A tab for all hostile texts; it tells what happens.

    A tab of its own for each text is a process of its own.
    """
    context = browser.new_context(viewport={"width": 800, "height": 800})
    tab = context.new_page()
    tab.requests, tab.faults = [], []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.on("console", lambda message: tab.faults.append(message.text))
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.on("dialog", lambda dialog: tab.faults.append(dialog.message) or dialog.dismiss())
    yield tab
    context.close()


def harm(visitor, address, path):
    """Return what a page runs or asks others for, and the text that it shows."""
    visitor.requests.clear()
    visitor.faults.clear()
    visitor.goto(f"{address}/status/{path}")
    shown = visitor.evaluate("document.body.textContent")
    visitor.goto("about:blank")  # what the page asks for ends with it
    known = (address, "data:image/svg+xml,", "about:blank")
    asked = [url for url in visitor.requests if not url.startswith(known)]
    return visitor.faults + asked, shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_runs_nothing_and_reaches_nobody(visitor, address, text):
    done, shown = harm(visitor, address, f"text_{HOSTILE.index(text)}")
    assert done == []
    assert holds(shown, text)


@pytest.mark.parametrize("rest", PARTS)
def test_hostile_texts_beside_each_other_run_nothing_and_reach_nobody(visitor, address, rest):
    done, shown = harm(visitor, address, f"everything{rest}")
    if done:  # then of each text alone, which says whose it is
        alone = {
            text: harm(visitor, address, f"text_{at}{rest}")[0] for at, text in enumerate(HOSTILE)
        }
        pytest.fail(f"{done}, of which { ({text: each for text, each in alone.items() if each}) }")
    if rest in NAMING:
        named = HOSTILE[: NAMING[rest]]
        assert [text for text in named if not holds(shown, text)] == []
