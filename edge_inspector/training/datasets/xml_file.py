"""XML that somebody else wrote: read whole, and refused with the file's name.

A file with a document type is refused before what it declares is read: no label needs one, and its entities can swell a
small file to gigabytes, or name files of this machine.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from edge_inspector.domain.errors import TrainingDataError


def read_xml(path: Path) -> ElementTree.Element:
    """Return the outermost element of a file. Raises TrainingDataError if it is no XML, or declares a document type."""
    parser = ElementTree.XMLParser(target=_Builder(path))
    try:
        return ElementTree.parse(path, parser).getroot()
    except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:  # the last two: an unknown encoding
        raise TrainingDataError(f"{path}: can not be read as XML ({error})") from error


class _Builder(ElementTree.TreeBuilder):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called where a document type begins, before its entities."""
        raise TrainingDataError(f"{self._path}: declares a document type ({name}); export it again, labels need none")
