from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_inspector.cli.main import build_app
from edge_inspector.domain.control import ControlReply, LotRequest
from edge_inspector.domain.errors import ConfigurationError
from tests.cli.fake_desk import FakeDesk, a_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[FakeDesk]:
    desk = FakeDesk(tmp_path)
    yield desk
    desk.close()


def lot(desk: FakeDesk, *arguments: str) -> Result:
    return CliRunner().invoke(build_app("lot"), ["lot", str(desk.station), *arguments])


def test_a_lot_is_named_with_who_named_it(desk: FakeDesk) -> None:
    result = lot(desk, "2026-17 wet", "--who", "maria")
    assert (result.exit_code, result.output) == (0, "done\n")
    (request,) = desk.asked
    assert isinstance(request, LotRequest)
    assert (request.lot, request.who) == ("2026-17 wet", "maria")


def test_empty_quotes_end_a_lot(desk: FakeDesk) -> None:
    lot(desk, "")
    assert [request.lot for request in desk.asked if isinstance(request, LotRequest)] == [""]


def test_without_a_name_the_lot_of_now_is_read_and_nothing_is_changed(desk: FakeDesk) -> None:
    assert lot(desk).output == "no lot is named\n"
    desk.status = lambda: a_status(lot="2026-17")
    assert lot(desk).output == "2026-17\n"
    assert desk.asked == []


@pytest.mark.parametrize("name", ["a" * 65, "two\nlines"])
def test_a_name_that_can_not_be_printed_in_one_line_is_refused(desk: FakeDesk, name: str) -> None:
    result = lot(desk, name)
    assert isinstance(result.exception, ConfigurationError)
    assert "at most 64 printable characters" in str(result.exception)
    assert desk.asked == []


def test_a_lot_that_was_not_taken_is_a_failure(desk: FakeDesk) -> None:
    desk.answer = ControlReply(ok=False, text="the line worker did not answer in time; see `edge-inspector status`")
    assert lot(desk, "b").exit_code == 1
