"""Times as people type them: `2h`, `today`, `2024-05-06`, `2024-05-06T07:30`. All are UTC, as the records show them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from edge_inspector.domain.errors import ConfigurationError

_AGO = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_AGO = {"today": 0, "yesterday": 1}
_WEEK = re.compile(r"^\d{4}-?w\d{2}$")
_CLOCK = re.compile(r"[t ]\d{2}(?P<minute>:?\d{2}(?P<second>:?\d{2}(?P<fraction>[.,]\d+)?)?)?(z|[+-][\d:.]+)?$")
_INSTANT = timedelta(milliseconds=1)  # the records write no less
ALLOWED = "2h (ago; s, m, h, d or w), today, yesterday, 2024-05-06, or 2024-05-06T07:30 (UTC unless it names its zone)"


@dataclass(frozen=True, slots=True)
class _Span:
    """What a time that was typed means: a day all of it, 07:30 the whole minute."""

    first: datetime
    length: timedelta = _INSTANT

    @property
    def last(self) -> datetime:
        return self.first + (self.length - _INSTANT)  # in this order: the last day that there is has no day after it


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
    return _parse("--since", text, now)[0]


def parse_until(text: str, now: datetime) -> str:
    """Return the last instant that is meant, as the records write it.

    A day, a minute or a second means its end, so that it is included: lists show whole seconds, records have milliseconds.

    >>> parse_until("2024-05-06", datetime(2024, 5, 9, tzinfo=UTC))
    '2024-05-06T23:59:59.999+00:00'
    >>> parse_until("2024-05-06 07:30:15", datetime(2024, 5, 9, tzinfo=UTC))
    '2024-05-06T07:30:15.999+00:00'
    """
    return _parse("--until", text, now)[1]


def _parse(option: str, text: str, now: datetime) -> tuple[str, str]:
    """Return the first and the last instant that are meant, as the records write them."""
    try:
        span = _span(text.strip().lower(), now)
        return _written(span.first), _written(span.last)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{option} {text!r} is no time; allowed are {ALLOWED}") from error


def _span(word: str, now: datetime) -> _Span:
    if match := _AGO.match(word):
        return _Span(now - timedelta(**{_UNITS[match[2]]: int(match[1])}))
    if word in _DAYS_AGO:
        return _Span(_midnight(now.astimezone(UTC).date() - timedelta(days=_DAYS_AGO[word])), timedelta(days=1))
    clock = _CLOCK.search(word)
    if clock is None:
        return _Span(_midnight(date.fromisoformat(word.upper())), timedelta(days=7 if _WEEK.match(word) else 1))
    at = datetime.fromisoformat(word.upper())
    return _Span(at if at.tzinfo is not None else at.replace(tzinfo=UTC), _length(clock))


def _length(clock: re.Match[str]) -> timedelta:
    """Return how long a time of the day lasts: as long as the last place that was written."""
    if clock["fraction"]:
        return _INSTANT
    if clock["second"]:
        return timedelta(seconds=1)
    return timedelta(minutes=1) if clock["minute"] else timedelta(hours=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
