"""Dates that count from the article's day: `noch in diesem Jahr`, `over the next two years`, `bis Jahresende`.

A phrase is read whole, with its own preposition; fiscal years are here because nobody knows their days.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from pipeline.facts import periods
from pipeline.facts.cores import OPEN, YEAR, Core
from pipeline.facts.numbers import GAP
from pipeline.facts.periods import Period

_UNIT: Final = {
    "jahr": "year", "year": "year", "mona": "month", "mont": "month",
    "woch": "week", "week": "week", "quar": "quarter", "tage": "day", "days": "day"
}  # fmt: skip
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        "ein|eine|einem|einer|eines|one|a zwei|two drei|three vier|four fünf|five sechs|six sieben|seven"
        " acht|eight neun|nine zehn|ten elf|eleven zwölf|twelve".split(),
        1,
    )
    for word in words.split("|")
}
_COUNT = rf"(?P<count>[0-9]{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_ONE = r"(?P<unit>Jahr(?:es)?|year|Monat(?:s)?|month|Woche|week|Quartals?|quarter)(?![^\W_]|-)"
_MANY = r"(?P<unit>Jahren?|years?|Monaten?|months?|Wochen?|weeks?|Quartalen?|quarters?|Tagen?|days)(?![^\W_])"
_PREPOSITION = (
    rf"(?:(?:noch|schon|bereits|erst|already){GAP})?(?:(?P<to>bis{GAP}(?:zum{GAP}|Ende{GAP})?|by{GAP}|until{GAP})"
    rf"|(?P<from>ab{GAP})|(?:im|in|am|für(?:{GAP}das)?|zum|for|during){GAP})?(?:the{GAP})?"
)
_NOW = re.compile(
    rf"(?P<later>later{GAP}|[Ii]m{GAP}Laufe{GAP})?{_PREPOSITION}(?:diese[nmsr]?|laufende[nmsr]?|this"
    rf"|the{GAP}current){GAP}{_ONE}",
    re.IGNORECASE,
)
_NEXT = re.compile(
    rf"(?P<part>(?:early|late|Anfang|Ende|Mitte){GAP})?{_PREPOSITION}(?P<what>nächste[nmsr]?|kommende[nmsr]?"
    rf"|folgende[nms]|next){GAP}{_ONE}",
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"{_PREPOSITION}(?:vergangene[nms]?|abgelaufene[nms]?|letzte[nms]?|vorige[nms]?"
    rf"|zurückliegende[nms]?){GAP}(?P<unit>Jahr(?:es)?|year|Quartal|quarter)(?![^\W_])",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    rf"(?:in|über|over|within|during|for|für|binnen|innerhalb)(?:{GAP}(?:the|den|der|die|von))?{GAP}(?:kommenden"
    rf"|nächsten|next|coming|following){GAP}(?:(?:{_COUNT}|few|couple{GAP}of|wenigen|several|paar"
    rf"|mehreren)(?:{GAP}bis{GAP}[a-zäöü]+|{GAP}to{GAP}\w+)?{GAP})?{_MANY}",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    rf"(?<![^\W_])(?:[Ii]n|[Bb]innen|[Ii]nnerhalb(?:{GAP}von)?|[Ww]ithin(?:{GAP}the{GAP}next)?){GAP}(?:(?:rund|etwa"
    rf"|about|approximately){GAP})?{_COUNT}(?:{GAP}|-){_MANY}"
)
_ENDS = re.compile(
    rf"(?P<to>(?:bis|by|before|until|vor){GAP}(?:zum{GAP}|the{GAP})?)?(?:(?:zum|am|at|for"
    rf"|gegen){GAP})?(?:the{GAP})?(?:Jahresende|year[- ]end|calendar{GAP}year-end|Ende{GAP}(?:des"
    rf"|dieses){GAP}Jahres|end{GAP}of{GAP}(?:the"
    rf"|this){GAP}(?:calendar{GAP})?year)(?:{GAP}(?P<year>{YEAR}))?(?![^\W_])",
    re.IGNORECASE,
)
_FULL = re.compile(
    rf"(?:(?:für|im|for|in){GAP}(?:das|the)?{GAP}?)?(?:Gesamtjahr|(?<!a )(?:full|entire|calendar)[- ]year"
    rf"|ganze[sn]?{GAP}Jahr)(?![^\W_]|-)(?:{GAP}(?P<year>{YEAR}))?",
    re.IGNORECASE,
)
_FISCAL = re.compile(
    rf"(?:(?:[Ii]m|[Ff]ür{GAP}das|[Ff]or|[Ii]n|[Dd]uring){GAP}(?:the{GAP})?)?(?:(?:vergangene|laufende|abgelaufene"
    rf"|kommende|nächste|aktuelle)[ns]?{GAP})?(?:Geschäftsjahre?s?(?:{GAP}{YEAR}(?:/[0-9]+)?)?"
    rf"|(?:the{GAP})?(?:full{GAP})?[Ff]iscal(?:{GAP}[Yy]ear)?{GAP}(?:{YEAR}|'?[0-9]{{2}})|FY[ -]?'?(?:{YEAR}"
    rf"|[0-9]{{2}}))(?![^\W_])"
)
_TO_DATE = re.compile(rf"year[- ]to[- ]date|seit{GAP}Jahresbeginn|seit{GAP}Anfang{GAP}des{GAP}Jahres", re.IGNORECASE)
_AGAIN = re.compile(r"\b(?:Mal|times?) \Z")
_AWAITED = re.compile(
    r"\b(?:will|wollen|soll|sollen|könnten?|plan\w*|erwart\w+|möchten?|dürften?|expect\w*|target\w*|schedul\w+"
    r"|slated|anticipat\w+|aims?|could|upcoming|to be"
    r"|to (?:open|start|begin|launch)|wird|werden|möglich|verschieb\w*"
    r"|verleg\w*|sollten?|können|kann|startet|starten|starts|beginnt|eröffnet|opens|kommt)\b",
    re.IGNORECASE,
)


def awaited(body: str, start: int, end: int) -> bool:
    """Say whether the sentence around `[start, end)` looks ahead (`will`, `soll`, `expected`)."""
    low = max(body.rfind("\n", 0, start) + 1, body.rfind(". ", 0, start) + 1, start - 120)
    high = next((at for stop in (". ", "\n") if (at := body.find(stop, end, end + 60)) >= 0), min(len(body), end + 60))
    return _AWAITED.search(body, low, high) is not None


def relative(body: str, at: int, today: date | None) -> Core | None:
    """Return the core of a phrase around `Jahr`, `month`, `week` at `at` that counts from the article's day."""
    low, high = max(body.rfind("\n", 0, at) + 1, at - 48), min(len(body), at + 26)
    found = _SEARCH.find_matches_as_indexes(body[low:high].lower(), overlapping=True)
    near = {_MARKS[index] for index, *_ in found}
    for marks, pattern, make in _RELATIVE:
        if near.isdisjoint(marks):
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
    if inside and _AGAIN.search(match.string, max(0, match.start() - 8), match.start()):
        return None  # `zum zweiten Mal binnen zwei Jahren` looks back.
    if (not inside or _unit(match) in ("day", "week")) and not awaited(match.string, match.start(), match.end()):
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
    return (
        None if match.group().lower() in ("geschäftsjahr", "geschäftsjahre", "geschäftsjahres") else _core(match, OPEN)
    )


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
_MARKS: Final = tuple(dict.fromkeys(mark for marks, *_ in _RELATIVE for mark in marks))
_SEARCH: Final = AhoCorasick(list(_MARKS), implementation=Implementation.DFA)
