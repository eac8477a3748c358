"""Times as people type them: `2h`, `today`, `2024-05-06`, `2024-05-06T07:30`. All are UTC, as the records show them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from edge_inspector.domain.errors import ConfigurationError

_AGO = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_AGO = {"today": 0, "yesterday": 1}
ALLOWED = "2h (ago; s, m, h, d or w), today, yesterday, 2024-05-06, or 2024-05-06T07:30 (UTC unless it names its zone)"


def parse_since(text: str, now: datetime) -> str:
    """Return the first instant that is meant, as the records write it; a day means its beginning.

    Args:
        text: as typed.
        now: with its zone.

    Raises:
        ConfigurationError: nobody can tell what is meant.

    >>> parse_since("2h", datetime(2024, 5, 6, 7, 30, tzinfo=UTC))
    '2024-05-06T05:30:00.000+00:00'
    >>> parse_since("yesterday", datetime(2024, 5, 6, 7, 30, tzinfo=UTC))
    '2024-05-05T00:00:00.000+00:00'
    """
    found = _parse("--since", text, now)
    return _written(_midnight(found) if not isinstance(found, datetime) else found)


def parse_until(text: str, now: datetime) -> str:
    """Return the last instant that is meant, as the records write it; a day means its end, so that it is included.

    >>> parse_until("2024-05-06", datetime(2024, 5, 9, tzinfo=UTC))
    '2024-05-06T23:59:59.999+00:00'
    """
    found = _parse("--until", text, now)
    if not isinstance(found, datetime):
        found = _midnight(found) + timedelta(days=1) - timedelta(milliseconds=1)
    return _written(found)


def _parse(option: str, text: str, now: datetime) -> date | datetime:
    """Return a day where only a day is named, else an instant with its zone."""
    word = text.strip().lower()
    try:
        if match := _AGO.match(word):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        if word in _DAYS_AGO:
            return now.astimezone(UTC).date() - timedelta(days=_DAYS_AGO[word])
        if len(word) == len("2024-05-06"):
            return date.fromisoformat(word)
        at = datetime.fromisoformat(word.upper())
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{option} {text!r} is no time; allowed are {ALLOWED}") from error


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
