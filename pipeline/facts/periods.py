"""Which days a named period covers. Everything here is arithmetic on dates; `None` is an open end.

A year has thirds for `Anfang`, `Mitte`, `Ende` (to April, August, December), a month has tens of days.
Seasons are the astronomical ones of the northern half.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, NamedTuple


class Period(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date | None
    last: date | None


FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100


def year(number: int) -> Period:
    """Return the whole year."""
    return Period(date(number, 1, 1), date(number, 12, 31))


def month(number: int, of: int) -> Period:
    """Return month `number`, 1 to 12, of the year `of`."""
    return Period(date(of, number, 1), date(of, number, monthrange(of, number)[1]))


def quarter(number: int, of: int) -> Period:
    """Return quarter `number`, 1 to 4, of the year `of`."""
    return Period(month(3 * number - 2, of).first, month(3 * number, of).last)


def half(number: int, of: int) -> Period:
    """Return half-year `number`, 1 or 2, of the year `of`."""
    return Period(month(6 * number - 5, of).first, month(6 * number, of).last)


_SEASONS: Final = {"spring": (3, 20, 6, 20), "summer": (6, 21, 9, 22), "autumn": (9, 23, 12, 20)}


def season(name: str, of: int) -> Period:
    """Return spring, summer, autumn or winter; the winter of a year ends in March of the next."""
    if name == "winter":
        return Period(date(of, 12, 21), date(of + 1, 3, 19))
    first_month, first, last_month, last = _SEASONS[name]
    return Period(date(of, first_month, first), date(of, last_month, last))


def day(of: int, number: int, at: int) -> Period | None:
    """Return one day of a year, month and day; None where the calendar has none."""
    try:
        found = date(of, number, at)
    except ValueError:
        return None
    return Period(found, found)


def week(at: date, ahead: int = 0) -> Period:
    """Return Monday to Sunday of the week of `at`, or of one `ahead` weeks later."""
    monday = at - timedelta(days=at.weekday()) + timedelta(weeks=ahead)
    return Period(monday, monday + timedelta(days=6))


def shift(at: date, number: float, unit: str) -> date:
    """Return the day that is `number` days, weeks, months or years (`unit`) after `at`."""
    if unit in ("day", "week"):
        return at + timedelta(days=round(number * (7 if unit == "week" else 1)))
    months = at.year * 12 + at.month - 1 + round(number * (12 if unit == "year" else 1))
    of, index = divmod(months, 12)
    return date(of, index + 1, min(at.day, monthrange(of, index + 1)[1]))


def part(period: Period, which: str) -> Period:
    """Return the `early`, `mid` or `late` third of a month or of a year; other periods as they are."""
    first, last = period
    if first is None or last is None or first == last:
        return period
    if (first.year, first.month) == (last.year, last.month):
        return {
            "early": Period(first, first.replace(day=10)),
            "mid": Period(first.replace(day=11), first.replace(day=20)),
            "late": Period(first.replace(day=21), last),
        }[which]
    if (first.month, last.month) == (1, 12):
        return {
            "early": Period(first, date(first.year, 4, 30)),
            "mid": Period(date(first.year, 5, 1), date(first.year, 8, 31)),
            "late": Period(date(first.year, 9, 1), last),
        }[which]
    return period


def ending(last: date, months: int) -> Period:
    """Return the period of so many months whose last day is `last`; 0 months: an open beginning."""
    if not months:
        return Period(None, last)
    begin = shift(last.replace(day=1), 1 - months, "month")
    return Period(begin, month(last.month, last.year).last if last.day >= 28 else last)
