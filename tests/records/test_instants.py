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
        ("2024-05-06T07:08", "2024-05-06T07:08:00.000", "2024-05-06T07:08:00.000"),
        ("2024-05-06 07:08:09.5", "2024-05-06T07:08:09.500", "2024-05-06T07:08:09.500"),
        ("2024-05-06T07:08Z", "2024-05-06T07:08:00.000", "2024-05-06T07:08:00.000"),
        ("2024-05-06T07:08+02:00", "2024-05-06T05:08:00.000", "2024-05-06T05:08:00.000"),
    ],
)
def test_a_time_is_read_as_people_mean_it(text: str, since: str, until: str) -> None:
    assert parse_since(text, NOW) == f"{since}+00:00"
    assert parse_until(text, NOW) == f"{until}+00:00"


@pytest.mark.parametrize("text", ["", "never", "2", "h", "-2h", "2024-13-01", "2023-02-29", "999999w", "12:30", "2h30m"])
def test_what_is_no_time_is_said_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--until '.*' is no time; allowed are 2h \(ago"):
        parse_until(text, NOW)
