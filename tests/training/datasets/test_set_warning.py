"""Every kind of warning has its own words."""

from __future__ import annotations

from edge_inspector.training.datasets.set_warning import About


def test_every_kind_says_what_it_is_about_and_what_to_do_in_words_of_its_own() -> None:
    headings, advice = [each.heading for each in About], [each.advice for each in About]
    assert all(headings)
    assert all(advice)
    assert len(set(headings)) == len(set(advice)) == len(About)
