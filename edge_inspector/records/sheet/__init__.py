"""One picture of a part for people: its views with masks, its surface unwrapped, its findings and why it was judged so."""

from edge_inspector.records.sheet.draw import draw_sheet
from edge_inspector.records.sheet.write import sheet_of, write_sheet

__all__ = ["draw_sheet", "sheet_of", "write_sheet"]
