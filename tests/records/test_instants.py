from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.instants import parse_since, parse_until

NOW = datetime(2024, 5, 6, 7, 30, 15, 250_000, UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("30s", "2024-05-06T07:29:45.250", "2024-05-06T07:29:45.250"),
        ("90m", "2024-05-06T06:00:15.250", "2024-05-06T06:00:15.250"),
        ("2h", "2024-05-06T05:30:15.250", "2024-05-06T05:30:15.250"),
        ("1 d", "2024-05-05T07:30:15.250", "2024-05-05T07:30:15.250"),
        ("1W", "2024-04-29T07:30:15.250", "2024-04-29T07:30:15.250"),
        ("today", "2024-05-06T00:00:00.000", "2024-05-06T23:59:59.999"),
        ("Yesterday", "2024-05-05T00:00:00.000", "2024-05-05T23:59:59.999"),
        ("2024-02-29", "2024-02-29T00:00:00.000", "2024-02-29T23:59:59.999"),
        ("9999-12-31", "9999-12-31T00:00:00.000", "9999-12-31T23:59:59.999"),
        ("20240506", "2024-05-06T00:00:00.000", "2024-05-06T23:59:59.999"),
        ("2024W192", "2024-05-07T00:00:00.000", "2024-05-07T23:59:59.999"),
        ("2024-W19-2", "2024-05-07T00:00:00.000", "2024-05-07T23:59:59.999"),
        ("2024-w19", "2024-05-06T00:00:00.000", "2024-05-12T23:59:59.999"),
        ("2024-05-06T07", "2024-05-06T07:00:00.000", "2024-05-06T07:59:59.999"),
        ("2024-05-06T07:08", "2024-05-06T07:08:00.000", "2024-05-06T07:08:59.999"),
        ("20240506T0708", "2024-05-06T07:08:00.000", "2024-05-06T07:08:59.999"),
        ("2024-05-06 07:08:09", "2024-05-06T07:08:09.000", "2024-05-06T07:08:09.999"),
        ("2024-05-06 07:08:09.5", "2024-05-06T07:08:09.500", "2024-05-06T07:08:09.500"),
        ("2024-05-06T07:08:09.125+00:00", "2024-05-06T07:08:09.125", "2024-05-06T07:08:09.125"),
        ("2024-05-06T07:08Z", "2024-05-06T07:08:00.000", "2024-05-06T07:08:59.999"),
        ("2024-05-06T07:08+02:00", "2024-05-06T05:08:00.000", "2024-05-06T05:08:59.999"),
    ],
)
def test_a_time_is_read_as_people_mean_it(text: str, since: str, until: str) -> None:
    assert parse_since(text, NOW) == f"{since}+00:00"
    assert parse_until(text, NOW) == f"{until}+00:00"


@pytest.mark.parametrize(
    "text", ["", "never", "2", "h", "-2h", "2024-13-01", "2023-02-29", "999999w", "12:30", "2h30m", "9999-W53"]
)
def test_what_is_no_time_is_said_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--until '.*' is no time; allowed are 2h \(ago"):
        parse_until(text, NOW)


def test_a_time_at_the_end_of_all_times_is_no_fault_of_the_program() -> None:
    for text in ("9999-12-31T23:59-05:00", "0001-01-01T00:00+05:00"):
        with pytest.raises(ConfigurationError, match="is no time"):
            parse_since(text, NOW)
