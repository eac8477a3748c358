"""One tree of errors; its drawing in the docstring is the tree."""

from __future__ import annotations

from edge_inspector.domain import errors
from edge_inspector.domain.errors import DocumentError, EdgeInspectorError


def drawn() -> dict[str, str]:
    """Each error's parent, read from the drawing."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.lstrip("│├└─ ").split(" ")[0]
        if not name.endswith("Error"):
            continue
        depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
        path = [*path[:depth], name]
        if depth:
            parents[name] = path[depth - 1]
    return parents


def test_the_drawing_is_the_tree() -> None:
    classes = [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, EdgeInspectorError)]
    assert drawn() == {each.__name__: each.__base__.__name__ for each in classes if each is not EdgeInspectorError}


def test_a_documents_error_prints_every_fault() -> None:
    error = DocumentError(["a.yaml:1: one", "a.yaml:2: two"])
    assert str(error) == "a.yaml:1: one\na.yaml:2: two"
    assert error.faults == ["a.yaml:1: one", "a.yaml:2: two"]
