"""In which colour each defect of a set is drawn: on a contact sheet, and by the engines that come of it."""

from __future__ import annotations

from collections.abc import Sequence

FAMILIES = {"red": ("crack", "scratch"), "blue": ("inclusion", "hole"), "yellow": ("patch", "stain")}
OTHERS = ("green", "magenta", "cyan", "orange", "white", "red", "blue", "yellow")


def defect_colours(defects: Sequence[str]) -> dict[str, str]:
    """Return the name of a colour of each defect: red for cracks and scratches, blue for inclusions and holes, yellow for
    patches and stains, but only for the first of each two; the others have colours that are left.

    >>> defect_colours(("break", "crack", "scratch"))
    {'break': 'green', 'crack': 'red', 'scratch': 'magenta'}
    """
    chosen: dict[str, str] = {}
    for colour, words in FAMILIES.items():
        kin = next((name for name in defects if name not in chosen and any(word in name.lower() for word in words)), None)
        if kin is not None:
            chosen[kin] = colour
    left = [colour for colour in OTHERS if colour not in chosen.values()]
    for number, name in enumerate(name for name in defects if name not in chosen):
        chosen[name] = left[number % len(left)]
    return {name: chosen[name] for name in defects}
