"""The small template language: Jinja2 in a sandbox that cannot run long or grow large.

The sandbox of Jinja2 keeps templates from Python's inner parts, but not from `"a" * 10**9` or three
nested loops. So the language is small: only the node types, filters and tests below; no calls, no
assignments, no loop inside a loop, at most 100 rounds, no filter that makes more than 20,000
characters. What is left takes a time and a space that the length of the template bounds; and as no
list of powers is ever complete, templates are compiled and rendered in a process that can be killed
(`app/channels/templates.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import islice
from typing import Any

from jinja2 import ChainableUndefined, Environment, Template, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.domain.messages.text import one_line

MAX_OUTPUT = 16_000
MAX_NODES = 1_000
MAX_DEPTH = 30
MAX_ROUNDS = 100
MAX_FILTERED = 20_000
_NUMBER_ARGUMENTS = {"do_round": 15, "do_tojson": 16, "do_truncate": MAX_FILTERED}
_SHOWN = (str, int, float, list, tuple, dict)
_NUMBER_LIMIT = 10**15
_ROUNDS = "rounds of a loop"  # no name a template could write
_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILTERS = _words(
    "capitalize count d default e escape first float int join last length list lower replace "
    "reverse round sort string title tojson trim truncate upper urlencode"
)
_TESTS = _words(
    "boolean defined divisibleby eq equalto even false ge gt in integer le lower lt mapping ne "
    "none number odd sequence string true undefined upper"
)
_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.List,
    nodes.Tuple,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
)
_SPOKEN = {
    nodes.Call: "calls",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% import %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.Pow: "**",
}


class BrokenTemplate(ValueError):
    """The template cannot be used; the text is one sentence, `line` says where."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {sentence}" if line else sentence)
        self.line = line


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = _ARITHMETIC

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers only: `*` and `%` on text make long text out of short."""
        if any(value is None or isinstance(value, Undefined) for value in (left, right)):
            return ""
        for value in (left, right):
            if not isinstance(value, int | float) or abs(value) > _NUMBER_LIMIT:
                raise BrokenTemplate(f"{operator} works on numbers only; join text with ~")
        return super().call_binop(context, operator, left, right)


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the filter, with a limit on its answer: replace and join multiply text."""

    @wraps(function)  # carries the mark that says whether the environment is passed first
    def bounded(*args: Any, **kwargs: Any) -> Any:
        _limit_arguments(function.__name__, args, kwargs)
        result = function(*args, **kwargs)
        if isinstance(result, str | list | tuple) and len(result) > MAX_FILTERED:
            raise BrokenTemplate(f"a filter makes more than {MAX_FILTERED} characters")
        return result

    return bounded


def _limit_arguments(filter_name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse what would be large before it is made: `10**digits`, `indent`, text times text."""
    if args and isinstance(args[0], Environment | nodes.EvalContext):
        args = args[1:]
    given = (*args[1:], *kwargs.values())
    limit = _NUMBER_ARGUMENTS.get(filter_name)
    if limit is not None and any(isinstance(one, int) and abs(one) > limit for one in given):
        raise BrokenTemplate(f"this filter takes no number beyond {limit}")
    texts = [one for one in given if isinstance(one, str)]
    size = 0
    if filter_name == "do_replace" and len(texts) > 1:
        whole = str(args[0])
        size = len(whole) + whole.count(texts[0]) * len(texts[1])
    elif filter_name == "do_join" and texts and isinstance(args[0], str | list | tuple | dict):
        size = len(args[0]) * len(texts[0])
    if size > MAX_FILTERED:
        raise BrokenTemplate(f"a filter makes more than {MAX_FILTERED} characters")


def _rounds(values: Any) -> list[Any]:
    return list(islice(values, MAX_ROUNDS)) if isinstance(values, Iterable) else []


def _environment() -> _Environment:
    environment = _Environment(
        undefined=ChainableUndefined,
        autoescape=False,  # the outcome is plain text; every channel escapes it
        finalize=lambda value: value if isinstance(value, _SHOWN) else "",
        cache_size=0,
    )
    environment.globals.clear()
    environment.filters = {
        name: _bounded(function)
        for name, function in environment.filters.items()
        if name in _FILTERS
    }
    environment.filters[_ROUNDS] = _rounds
    environment.tests = {
        name: function for name, function in environment.tests.items() if name in _TESTS
    }
    return environment


_ENVIRONMENT = _environment()


def render(source: Any, limit: int, variables: Mapping[str, Any]) -> str:
    """Return what a template makes of its variables; what it does not know is left empty.

    Raises BrokenTemplate, and whatever Jinja2 raises on the way.
    """
    if not source:
        return ""
    return render_compiled(compile_template(source, limit), variables)


def render_compiled(template: Template, variables: Mapping[str, Any]) -> str:
    """Return what a compiled template makes. Raises as `render` does."""
    pieces: list[str] = []
    size = 0
    for piece in template.generate(variables):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_OUTPUT:
            raise BrokenTemplate(f"it makes more than {MAX_OUTPUT} characters")
    return "".join(pieces)


def compile_template(source: Any, limit: int) -> Template:
    """Return a template of at most `limit` characters. Raises BrokenTemplate."""
    if not isinstance(source, str) or len(source) > limit:
        raise BrokenTemplate(f"at most {limit} characters of text")
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise BrokenTemplate(one_line(error.message or "not a template"), error.lineno) from None
    except (ValueError, RecursionError):  # a number of thousands of digits; deep parentheses
        raise BrokenTemplate("not a template") from None
    _validate_tree(tree)
    for loop in tree.find_all(nodes.For):
        rounds = nodes.Filter(loop.iter, _ROUNDS, [], [], None, None, lineno=loop.lineno)
        loop.iter = rounds.set_environment(_ENVIRONMENT)
    try:
        return _ENVIRONMENT.from_string(tree)
    except (SyntaxError, RecursionError, MemoryError):  # Python's own compiler has limits too
        raise BrokenTemplate("the template is too complex") from None


def _validate_tree(tree: nodes.Template) -> None:
    """Refuse what the small language does not have, and bound every loop."""
    waiting: list[tuple[nodes.Node, int, bool]] = [(tree, 0, False)]
    seen = 0
    while waiting:
        node, depth, in_loop = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise BrokenTemplate("the template is too complex", node.lineno)
        if not isinstance(node, _NODES):
            what = _SPOKEN.get(type(node), type(node).__name__)
            raise BrokenTemplate(f"{what} cannot be used in a message template", node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise BrokenTemplate(f"there is no filter {one_line(node.name, 50)}", node.lineno)
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise BrokenTemplate(f"there is no test {one_line(node.name, 50)}", node.lineno)
        if isinstance(node, nodes.For):
            if in_loop or node.recursive:
                raise BrokenTemplate("a loop inside a loop cannot be used", node.lineno)
            in_loop = True
        waiting.extend((child, depth + 1, in_loop) for child in node.iter_child_nodes())
