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
    """The quarter that a text reports on; `index` is its number where the text says it, else 0."""

    index: int
    period: Period

    def quarter(self, index: int) -> Period:
        """Return the quarter that has number `index` in this report, whose years may begin in any month."""
        if not self.index or self.period.last is None:
            return self.period
        return periods.ending(periods.shift(self.period.last, 3 * (index - self.index), "month"), 3)


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
_YEAR = r"(?:19|20)[0-9]{2}(?![0-9])"
_YEAR_ALONE = re.compile(rf"(?P<first>{_YEAR})(?:[–-](?P<last>{_YEAR})|/(?P<split>[0-9]{{2}}|{_YEAR})(?![0-9]))?(?![\w%]|[-‑][\w])")
_MONTH_RIGHT = re.compile(
    rf"(?P<month>{_MONTH})(?![^\W_])"
    rf"(?:{GAP}(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?(?![0-9.:]*[0-9%])(?:(?:{GAP}?[–-]{GAP}?|{GAP}(?:and|&){GAP})(?P<to>[0-3]?[0-9])(?:th|st)?(?![0-9]))?)?"
    rf"(?:{GAP}?,?{GAP}(?:des{GAP}Jahres{GAP}|of{GAP})?(?P<year>{_YEAR})|{GAP}(?P<same>(?:dieses|des{GAP}laufenden){GAP}Jahres|(?:of{GAP})?this{GAP}year)"
    rf"|{GAP}(?P<next>(?:des{GAP})?(?:nächsten|kommenden){GAP}Jahres|(?:of{GAP})?next{GAP}year)|{GAP}(?P<last>(?:des{GAP})?(?:vergangenen|letzten|vorigen){GAP}Jahres|(?:of{GAP})?last{GAP}year))?"
)
_DAY_LEFT = re.compile(
    rf"(?<![\w.,:])(?:(?P<from>[0-3]?[0-9])(?:\.|th|st)?{GAP}?(?:–|-|bis{GAP}|und{GAP}|and{GAP}|to{GAP}){GAP}?)?(?P<day>[0-3]?[0-9])(?:\.|st|nd|rd|th)?{GAP}(?:of{GAP})?\Z"
)
_NUMERIC = re.compile(rf"(?P<day>[0-3]?[0-9])\.{GAP}?(?P<month>[01]?[0-9])\.{GAP}?(?P<year>{_YEAR})|(?P<iso>{_YEAR})-(?P<isomonth>[01][0-9])-(?P<isoday>[0-3][0-9])")

_OF_YEAR = (
    rf"(?:[,/]?{GAP}?(?:and{GAP}(?:full[ -]|fiscal{GAP})?year{GAP})?(?:(?:of|in|des{GAP}Jahres|von){GAP})?(?P<fiscal>(?:[Ff]iscal(?:{GAP}[Yy]ear)?|FY){GAP}?)?(?P<year>{_YEAR})"
    rf"|{GAP}(?P<same>of{GAP}(?:the|this){GAP}(?P<fy>fiscal{GAP})?year|(?:des|dieses){GAP}(?:laufenden{GAP})?Jahres)"
    rf"|{GAP}(?P<next>of{GAP}next{GAP}year|(?:des{GAP})?(?:nächsten|kommenden){GAP}Jahres))?"
)
_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4, "ersten": 1, "erste": 1, "erstes": 1, "zweiten": 2,
    "zweite": 2, "zweites": 2, "dritten": 3, "dritte": 3, "drittes": 3, "vierten": 4, "vierte": 4, "viertes": 4,
    "letzten": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "1.": 1, "2.": 2, "3.": 3, "4.": 4,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"(?<![\w.,])(?P<ordinal>{'|'.join(map(re.escape, sorted(_ORDINALS, key=len, reverse=True)))})(?:{GAP}|-)(?P<fiscal>fiscal[ -])?\Z",
    re.IGNORECASE,
)
_SPAN_RIGHT = re.compile(rf"(?:(?P<quarter>[Qq]uartals?|[Qq]uarter)|(?P<half>[Hh]albjahre?s?|[Hh]alf))(?![^\W_]){_OF_YEAR}")
_COMPACT = re.compile(
    rf"(?P<unit>[QH])(?P<index>[1-4])(?![0-9A-Za-z])(?:(?:{GAP}|[-/])?(?P<fiscal>(?:[Ff]iscal(?:{GAP}[Yy]ear)?|FY){GAP}?)?'?(?P<year>{_YEAR}|[0-9]{{2}}(?![0-9%.,])))?"
    rf"|(?P<lead>[1-4])(?P<letter>[QH])(?:{GAP}|-)?(?P<short>{_YEAR}|[0-9]{{2}})(?![0-9])"
)
_BEFORE_COMPACT = re.compile(rf"(?:(?P<fiscal>[Ff]iscal{GAP})|(?P<year>{_YEAR}){GAP})\Z")
_SEASON = re.compile(
    r"(?:(?P<spring>Frühjahr|Frühling|[Ss]pring)|(?P<summer>Sommer|[Ss]ummer)|(?P<autumn>Herbst|[Aa]utumn)|(?P<winter>Winter|winter))s?(?![^\W_])"
    + _OF_YEAR
)
_THIS = re.compile(rf"(?:(?P<this>(?:[Dd]iese[nms]|[Tt]his){GAP})|(?P<next>(?:[Nn]ächste[nms]|[Kk]ommende[nms]|[Nn]ext){GAP}))\Z")

_UNIT: Final = {
    "jahr": "year", "year": "year", "mona": "month", "mont": "month", "woch": "week", "week": "week", "quar": "quarter", "tage": "day", "days": "day"
}  # fmt: skip
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        "ein|eine|einem|einer|eines|one|a zwei|two drei|three vier|four fünf|five sechs|six sieben|seven acht|eight neun|nine zehn|ten elf|eleven zwölf|twelve".split(),
        1,
    )
    for word in words.split("|")
}
_COUNT = rf"(?P<count>[0-9]{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_ONE = r"(?P<unit>Jahr(?:es)?|year|Monat(?:s)?|month|Woche|week|Quartals?|quarter)(?![^\W_]|-)"
_MANY = r"(?P<unit>Jahren?|years?|Monaten?|months?|Wochen?|weeks?|Quartalen?|quarters?|Tagen?|days)(?![^\W_])"
_PREPOSITION = rf"(?:(?:noch|schon|bereits|erst|already){GAP})?(?:(?P<to>bis{GAP}(?:zum{GAP}|Ende{GAP})?|by{GAP}|until{GAP})|(?P<from>ab{GAP})|(?:im|in|am|für(?:{GAP}das)?|zum|for|during){GAP})?(?:der{GAP}|the{GAP})?"
_NOW = re.compile(rf"(?P<later>later{GAP}|[Ii]m{GAP}Laufe{GAP})?{_PREPOSITION}(?:diese[nmsr]?|laufende[nmsr]?|this|the{GAP}current){GAP}{_ONE}", re.IGNORECASE)
_NEXT = re.compile(rf"(?P<part>(?:early|late|Anfang|Ende|Mitte){GAP})?{_PREPOSITION}(?P<what>nächste[nmsr]?|kommende[nmsr]?|folgende[nms]|next){GAP}{_ONE}", re.IGNORECASE)
_LAST = re.compile(rf"{_PREPOSITION}(?:vergangene[nms]?|abgelaufene[nms]?|letzte[nms]?|vorige[nms]?|zurückliegende[nms]?){GAP}(?P<unit>Jahr(?:es)?|year|Quartal|quarter)(?![^\W_])", re.IGNORECASE)
_AHEAD = re.compile(
    rf"(?:in|über|over|within|during|for|für|binnen|innerhalb)(?:{GAP}(?:the|den|der|die|von))?{GAP}(?:kommenden|nächsten|next|coming|following){GAP}(?:(?:{_COUNT}|few|couple{GAP}of|wenigen|several|paar|mehreren)(?:{GAP}bis{GAP}[a-zäöü]+|{GAP}to{GAP}\w+)?{GAP})?{_MANY}",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    rf"(?<![^\W_])(?:[Ii]n|[Bb]innen|[Ii]nnerhalb(?:{GAP}von)?|[Ww]ithin(?:{GAP}the{GAP}next)?){GAP}(?:(?:rund|etwa|about|approximately){GAP})?{_COUNT}(?:{GAP}|-){_MANY}"
)
_ENDS = re.compile(
    rf"(?P<to>(?:bis|by|before|until|vor){GAP}(?:zum{GAP}|the{GAP})?)?(?:(?:zum|am|at|for|gegen){GAP})?(?:the{GAP})?(?:Jahresende|year[- ]end|calendar{GAP}year-end|Ende{GAP}(?:des|dieses){GAP}Jahres|end{GAP}of{GAP}(?:the|this){GAP}(?:calendar{GAP})?year)(?:{GAP}(?P<year>{_YEAR}))?(?![^\W_])",
    re.IGNORECASE,
)
_FULL = re.compile(
    rf"(?:(?:für|im|for|in){GAP}(?:das|the)?{GAP}?)?(?:Gesamtjahr|(?<!a )(?:full|entire|calendar)[- ]year|ganze[sn]?{GAP}Jahr)(?![^\W_]|-)(?:{GAP}(?P<year>{_YEAR}))?", re.IGNORECASE
)
_FISCAL = re.compile(
    rf"(?:(?:im|für{GAP}das|for|in|during){GAP}(?:the{GAP})?)?(?:(?:vergangene|laufende|abgelaufene|kommende|nächste|aktuelle)[ns]?{GAP})?(?:Geschäftsjahre?s?(?:{GAP}{_YEAR}(?:/[0-9]+)?)?|(?:the{GAP})?(?:full{GAP})?[Ff]iscal(?:{GAP}[Yy]ear)?{GAP}(?:{_YEAR}|'?[0-9]{{2}})|FY[ -]?'?(?:{_YEAR}|[0-9]{{2}}))(?![^\W_])"
)
_TO_DATE = re.compile(rf"year[- ]to[- ]date|seit{GAP}Jahresbeginn|seit{GAP}Anfang{GAP}des{GAP}Jahres", re.IGNORECASE)
_ENDED = re.compile(
    rf"(?P<what>(?:(?:first|second|third|fourth|fiscal){GAP})*quarter|(?P<months>three|six|nine|twelve|[36]|12)(?:-{GAP}and{GAP}(?P<more>six|nine|twelve))?[- ]months?(?:{GAP}period)?s?|period|(?:fiscal{GAP})?year){GAP}(?:ended|ending){GAP}(?P<month>{_MONTH}){GAP}(?P<day>[0-3]?[0-9]),?{GAP}(?P<year>{_YEAR})",
    re.IGNORECASE,
)
_LENGTHS: Final = {"three": 3, "six": 6, "nine": 9, "twelve": 12, "3": 3, "6": 6, "12": 12}
_AWAITED = re.compile(
    r"\b(?:will|wollen|soll|sollen|könnten?|plan\w*|erwart\w+|möchten?|dürften?|expect\w*|target\w*|schedul\w+|slated|anticipat\w+|aims?|could|upcoming|to be"
    r"|to (?:open|start|begin|launch)|startet|starten|starts|beginnt|eröffnet|opens|kommt)\b",
    re.IGNORECASE,
)
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
    kind: str, index: int, match: re.Match[str], start: int, today: date | None, reported: Reported | None, *, fiscal: bool
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
    year += 1 if groups["next"] or (this and this.group("next") and today and periods.season(name, year).first <= today) else 0  # type: ignore[operator]
    free = not (groups["year"] or groups["same"] or groups["next"] or this)
    return Core(start, match.end(), periods.season(name, year), whole=bool(this or groups["year"]), yearless=free)


def report(body: str, at: int) -> Reported | None:
    """Return the quarter that `ended` at `at` ends, or None."""
    match = next((one for one in _ENDED.finditer(body, max(0, at - 48), at + 32) if one.start() < at < one.end()), None)
    found = ended(body, at)
    what = match.group("what").lower() if match else ""
    if found is None or found.period.last is None or what.endswith("year") or what.startswith(("six", "nine", "twelve")):
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


def _awaited(body: str, start: int, end: int) -> bool:
    """Say whether the sentence around `[start, end)` looks ahead (`will`, `soll`, `expected`)."""
    low = max(body.rfind("\n", 0, start) + 1, body.rfind(". ", 0, start) + 1, start - 120)
    high = next((at for stop in (". ", "\n") if (at := body.find(stop, end, end + 60)) >= 0), min(len(body), end + 60))
    return _AWAITED.search(body, low, high) is not None


awaited: Final = _awaited


def relative(body: str, at: int, today: date | None) -> Core | None:
    """Return the core of a phrase around `Jahr`, `month`, `week` at `at` that counts from the article's day."""
    low, high = max(body.rfind("\n", 0, at) + 1, at - 48), min(len(body), at + 26)
    window = body[low:high].lower()
    for marks, pattern, make in _RELATIVE:
        if not any(mark in window for mark in marks):
            continue
        for match in pattern.finditer(body, low, high):
            inside = match.start() <= at < match.end()
            if inside and not (match.start() and body[match.start() - 1].isalnum()):
                made = make(match, today)
                if made:
                    return made
    return None


def _core(match: re.Match[str], period: Period, *, vague: bool = False) -> Core:
    return Core(match.start(), match.end(), period, whole=True, done=True, vague=vague)


def _unit(match: re.Match[str]) -> str:
    return _UNIT[match.group("unit")[:4].lower()]


def _around(unit: str, ahead: int, today: date) -> Period:
    """Return this (0), the next (1) or the last (-1) year, quarter, month or week."""
    if unit == "week":
        return periods.week(today, ahead)
    if unit == "year":
        return periods.year(today.year + ahead)
    if unit == "month":
        there = periods.shift(today.replace(day=1), ahead, "month")
        return periods.month(there.month, there.year)
    index = today.year * 4 + (today.month - 1) // 3 + ahead
    return periods.quarter(index % 4 + 1, index // 4)


def _directed(match: re.Match[str], period: Period) -> Period:
    if match.group("to"):
        return Period(None, period.last)
    return Period(period.first, None) if match.group("from") else period


def _now(match: re.Match[str], today: date | None) -> Core:
    if today is None:
        return _core(match, OPEN)
    found = _around(_unit(match), 0, today)
    if (match.group("later") or "").lower().startswith("later"):
        found = Period(today, found.last)
    return _core(match, _directed(match, found))


def _next(match: re.Match[str], today: date | None) -> Core:
    if today is None:
        return _core(match, OPEN)
    found = _around(_unit(match), 1, today)
    which = {"e": "early", "l": "late", "a": "early", "m": "mid"}.get((match.group("part") or " ")[0].lower())
    if (match.group("part") or "").lower().startswith("ende"):
        which = "late"
    return _core(match, _directed(match, periods.part(found, which) if which else found))


def _last(match: re.Match[str], today: date | None) -> Core:
    return _core(match, _directed(match, _around(_unit(match), -1, today)) if today else OPEN)


def _number(match: re.Match[str]) -> int | None:
    said = (match.group("count") or "").lower()
    return (int(said) if said.isdigit() else _NUMBERS[said]) if said else None


def _ahead(match: re.Match[str], today: date | None) -> Core | None:
    count = _number(match)
    if count is None:
        return None if _unit(match) == "day" else _core(match, OPEN, vague=True)
    return _core(match, Period(today, _later(today, count, _unit(match))) if today else OPEN)


def _within(match: re.Match[str], today: date | None) -> Core | None:
    """`within 24 months` begins now; `in three weeks` is that day where something is awaited."""
    said = match.group().lower()
    inside = said.startswith(("within", "binnen", "innerhalb"))
    if not inside and not _awaited(match.string, match.start(), match.end()):
        return None
    if today is None:
        return _core(match, OPEN)
    count = _number(match) or 1
    there = _later(today, count, _unit(match))
    return _core(match, Period(today if inside else there, there))


def _later(today: date, count: int, unit: str) -> date:
    return periods.shift(today, count * 3, "month") if unit == "quarter" else periods.shift(today, count, unit)


def _ends(match: re.Match[str], today: date | None) -> Core:
    year = int(match.group("year")) if match.group("year") else (today.year if today else 0)
    if not year:
        return _core(match, OPEN)
    if today and not match.group("year") and not match.group("to") and today.month <= 2:
        year -= 1  # In January `zum Jahresende` looks back.
    found = periods.year(year)
    return _core(match, Period(None, found.last) if match.group("to") else periods.part(found, "late"))


def _full_year(match: re.Match[str], today: date | None) -> Core:
    year = int(match.group("year")) if match.group("year") else (today.year if today else 0)
    return _core(match, periods.year(year) if year else OPEN)


def _fiscal(match: re.Match[str], today: date | None) -> Core | None:
    """Return a fiscal year, whose days nobody knows; the bare word is none."""
    return None if match.group().lower() in ("geschäftsjahr", "geschäftsjahre", "geschäftsjahres") else _core(match, OPEN)


def _to_date(match: re.Match[str], today: date | None) -> Core:
    return _core(match, Period(today.replace(month=1, day=1), today) if today else OPEN)


_RELATIVE: Final = (
    (("date", "beginn", "anfang"), _TO_DATE, _to_date),
    (("fiscal", "fy", "geschäftsjahr"), _FISCAL, _fiscal),
    (("end",), _ENDS, _ends),
    (("gesamt", "full", "entire", "calendar", "ganze"), _FULL, _full_year),
    (("kommend", "nächst", "next", "coming", "following"), _AHEAD, _ahead),
    (("dies", "laufend", "this", "current"), _NOW, _now),
    (("kommend", "nächst", "next", "folgend"), _NEXT, _next),
    (("vergangen", "abgelaufen", "letzte", "vorig", "zurückliegend"), _LAST, _last),
    (("in ", "innen ", "innerhalb "), _WITHIN, _within),
)
"""Words of which one must be near, the phrase, and what makes a core of it; the first that fits wins."""
