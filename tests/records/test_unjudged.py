from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge_inspector.domain.records import MissingViewRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.database import read_only
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.queries import JudgementRow, PartDetails, show_part
from edge_inspector.records.unjudged import is_all_judged, silence_words, silent_engines
from tests.records import history as made
from tests.records.history import History, write_damaged_journal

ENGINES = ("cracks", "stains")


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> PartDetails:
    """Its verdict has a judgement of `cracks` for c1 and c2, and none of `stains`; c3 is missing."""
    state_dir = tmp_path_factory.mktemp("state")
    history = History(state_dir)
    record = msgspec.structs.replace(made.verdict(1), missing=(MissingViewRecord("c3", "no_frame", "none in time"),))
    history.write(made.arrival(1), record)
    history.close()
    return shown(state_dir, "1-1")


def shown(state_dir: Path, name: str) -> PartDetails:
    indexer = Indexer(state_dir)
    indexer.turn()
    indexer.close()
    with read_only(state_dir) as connection:
        return show_part(connection, name)


def test_an_engine_without_a_word_on_a_view_is_silent_there(part: PartDetails) -> None:
    assert silent_engines(part, "c1", ENGINES) == ("stains",)
    assert silent_engines(part, "c9", ENGINES) == ENGINES


def test_of_a_missing_view_no_engine_is_said_to_be_silent(part: PartDetails) -> None:
    assert silent_engines(part, "c3", ENGINES) == ()


def test_an_engine_that_said_why_it_did_not_judge_is_not_silent_but_has_not_judged(part: PartDetails) -> None:
    late = JudgementRow("c1", "cracks", None, "too_late", 0, 1, 0.0)
    judged = msgspec.structs.replace(part, judgements=(late,))
    assert silent_engines(judged, "c1", ["cracks"]) == ()
    assert not is_all_judged(judged, ["c1"], ["cracks"])


def test_all_is_judged_only_when_every_engine_scored_every_view(part: PartDetails) -> None:
    assert is_all_judged(part, ["c1", "c2"], ["cracks"])
    assert not is_all_judged(part, ["c1", "c2"], ENGINES)
    assert not is_all_judged(part, ["c1", "c2", "c3"], ["cracks"])


def test_silence_is_not_judged_yet_while_the_part_is_under_way(tmp_path: Path, part: PartDetails) -> None:
    history = History(tmp_path)
    history.write(made.arrival(1), made.arrival(2), made.outcome(2, VerdictKind.UNINSPECTED))
    history.close()
    assert silence_words(shown(tmp_path, "1-1")) == "not judged yet"
    assert silence_words(shown(tmp_path, "1-2")) == "not judged in time"
    assert silence_words(part) == "not judged in time"


def test_where_the_verdict_is_lost_nobody_is_said_to_have_been_silent(tmp_path: Path) -> None:
    write_damaged_journal(tmp_path)
    assert silent_engines(shown(tmp_path, "1-2"), "c1", ENGINES) == ()
    assert silent_engines(shown(tmp_path, "1-1"), "c1", ENGINES) == ("stains",)
