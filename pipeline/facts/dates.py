"""Dates that say when something happens: `bis Ende 2027`, `im dritten Quartal`, `this year`, `on July 2, 2025`.

Every year, month name, quarter or word such as `Jahr` is a core (`cores.py`). The words to its left say which part is
meant (`Ende`, `mid-`) and how (`bis`: to that day, `ab`: from that day on, otherwise: in it). What is relative counts
from the article's day; without one it has no days.

Left out: datelines, week days, years in names (`Gamescom 2025`), comparisons, and what lies more than a calendar year
before the article: that is background.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from pipeline.facts import cores, periods, relative
from pipeline.facts.cores import OPEN, Core, Reported
from pipeline.facts.numbers import GAP
from pipeline.facts.periods import Period
from pipeline.records import Fact, FactKind

_MONTHS: Final = (
    "Januar Jänner Februar März Mai Juni Juli Oktober Dezember January February March April May June July August"
    " September October November December"
    " Jan Feb Mar Apr Jun Jul Aug Sep Oct Okt Nov Dec Dez"
).split()
_SPANS: Final = "Quartal quarter Quarter Halbjahr half Half quartal".split()
_COMPACT: Final = "H1 H2 Q1 Q2 Q3 Q4 1Q 2Q 3Q 4Q".split()
_SEASONS: Final = "Frühjahr Frühling Sommer Herbst Winter spring Spring summer Summer autumn Autumn winter".split()
_RELATIVE: Final = (
    "Jahr jahr year Year Monat month Month Woche week Week Quartal quarter Quarter Tagen days FY fiscal Fiscal".split()
)
_ENDED: Final = ("ended", "ending", "Ended")
WORDS: Final = (*{*_MONTHS, *_SPANS, *_COMPACT, *_SEASONS, *_RELATIVE, *_ENDED, "heuer"},)
"""Words that a core is made of; where one of them stands, `core` is asked."""

_KINDS: Final = {
    word: tuple(
        name
        for name, words in (
            ("month", _MONTHS), ("span", _SPANS), ("compact", _COMPACT), ("season", _SEASONS),
            ("ended", _ENDED), ("relative", _RELATIVE),
        )
        if word in words
    )
    for word in WORDS
}  # fmt: skip

_TO = (
    rf"bis{GAP}(?:spätestens{GAP})?(?:(?:zum|zur|ins|in|in{GAP}den|zu){GAP})?|spätestens{GAP}(?:(?:im|zum|in"
    rf"|bis){GAP})?|by{GAP}(?:the{GAP})?|(?:un)?till?{GAP}(?:the{GAP})?|through{GAP}|before{GAP}(?:the{GAP})?"
    rf"|no{GAP}later{GAP}than{GAP}|prior{GAP}to{GAP}|deadline{GAP}(?:is|of){GAP}|vor{GAP}"
)
_FROM = (
    rf"ab{GAP}(?:de[mnr]{GAP})?|frühestens{GAP}(?:(?:im|in|ab|zum){GAP})?|as{GAP}early{GAP}as{GAP}|(?:beginning"
    rf"|starting|effective){GAP}(?:(?:in|on|from|as{GAP}of){GAP})?(?:the{GAP})?"
    rf"|from{GAP}(?:the{GAP})?|von{GAP}|mit{GAP}Wirkung{GAP}(?:zum|vom){GAP}|per{GAP}"
)
_BOTH = rf"vom{GAP}|zwischen{GAP}(?:dem{GAP})?|between{GAP}"
_SINCE = rf"seit{GAP}(?:de[mnr]{GAP})?|since{GAP}(?:the{GAP})?"
_IN = (
    rf"(?:(?:noch|schon|bereits|erst|already|back|later){GAP})?(?:im|in|Im|In|zum|zur|for|für|during|um|gegen|at"
    rf"|around|over|throughout|within|on|am|the){GAP}"
    rf"(?:or{GAP}about{GAP})?(?:(?:Abend|Morgen|Nachmittag|Mittag){GAP}des{GAP})?(?:the{GAP}|den{GAP}|das{GAP}"
    rf"|die{GAP}|de[rm]{GAP}|full{GAP})?"
    rf"(?:[A-Z][a-zä]+(?:day|tag|woch),?{GAP}(?:(?:den|dem|the){GAP}|\()?)?"
)
_PART = (
    rf"(?P<early>(?:Anfang|Beginn|early){GAP}(?:des{GAP})?|early-|(?:the{GAP})?(?:beginning"
    rf"|start){GAP}of{GAP}(?:the{GAP})?)|(?P<mid>Mitte{GAP}(?:des{GAP})?|mid-|mid{GAP}"
    rf"|(?:the{GAP})?middle{GAP}of{GAP}(?:the{GAP})?)"
    rf"|(?P<late>(?:Ende|late){GAP}(?:des{GAP})?|late-)|(?P<end>(?:the{GAP})?end{GAP}of{GAP}(?:the{GAP})?)"
)
_LEFT = re.compile(
    rf"(?<![^\W_])(?:(?P<to>{_TO})|(?P<from>{_FROM})|(?P<both>{_BOTH})|(?P<since>{_SINCE})"
    rf"|(?P<in>{_IN}))?(?:{_PART})?(?P<year>(?:dem{GAP}|das{GAP}|die{GAP}|the{GAP})?(?:Jahre?n?|year){GAP})?\Z",
    re.IGNORECASE,
)
_LAST = re.compile(r"([^\W\d_]+)[,(]?(?: |\u00a0|\()\Z")
_ENDINGS: Final = frozenset(
    "bis spätestens zum zur ins in den dem der des die das zu im ab frühestens by the until till through before than"
    " to is of as beginning starting effective"
    " on from von wirkung vom per zwischen between seit since for für during um gegen at around over throughout"
    " within am about anfang beginn early mitte mid"
    " ende late jahr jahre jahren year full vor".split()
)
"""The last of the words that `_LEFT` knows; it is tried only behind one of them."""
_BARE_BEFORE = re.compile(rf"(?:^|[.!?:\n]{GAP}*|(?<![\w’'])(?P<word>[^\W\d_]+){GAP})\Z")
_NO_VERB: Final = frozenset(
    "der die das den dem des von vom und oder aus als war seit wie bis nr no the of and or to from vor bei mit ein"
    " eine einen dieser diesem version saison typ modell"
    " edition award awards best top".split()
)
_FIGURES = re.compile(
    r"(?:umsatz|gewinn|ergebnis(?:se)?|prognose|bilanz|zahlen|ziele?|dividende|verlust|absatz|ausblick"
    r"|investitionen)\Z",
    re.IGNORECASE,
)
_AWARD = re.compile(
    r"award|preis\b|auszeichnung|\bbest\b|\btop\b|ranking|winner|named|ausgezeichnet|studie|report\b|index\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"\bdated,?\s\Z", re.IGNORECASE)
_DATELINE = re.compile(rf"{GAP}*(?:/|\((?!expected|the\b)|--?{GAP}|[–—@]|[0-9]{{1,2}}:)")
_COMPARED = re.compile(
    r"(?:compared|versus|\bvs\.?|\bthan|\bfrom|earlier|gegenüber|vergleich|\bals|verglichen|prior|same period|over"
    r"|vor|from the|increase on)\W+(?:\w+\W+){0,4}\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"(?:,?{GAP})?(?:bis|to|and|und|through|–|-|until)(?:{GAP}(?:zum|the))?{GAP}?(?:(?P<part>Anfang|Mitte"
    rf"|Ende){GAP})?",
    re.IGNORECASE,
)


_CLOSE: Final = 24
"""Characters between two cores that may be one date."""


def core(body: str, word: str, at: int, today: date | None, reported: Reported | None) -> Core | None:
    """Return the core that the word of `WORDS` at `at` belongs to, or None.

    Args:
        body: the text.
        word: as it stands there.
        at: its first character.
        today: the article's day.
        reported: what `report` gave.
    """
    for kind in _KINDS[word]:
        found = _core(kind, body, at, today, reported)
        if found:
            return found
    if word == "heuer" and today:
        return Core(at, at + 5, periods.year(today.year), whole=True, done=True)
    return None


def _core(kind: str, body: str, at: int, today: date | None, reported: Reported | None) -> Core | None:
    if kind == "month":
        return cores.month(body, at, today)
    if kind == "span":
        return cores.span(body, at, today, reported)
    if kind == "compact":
        return cores.compact(body, at, today, reported)
    if kind == "season":
        return cores.season(body, at, today)
    return cores.ended(body, at) if kind == "ended" else relative.relative(body, at, today)


def year(body: str, at: int) -> Core | None:
    """Return the core of a year or a numeric date that begins at `at`."""
    return cores.numeric(body, at) or cores.alone(body, at)


def report(body: str, ends: Iterable[int]) -> Reported | None:
    """Return the quarter whose last day the text names (`quarter ended June 30, 2025`), for its fiscal quarters."""
    return next((found for at in ends if (found := cores.report(body, at))), None)


def dates(body: str, found: Sequence[Core], today: date | None, *, german: bool) -> list[Fact]:
    """Return the dates among these cores, in order.

    Args:
        body: the text.
        found: cores in any order; one inside another is left out.
        today: the article's day.
        german: how bare years are read (`machte 2024 Verlust`).
    """
    kept: list[Core] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    facts: list[Fact] = []
    index = 0
    while index < len(kept):
        one = kept[index]
        close = index + 1 < len(kept) and kept[index + 1].start - one.end <= _CLOSE
        joined = _joined(body, one, kept[index + 1]) if close else None
        if joined:
            start, period = joined
            fact = _fact(body, start, kept[index + 1].end, period) if _recent(period, today) else None
        else:
            fact = _dated(body, one, today, german=german)
        index += 2 if joined else 1
        if fact and not (facts and fact.start < facts[-1].end):
            facts.append(fact)
    return facts


def _left(body: str, one: Core) -> re.Match[str] | None:
    """Return the words to the left that belong to the core; an empty match where none does."""
    at = one.start
    before = _LAST.search(body, max(0, at - 14), at)
    word = before.group(1).lower() if before else ""
    if word in _ENDINGS or word.endswith(("day", "tag", "woch")) or body[at - 1 : at] == "-":
        low = max(0, at - 48, body.rfind("\n", 0, at) + 1)
        starts = [at]
        while len(starts) < 8 and (space := body.rfind(" ", low, starts[-1] - 1)) >= 0:
            starts.append(space + 1)
        starts.append(low)  # A line begins a word; the middle of one fails at once.
        for start in reversed(starts):
            match = _LEFT.fullmatch(body, start, at)
            if match and match.group():
                return match
    return _LEFT.fullmatch(body, at, at)


def _joined(body: str, one: Core, other: Core) -> tuple[int, Period] | None:
    """Return start and days of `von Juni bis November 2022`, `between February 7, 2024, and November 24, 2024`."""
    between = _BETWEEN.fullmatch(body, one.end, other.start)
    left = _left(body, one)
    if between is None or left is None or one.vague or other.vague or one.done or other.done:
        return None
    led = left.group("from") or left.group("both") or left.group("year")
    if not led and not (one.exact and other.exact):
        return None
    last = _part(other.period, between.group("part"))
    first = one.period.first
    if first and last.last and (one.yearless or first > last.last):
        first = periods.shift(first, last.last.year - first.year, "year")
        if first > last.last:
            first = periods.shift(first, -1, "year")  # `von November bis März 2027`
    return left.start(), Period(first, last.last)


def _part(period: Period, german: str | None) -> Period:
    which = {"anfang": "early", "mitte": "mid", "ende": "late"}.get((german or "").lower())
    return periods.part(period, which) if which else period


def _dated(body: str, one: Core, today: date | None, *, german: bool) -> Fact | None:
    """Return the date of one core with the words to its left, or None where it says nothing about when."""
    if one.done:
        compared = re.search(r"vergangen|abgelaufen|letzte|vorig|last|past", body[one.start : one.end], re.IGNORECASE)
        if compared and _COMPARED.search(body, max(0, one.start - 40), one.start):
            return None
        return _fact(body, one.start, one.end, one.period, vague=one.vague) if _recent(one.period, today) else None
    left = _left(body, one)
    said = left.lastgroup is not None and left.group() != "" if left else False
    if left is None or (not said and not one.whole and not _bare(body, one, german=german)):
        return None
    if _named(body, one, left) or (one.exact and _dateline(body, one, left, today)):
        return None
    period = _in_year(body, one, left, today)
    which = next((name for name in ("early", "mid", "late", "end") if left.group(name)), "")
    if which == "end":
        period = Period(period.last, period.last)
    elif which:
        period = periods.part(period, which)
    if not _recent(period, today):
        return None
    directed = _directed(left, period, today)
    if directed is None and not one.whole and said:
        return None
    return _fact(body, left.start(), one.end, directed or period)


def _bare(body: str, one: Core, *, german: bool) -> bool:
    """Say whether a year without preposition is a date: in German behind a verb, or at the start of a sentence."""
    before = _BARE_BEFORE.search(body, max(0, one.start - 24), one.start) if german else None
    if before is None or not body[one.start].isdigit():
        return False
    word = before.group("word")
    if word and _FIGURES.search(word):
        return True
    if word is None:
        return re.match(rf"{GAP}[a-zäöü]", body[one.end : one.end + 2]) is not None
    return word[0].islower() and word.lower() not in _NO_VERB


def _named(body: str, one: Core, left: re.Match[str]) -> bool:
    """Say whether `for 2025` belongs to a prize or a ranking."""
    if left.group("in") and left.group("in").lower().endswith(("the ", "at ")) and body[one.start].isdigit():
        return True
    if one.exact and _DATED.search(body, max(0, left.start() - 8), left.start()):
        return True
    if left.group("in") and left.group("in").lower().startswith(("for", "für", "the")) and not one.exact:
        return _AWARD.search(body, max(0, left.start() - 40), left.start()) is not None
    return False


def _dateline(body: str, one: Core, left: re.Match[str], today: date | None) -> bool:
    if left.group().strip():
        return False
    first = one.period.first
    if today and first and timedelta(days=-3) <= first - today <= timedelta(days=1):
        return True
    return _DATELINE.match(body, one.end) is not None and (today is None or first is None or first <= today)


def _in_year(body: str, one: Core, left: re.Match[str], today: date | None) -> Period:
    """Return the period in the year that is meant: the coming one behind `bis` or `will`, else the nearest."""
    first, last = one.period
    if not one.yearless or today is None or first is None or last is None:
        return one.period
    around = [_moved(one.period, years) for years in (-1, 0, 1)]
    if left.group("to") or left.group("from") or left.group().lower().startswith(("zum ", "in den ")):
        ahead = True
    elif left.group("since"):
        return next((period for period in reversed(around) if period.first and period.first <= today), one.period)
    else:
        ahead = relative.awaited(body, one.start, one.end)
    # A quarter that has just ended is reported, not awaited; a month or a day that is over is over.
    slack = timedelta(days=100 if (last - first).days > 31 and not left.group("to") else 30 if one.exact else 0)
    if ahead:
        return next(
            period for period in around if period is around[-1] or (period.last and period.last + slack >= today)
        )
    soon = timedelta(days=45)
    return next(
        period for period in reversed(around) if period is around[0] or (period.first and period.first <= today + soon)
    )


def _moved(period: Period, years: int) -> Period:
    def move(at: date | None) -> date | None:
        return periods.shift(at, years, "year") if at else None

    return Period(move(period.first), move(period.last))


def _directed(left: re.Match[str], period: Period, today: date | None) -> Period | None:
    """Return the period behind its preposition; None where there is none, or one that needs a second date."""
    if left.group("to"):
        before = left.group("to").lower().startswith(("before", "vor", "prior")) and period.first != period.last
        return Period(None, period.first - timedelta(days=1) if before and period.first else period.last)
    if left.group("from"):
        if left.group("from").lower().startswith(("from", "von", "per")) and (
            today is None or not period.first or period.first <= today
        ):
            return None
        return (
            period
            if period.first != period.last and (period.first or date.min).day != 1
            else Period(period.first, None)
        )
    if left.group("since"):
        return Period(period.first, today)
    return period if left.group().strip() else None


def _recent(period: Period, today: date | None) -> bool:
    if today is None or period == OPEN:
        return True
    edge = date(today.year - 1, 1, 1)
    at = period.last or period.first
    return at is None or at >= edge


def _fact(body: str, start: int, end: int, period: Period, *, vague: bool = False) -> Fact:
    while body[start] in " \u00a0\u202f\u2009":
        start += 1
    return Fact(
        kind=FactKind.DATE,
        text=body[start:end],
        start=start,
        end=end,
        date_from=period.first,
        date_to=period.last,
        vague=vague,
    )
