"""The console's source, read as text: its rules of safety, of layers and of size."""

import gzip
import json
import re
from pathlib import Path

import pytest

from app.console import pages
from app.console.assets import STYLES, STYLESHEET

STATIC = Path(pages.__file__).parent / "static"
OURS = sorted(
    path
    for path in STATIC.rglob("*")
    if path.suffix in {".mjs", ".css"} and "vendor" not in path.parts
)
MODULES = [path for path in OURS if path.suffix == ".mjs"]
FORBIDDEN = re.compile(
    r"\.innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|"
    r"new Function|\bstyle=\"|\son[a-z]+=\"|https?://(?!\$\{|www\.w3\.org)"
)
LAYERS = {
    "lib": {"lib"},
    "store": {"lib", "store", "vendor", ""},
    "parts": {"lib", "store", "parts", "vendor", ""},
    "screens": {"lib", "store", "parts", "screens", "vendor", ""},
    "": {"lib", "store", "parts", "screens", "vendor", ""},
}
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
# Text between tags of a template, or in an attribute that people hear or read.
SPOKEN = re.compile(
    r">[^<>${}`=;()]*[A-Za-z]{3,}[^<>${}`=;()]*<|(?:title|label|aria-label|placeholder)=\"[A-Za-z]"
)
NAMES = re.compile(r">AlertifyPro<")


def name(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_file_is_short_and_safe(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    found = FORBIDDEN.findall(code.replace("https://${", "").replace('"https://', '"'))
    assert not found, found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_one_way(path):
    layer = name(path).rpartition("/")[0]
    for target in IMPORT.findall(path.read_text(encoding="utf-8")):
        found = (path.parent / target).resolve()
        assert found.is_file(), target
        towards = name(found).rpartition("/")[0]
        assert towards in LAYERS[layer], f"{name(path)} may not import {name(found)}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_text_can_be_translated(path):
    text = NAMES.sub("", path.read_text(encoding="utf-8"))
    templates = re.findall(r"html`(.*?)`", text, re.DOTALL)
    found = [each for template in templates for each in SPOKEN.findall(template)]
    assert not found, found


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name == "lib"], ids=name)
def test_what_is_pure_touches_neither_page_nor_network(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bdocument\.|\bwindow\.|\bfetch\(|localStorage|sessionStorage", text)


def test_vendored_files_have_their_papers():
    versions = json.loads((STATIC / "vendor/versions.json").read_text())
    assert set(versions) >= {"preact", "htm", "@preact/signals", "uplot"}
    for package, paper in versions.items():
        assert (STATIC / f"vendor/LICENSE.{package.removeprefix('@').replace('/', '-')}").is_file()
        assert paper["integrity"].startswith("sha512-")


@pytest.mark.parametrize("address", ["/", "/services", "/alerts", "/sign-in"])
def test_the_first_screen_is_small(address):
    release = pages.assets.current()
    files = ["app.mjs", STYLESHEET, *release.preloads(address)]
    size = sum(len(gzip.compress(release.assets[file].body, 9)) for file in files)
    print(f"{address}: {len(files)} files, {size} bytes compressed")
    assert size <= 60_000
    assert len(files) <= 25


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_sent_without_comments_and_its_lines_keep_their_numbers(path):
    written = path.read_text(encoding="utf-8").splitlines()
    sent = pages.assets.current().assets[name(path)].body.decode().splitlines()
    assert len(sent) == len(written)
    left_out = [line.strip() for line, kept in zip(written, sent, strict=True) if line != kept]
    assert left_out, "a module begins with what it is"
    is_comment = [line.startswith(("//", "/**", "*")) or line.endswith("*/") for line in left_out]
    assert all(is_comment), left_out
    assert not [line for line in sent if line.lstrip().startswith(("//", "/**"))]


def test_every_stylesheet_is_sent():
    assert {path.name for path in STATIC.glob("*.css")} == set(STYLES)


def test_the_pictures_of_readme_are_here_and_small():
    root = Path(__file__).parents[2]
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (root / "README.md").read_text())
    assert len(named) == 2
    assert all((root / path).stat().st_size < 150_000 for path in named)


EXPORT = re.compile(r"^export (?:default )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.M)
NAMED_IMPORT = re.compile(r"""^import \{([^}]*)\} from "(\.{1,2}/[^"]+)";""", re.M)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_what_is_imported_is_exported_there(path):
    """A module that asks for a name which is not there is not loaded: the screen stays empty."""
    missing = [
        (wanted, source)
        for names, source in NAMED_IMPORT.findall(path.read_text())
        if "vendor/" not in source
        for wanted in (one.strip().partition(" as ")[0] for one in names.split(",") if one.strip())
        if wanted not in EXPORT.findall((path.parent / source).resolve().read_text())
    ]
    assert missing == []


STATE_NAMES = set(
    re.findall(r'name: "([a-z]+)", word', (STATIC / "lib/states.mjs").read_text(encoding="utf-8"))
)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=name)
def test_a_class_of_a_state_gives_colour_and_never_a_place(path):
    """Every word of this state, on whatever screen, would go where such a rule puts it."""
    assert {"down", "waiting"} <= STATE_NAMES
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for selectors, body in RULE.findall(text):
        bare = {each.strip().removeprefix(".") for each in selectors.split(",")} & STATE_NAMES
        given = {each.partition(":")[0].strip() for each in body.split(";") if each.strip()}
        assert not bare or given <= {"color", "fill"}, f"{bare} {given}"


def test_every_line_of_a_timeline_has_words():
    """An alert's history is for people: no word of the API stands in it."""
    operations = Path(pages.__file__).parents[1] / "operations"
    kinds = set()
    for path in operations.rglob("*.py"):
        text = path.read_text()
        kinds |= set(re.findall(r'timeline\.note\(\s*tx, [^"]*?, "([a-z_]+)"', text))
        kinds |= set(re.findall(r'AlertEvent\([^)]*?kind="([a-z_]+)"', text))
    assert len(kinds) > 15, kinds
    table = (STATIC / "lib" / "alerts.mjs").read_text().partition("const TOLD")[0]
    assert kinds - set(re.findall(r"(\w+): t\(", table)) == set()
