"""Names and numbers in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 4  # names that a sentence has room for


def listed(names: Sequence[str]) -> str:
    """The names, the first of them where there are many.

    >>> listed(["a", "b"]), listed(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    more = len(names) - NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:NAMED])} and {more} more"


def counted(count: int, word: str) -> str:
    """The word with its number.

    >>> counted(1, "picture"), counted(3, "picture")
    ('1 picture', '3 pictures')
    """
    return f"{count} {word}{'' if count == 1 else 's'}"
