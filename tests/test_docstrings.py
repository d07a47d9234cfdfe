"""Docstrings of the program, read off the source: each begins with the noun it describes."""

import ast

from tests.source import ROOT, modules

# "Cache of …", "Schemas of …": a docstring that asks a question makes the reader guess its noun.
_NO_NOUNS = {"What", "Which", "Who", "Whom", "Whose", "Where", "When", "Why", "How", "Whether"}
# "Sends requests", "Create and delete": one that begins with what is done leaves the noun out.
_NO_NOUNS |= {
    "Accepts", "Adds", "Around", "Asking", "Asks", "Builds", "Calls", "Collects", "Composes",
    "Create", "Creates", "Delete", "Delivers", "Encrypts", "Enqueue", "Enqueues", "Fills", "Finds",
    "Gives", "Hands", "Ignores", "Keeping", "Keeps", "Looks", "Lets", "Makes", "Maps", "Open",
    "Opens", "Publishes", "Puts", "Raises", "Read", "Reading", "Reads", "Says", "Send", "Sends",
    "Serves", "Stores", "Subscribe", "Takes", "Tells", "Waits", "Writes",
}  # fmt: skip


def test_docstrings_of_modules_and_classes_begin_with_a_noun():
    asking = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for _, path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef)
        and (text := ast.get_docstring(node))
        and text.split()[0].strip(",:;.") in _NO_NOUNS
    ]
    assert asking == []
