"""The cores of dates: years, months, quarters, halves, seasons, and what is relative to the article's day.

A core says which days are named. What stands to its left (`bis Ende`, `ab`, `by`) is read in `dates.py`; only relative
phrases (`in den kommenden Jahren`, `later this month`) bring their own preposition with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from pipeline.facts import periods
from pipeline.facts.numbers import GAP
from pipeline.facts.periods import Period

OPEN: Final = Period(None, None)
"""Days that are not known: a fiscal year, or a relative date in an article without a day."""


class Reported(NamedTuple):
    """The quarter that a text reports on; `number` is its own where the text says it, else 0."""

    number: int
    period: Period

    def quarter(self, index: int) -> Period:
        """Return the quarter that has number `index` in this report, whose years may begin in any month."""
        if not self.number or self.period.last is None:
            return self.period
        return periods.ending(periods.shift(self.period.last, 3 * (index - self.number), "month"), 3)


@dataclass(frozen=True, slots=True)
class Core:
    """What is named, and where.

    Attributes:
        start: first character.
        end: behind the last one.
        period: its days.
        whole: complete in itself, no preposition needed (`Q1 2025`, `in den kommenden Jahren`).
        exact: one day, or days of one month, named with the month.
        done: the words to the left are read already.
        vague: it has no days on purpose (`in the coming years`).
        yearless: another year is possible; the words to the left decide.
    """

    start: int
    end: int
    period: Period
    whole: bool = False
    exact: bool = False
    done: bool = False
    vague: bool = False
    yearless: bool = False


_MONTHS: Final = {
    "jan": 1, "jän": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "mai": 5, "may": 5, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "okt": 10, "oct": 10, "nov": 11, "dez": 12, "dec": 12,
}  # fmt: skip
_MONTH = (
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|January|February"
    r"|March|May|June|July|October|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Okt|Nov|Dec|Dez)\b\.?)"
)
YEAR: Final = r"(?:19|20)[0-9]{2}(?![0-9])"
_YEAR_ALONE = re.compile(
    rf"(?P<first>{YEAR})(?:[–-](?P<last>{YEAR})|/(?P<split>[0-9]{{2}}|{YEAR})(?![0-9]))?(?![\w%]|[-‑][\w])"
)
_MONTH_RIGHT = re.compile(
    rf"(?P<month>{_MONTH})(?![^\W_])"
    rf"(?:{GAP}(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?(?![0-9.:]*[0-9%])(?:(?:{GAP}?[–-]{GAP}?|{GAP}(?:and"
    rf"|&){GAP})(?P<to>[0-3]?[0-9])(?:th|st)?(?![0-9]))?)?"
    rf"(?:{GAP}?,?{GAP}(?:des{GAP}Jahres{GAP}|of{GAP})?(?P<year>{YEAR})|{GAP}(?P<same>(?:dieses"
    rf"|des{GAP}laufenden){GAP}Jahres|(?:of{GAP})?this{GAP}year)"
    rf"|{GAP}(?P<next>(?:des{GAP})?(?:nächsten|kommenden){GAP}Jahres|(?:of{GAP})?next{GAP}year)"
    rf"|{GAP}(?P<last>(?:des{GAP})?(?:vergangenen|letzten|vorigen){GAP}Jahres|(?:des{GAP})?Vorjahres|(?:of{GAP})?last{GAP}year))?"
)
_DAY_LEFT = re.compile(
    rf"(?<![\w.,:])(?:(?P<from>[0-3]?[0-9])(?:\.|th|st)?{GAP}?(?:–|-|bis{GAP}|und{GAP}|and{GAP}"
    rf"|to{GAP}){GAP}?)?(?P<day>[0-3]?[0-9])(?:\.|st|nd|rd|th)?{GAP}(?:of{GAP})?\Z"
)
_NUMERIC = re.compile(
    rf"(?P<day>[0-3]?[0-9])\.{GAP}?(?P<month>[01]?[0-9])\.{GAP}?(?P<year>{YEAR})"
    rf"|(?P<iso>{YEAR})-(?P<isomonth>[01][0-9])-(?P<isoday>[0-3][0-9])"
)

_OF_YEAR = (
    rf"(?:[,/]?{GAP}?(?:and{GAP}(?:full[ -]|fiscal{GAP})?year{GAP})?(?:(?:of|in|des{GAP}Jahres"
    rf"|von){GAP})?(?P<fiscal>(?:[Ff]iscal(?:{GAP}[Yy]ear)?|FY){GAP}?)?(?P<year>{YEAR})"
    rf"|{GAP}(?P<same>of{GAP}(?:the|this){GAP}(?P<fy>fiscal{GAP})?year|(?:des|dieses){GAP}(?:laufenden{GAP})?Jahres)"
    rf"|{GAP}(?P<next>of{GAP}next{GAP}year|(?:des{GAP})?(?:nächsten|kommenden){GAP}Jahres))?"
)
_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4, "ersten": 1, "erste": 1, "erstes": 1, "zweiten": 2,
    "zweite": 2, "zweites": 2, "dritten": 3, "dritte": 3, "drittes": 3, "vierten": 4, "vierte": 4, "viertes": 4,
    "letzten": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "1.": 1, "2.": 2, "3.": 3, "4.": 4,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"(?<![\w.,])(?P<ordinal>{'|'.join(map(re.escape, sorted(_ORDINALS, key=len, reverse=True)))})(?:{GAP}"
    rf"|-)(?P<fiscal>fiscal[ -])?\Z",
    re.IGNORECASE,
)
_SPAN_RIGHT = re.compile(
    rf"(?:(?P<quarter>[Qq]uartals?|[Qq]uarter)|(?P<half>[Hh]albjahre?s?|[Hh]alf))(?![^\W_]){_OF_YEAR}"
)
_COMPACT = re.compile(
    rf"(?P<unit>[QH])(?P<index>[1-4])(?![0-9A-Za-z])(?:(?:{GAP}|[-/])?(?P<fiscal>(?:[Ff]iscal(?:{GAP}[Yy]ear)?"
    rf"|FY){GAP}?)?'?(?P<year>{YEAR}|[0-9]{{2}}(?![0-9%.,])))?"
    rf"|(?P<lead>[1-4])(?P<letter>[QH])(?:{GAP}|-)?(?P<short>{YEAR}|[0-9]{{2}})(?![0-9])"
)
_BEFORE_COMPACT = re.compile(rf"(?:(?P<fiscal>[Ff]iscal{GAP})|(?P<year>{YEAR}){GAP})\Z")
_SEASON = re.compile(
    r"(?:(?P<spring>Frühjahr|Frühling|[Ss]pring)|(?P<summer>Sommer|[Ss]ummer)|(?P<autumn>Herbst|[Aa]utumn)"
    r"|(?P<winter>Winter|winter))s?(?![^\W_])" + _OF_YEAR
)
_THIS = re.compile(
    rf"(?:(?P<this>(?:[Dd]iese[nms]|[Tt]his){GAP})|(?P<next>(?:[Nn]ächste[nms]|[Kk]ommende[nms]|[Nn]ext){GAP}))\Z"
)

_ENDED = re.compile(
    rf"(?P<what>(?:(?:first|second|third|fourth|fiscal){GAP})*quarter|(?P<months>three|six|nine|twelve|[36]"
    rf"|12)(?:-{GAP}and{GAP}(?P<more>six|nine|twelve))?[- ]months?(?:{GAP}period)?s?|period"
    rf"|(?:fiscal{GAP})?year){GAP}(?:ended"
    rf"|ending){GAP}(?P<month>{_MONTH}){GAP}(?P<day>[0-3]?[0-9]),?{GAP}(?P<year>{YEAR})",
    re.IGNORECASE,
)
_LENGTHS: Final = {"three": 3, "six": 6, "nine": 9, "twelve": 12, "3": 3, "6": 6, "12": 12}
_RUN = re.compile(rf"{GAP}(?:in{GAP}Folge|in{GAP}a{GAP}row|hintereinander)")


def alone(body: str, at: int) -> Core | None:
    """Return the core of a year, or of years such as `2025–2027`, whose first digit is at `at`."""
    match = _YEAR_ALONE.match(body, at)
    if match is None:
        return None
    first = int(match.group("first"))
    last = first
    if match.group("last"):
        last = int(match.group("last"))
    elif match.group("split"):
        last = first + 1
    if last < first:
        return None
    found = Period(periods.year(first).first, periods.year(last).last)
    return Core(match.start(), match.end(), found)


def numeric(body: str, at: int) -> Core | None:
    """Return the core of `24.12.2025` or `2025-12-24` at `at`."""
    match = _NUMERIC.match(body, at)
    if match is None:
        return None
    parts = match.group("iso", "isomonth", "isoday") if match.group("iso") else match.group("year", "month", "day")
    found = periods.day(*map(int, parts))
    return Core(at, match.end(), found, whole=True, exact=True) if found else None


def month(body: str, at: int, today: date | None) -> Core | None:
    """Return the core of a month, or of days in it, whose name begins at `at`."""
    match = _MONTH_RIGHT.match(body, at)
    if match is None or (at and body[at - 1].isalnum()):
        return None
    number = _MONTHS[match.group("month")[:3].lower()]
    left = _DAY_LEFT.search(body, max(0, at - 16), at) if match.group("day") is None else None
    year = int(match.group("year")) if match.group("year") else 0
    if today and any(match.group("same", "next", "last")):
        year = today.year + bool(match.group("next")) - bool(match.group("last"))
    start = left.start() if left else at
    first, last = match.group("day"), match.group("to")
    if left:
        first, last = left.group("from") or left.group("day"), left.group("day") if left.group("from") else None
    found = _days(number, year or (today.year if today else 2000), first, last)
    if found is None:
        return None
    if not year and today is None:
        found = OPEN
    exact = first is not None
    # `May` begins sentences and `Mar. 5` lists; a bare month needs its preposition.
    return Core(start, match.end(), found, whole=exact, exact=exact, yearless=not year and today is not None)


def _days(number: int, year: int, first: str | None, last: str | None) -> Period | None:
    if first is None:
        return periods.month(number, year)
    begin = periods.day(year, number, int(first))
    end = periods.day(year, number, int(last)) if last else begin
    return Period(begin.first, end.last) if begin and end else None


def span(body: str, at: int, today: date | None, reported: Reported | None) -> Core | None:
    """Return the core of `dritten Quartal 2025`, `first half of the year`, whose noun begins at `at`.

    Args:
        body: the text.
        at: where `Quartal`, `quarter`, `Halbjahr` or `half` begins.
        today: the article's day.
        reported: the quarter that the text itself names with its last day; fiscal quarters without year are that one.
    """
    match = _SPAN_RIGHT.match(body, at)
    ordinal = _ORDINAL.search(body, max(0, at - 24), at)
    if match is None or ordinal is None or _RUN.match(body, match.end()):
        return None
    index = _ORDINALS[ordinal.group("ordinal").lower()]
    fiscal = bool(match.group("fiscal") or match.group("fy") or ordinal.group("fiscal"))
    kind = "Q" if match.group("quarter") else "H"
    return _indexed(kind, index, match, ordinal.start(), today, reported, fiscal=fiscal)


def compact(body: str, at: int, today: date | None, reported: Reported | None) -> Core | None:
    """Return the core of `Q3`, `H1 2025`, `4Q24`, `2024 Q4` at `at`."""
    match = _COMPACT.match(body, at)
    if match is None or (at and (body[at - 1].isalnum() or body[at - 1] in "-$")):
        return None
    before = _BEFORE_COMPACT.search(body, max(0, at - 8), at)
    start = before.start() if before else at
    if match.group("lead"):
        found = _span_of(match.group("letter"), int(match.group("lead")), _full(match.group("short")))
        return Core(at, match.end(), found, whole=True) if found else None
    fiscal = bool(match.group("fiscal") or (before and before.group("fiscal")))
    index = int(match.group("index"))
    if before and before.group("year") and not match.group("year"):
        found = _span_of(match.group("unit"), index, int(before.group("year")))
        return Core(start, match.end(), found, whole=True) if found else None
    return _indexed(match.group("unit"), index, match, start, today, reported, fiscal=fiscal)


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _span_of(kind: str, index: int, year: int) -> Period | None:
    if kind == "Q":
        return periods.quarter(index, year)
    return periods.half(index, year) if index <= 2 else None


def _indexed(
    kind: str,
    index: int,
    match: re.Match[str],
    start: int,
    today: date | None,
    reported: Reported | None,
    *,
    fiscal: bool,
) -> Core | None:
    """Return quarter or half `index`, by the year that is named, the report's own quarter, or the article's year."""
    groups = match.groupdict()
    named = groups.get("year")
    if fiscal or (not named and reported is not None and kind == "Q"):
        return Core(start, match.end(), reported.quarter(index) if reported and kind == "Q" else OPEN, whole=True)
    if named:
        year = _full(named)
    elif today is None:
        return Core(start, match.end(), OPEN, whole=True)
    else:
        year = today.year + (1 if groups.get("next") else 0)
    found = _span_of(kind, index, year)
    free = not named and not groups.get("same") and not groups.get("next")
    return Core(start, match.end(), found, whole=True, yearless=free) if found else None


def _begun(name: str, year: int, today: date | None) -> bool:
    first = periods.season(name, year).first
    return today is not None and first is not None and first <= today


def season(body: str, at: int, today: date | None) -> Core | None:
    """Return the core of `Sommer 2026`, `this spring` whose noun begins at `at`."""
    match = _SEASON.match(body, at)
    if match is None or (at and (body[at - 1].isalnum() or body[at - 1] == "-")):
        return None
    groups = match.groupdict()
    name = next(key for key in ("spring", "summer", "autumn", "winter") if groups[key])
    this = _THIS.search(body, max(0, at - 12), at)
    start = this.start() if this else at
    if not groups["year"] and today is None:
        return Core(start, match.end(), OPEN, whole=bool(this))
    year = int(groups["year"]) if groups["year"] else (today.year if today else 0)
    if groups["next"] or (this and this.group("next") and _begun(name, year, today)):
        year += 1
    free = not (groups["year"] or groups["same"] or groups["next"] or this)
    return Core(start, match.end(), periods.season(name, year), whole=bool(this or groups["year"]), yearless=free)


def report(body: str, at: int) -> Reported | None:
    """Return the quarter that `ended` at `at` ends, or None."""
    match = next((one for one in _ENDED.finditer(body, max(0, at - 48), at + 32) if one.start() < at < one.end()), None)
    found = ended(body, at)
    what = match.group("what").lower() if match else ""
    if (
        found is None
        or found.period.last is None
        or what.endswith("year")
        or what.startswith(("six", "nine", "twelve"))
    ):
        return None
    index = next((number for word, number in _ORDINALS.items() if word in what.split()), 0)
    return Reported(index, periods.ending(found.period.last, 3))


def ended(body: str, at: int) -> Core | None:
    """Return the core of `quarter ended June 30, 2025`, where `ended` begins at `at`."""
    match = next((one for one in _ENDED.finditer(body, max(0, at - 48), at + 32) if one.start() < at < one.end()), None)
    if match is None:
        return None
    last = periods.day(int(match.group("year")), _MONTHS[match.group("month")[:3].lower()], int(match.group("day")))
    if last is None or last.last is None:
        return None
    what = match.group("what").lower()
    months = _LENGTHS.get((match.group("more") or match.group("months") or "").lower(), 0)
    months = months or (3 if what.endswith("quarter") else 12 if what.endswith("year") else 0)
    return Core(match.start(), match.end(), periods.ending(last.last, months), whole=True, done=True)
