"""What is doubtful in a set of labelled pictures: what it is about, what to do about it, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """Kinds of warnings, in the order in which they are told."""

    UNREAD = "unread"
    READER = "reader"
    ACROSS_PARTS = "across_parts"
    CONTRADICTION = "contradiction"
    ALL_ALIKE = "all_alike"
    BEYOND = "beyond"
    TINY = "tiny"
    FAINT = "faint"
    GREY = "grey"
    WHOLE_EDGE = "whole_edge"
    LARGE = "large"
    CONTRAST = "contrast"

    @property
    def heading(self) -> str:
        """What all of a kind have in common."""
        return _WORDS[self][0]

    @property
    def advice(self) -> str:
        """Why it matters, and what to do."""
        return _WORDS[self][1]


_WORDS = {
    About.UNREAD: ("pictures that can not be used", "nothing of them is counted"),
    About.READER: ("found while reading", "look at each"),
    About.ACROSS_PARTS: (
        "copies in several parts",
        "a split may learn from one what it measures on the other; keep one of them, or name them one part",
    ),
    About.CONTRADICTION: ("copies with different labels", "one of them is wrong; look at both"),
    About.ALL_ALIKE: (
        "pictures alike as a whole",
        "copies can not be told from the rest; if something stands still behind the parts, cut the pictures to the part",
    ),
    About.BEYOND: (
        "regions that reach beyond their picture",
        "they are cut off at its edge; is it the picture that they were drawn on?",
    ),
    About.TINY: ("tiny pieces", "no engine finds so few pixels; were they meant?"),
    About.FAINT: (
        "masks without a sure pixel",
        "they count as clean here, and training refuses them; export them with 255 for the defect",
    ),
    About.GREY: ("hard masks with grey levels", "all but black counts as the defect, soft borders too; export two levels"),
    About.WHOLE_EDGE: ("masks along the whole edge", "are they inverted?"),
    About.LARGE: ("masks of most of the picture", "is it the defect, or the part?"),
    About.CONTRAST: ("defects of the other brightness", "are these the masks of other pictures?"),
}


@dataclass(frozen=True, slots=True)
class SetWarning:
    """One doubt; the text names the file and says what was found there."""

    about: About
    text: str
