"""All facts of a text in one walk, and the signal that each belongs to.

One automaton finds every word that can begin a fact (`Milliarde`, `Hunderte`, `Quartal`, `August`), one expression
every number in digits; what surrounds them decides. Longer facts win over shorter ones, money over counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipeline.facts import amounts, dates, jobs, measures, numbers, partners
from pipeline.facts.cores import Core
from pipeline.facts.numbers import Number
from pipeline.records import Fact, FactKind, Signal, Span
from pipeline.signals import SignalType

_SCALES: Final = tuple(
    form
    for word in (*numbers.WORDS, "milliard")
    for form in (word, word.capitalize(), word.upper())
    if word != "milliarde"
)
_MANY: Final = tuple(
    form
    for word in ("hundert", "tausend", "zehntausend", "dutzend", "hundred", "thousand", "dozen")
    for form in (word, word.capitalize())
)
_SMALL: Final = tuple(f" {form} " for word in numbers.SMALL for form in (word, word.capitalize()))
_SINGLE: Final = tuple(f"{unit}watt" for unit in ("mega", "giga", "Mega", "Giga"))
_WORDS: Final = tuple(dict.fromkeys((*_SCALES, *_MANY, *_SMALL, *_SINGLE, *partners.WORDS, *dates.WORDS)))
_DATE_WORDS: Final = frozenset(dates.WORDS)
_SCALE_WORDS: Final = frozenset(_SCALES)
_SMALL_WORDS: Final = frozenset(_SMALL)
_PARTNER_WORDS: Final = frozenset(partners.WORDS)
_MANY_WORDS: Final = frozenset(_MANY)
_SEARCH: Final = AhoCorasick(list(_WORDS), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
_LEADS: Final = frozenset(" \u00a0\u202f\u2009-‑€$£¥/")
_MONEY = re.compile(r"[$€£¥₹₽₩₺A-Za-z.]")
_PREFERRED: Final = 200
"""Characters: a sentence or two."""
_SPEAKS: Final = {
    FactKind.AMOUNT: frozenset(
        map(
            SignalType,
            "capital_investment funding acquisition contract_win results divestment legal insolvency".split(),
        )
    ),
    FactKind.JOBS: frozenset((SignalType.HIRING, SignalType.LAYOFFS)),
    FactKind.CAPACITY: frozenset((SignalType.SITE_EXPANSION, SignalType.NEW_SITE, SignalType.PROJECT)),
    FactKind.AREA: frozenset((SignalType.NEW_SITE, SignalType.SITE_EXPANSION, SignalType.PROJECT)),
    FactKind.PARTNER: frozenset((SignalType.PARTNERSHIP,)),
}
_RANGE = re.compile(
    r"(?:(?: | ?[–-] ?)(?:(?:bis(?: zu)?|to|oder|or|and|und|von|of) )?|[–-])(?:(?:rund|etwa|mehr als|about|up to)"
    r" )?(?:[$€£]|US\$|C\$)?"
)
_BETWEEN = re.compile(
    r"(?:zwischen|between|from|von) (?:rund |etwa |about |approximately )?(?:[$€£]|US\$|C\$)?\Z", re.IGNORECASE
)


def find(body: str, *, german: bool, published: date | None) -> list[Fact]:
    """Return the facts of a text, in order, not overlapping.

    Args:
        body: title, line feed, text.
        german: how `1.500` and `Billion` are read; anything else is read as English.
        published: the article's day, from which relative dates count; None where it is not known.
    """
    words = [(_WORDS[index], start, end) for index, start, end in _SEARCH.find_matches_as_indexes(body)]
    found: list[Fact] = []
    bare: list[Number] = []
    named: list[Core] = []
    reported = dates.report(body, [start for word, start, _ in words if word in ("ended", "ending")])
    for number in numbers.in_digits(body, german=german):
        fact = _measured(body, number, german=german)
        if fact:
            found.append(fact)
            continue
        core = dates.year(body, number.start) if number.end - number.start >= 3 else None
        if core:
            named.append(core)
        elif not number.scaled:
            bare.append(number)
    for word, start, end in words:
        if word in _DATE_WORDS:
            core = dates.core(body, word, start, published, reported)
            if core:
                named.append(core)
        elif word in _PARTNER_WORDS:
            partner = partners.partner(body, start)
            if partner:
                found.append(partner)
        else:
            found.extend(_worded(body, word, start, end, german=german))
    found = _longest(found)
    found.extend(_ranges(body, bare, found))
    if any(fact.kind == "jobs" for fact in found):
        found.extend(fact for number in bare if (fact := jobs.rest(body, number)))
    found.extend(dates.dates(body, named, published, german=german))
    return _longest(found)


def _measured(body: str, number: Number, *, german: bool) -> Fact | None:
    if number.start and body[number.start - 1] in "$€£":
        return amounts.amount(body, number, german=german)
    after = body[number.end : number.end + 1]
    if after == " ":
        after = body[number.end + 1 : number.end + 2]
    if not number.scaled and number.letter == 1.0 and after not in _LEADS and not after.isalpha():
        # Nothing can follow that is counted or measured: most numbers are years, days and percentages.
        return (
            amounts.amount(body, number, german=german)
            if _MONEY.search(body, max(0, number.start - 5), number.start)
            else None
        )
    return (
        amounts.amount(body, number, german=german)
        or measures.area(body, number)
        or measures.capacity(body, number)
        or jobs.jobs(body, number)
    )


def _worded(body: str, word: str, start: int, end: int, *, german: bool) -> Iterator[Fact]:
    """Yield the facts of a number word: `acht Milliarden`, `Milliardenauftrag`, `Hunderte Jobs`, `zwölf Stellen`."""
    number = None
    if word in _SCALE_WORDS:
        number = numbers.in_words(body, start, german=german)
    elif word in _SINGLE:
        number = numbers.before(body, start)
    elif word in _SMALL_WORDS:
        number = numbers.small(body, start + 1, end - 1)
    fact = _measured(body, number, german=german) if number else None
    if fact is None and word in _MANY_WORDS:
        fact = jobs.many(body, start)
    if fact is None and word.lower().startswith(("mill", "bill")):
        fact = amounts.vague(body, start)
    if fact:
        yield fact


def _longest(found: list[Fact]) -> list[Fact]:
    """Return the facts in order, of overlapping ones the longer; equal ones are one."""
    kept: list[Fact] = []
    for fact in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or fact.start >= kept[-1].end:
            kept.append(fact)
        elif fact.end - fact.start > kept[-1].end - kept[-1].start:
            kept[-1] = fact
    return kept


def _ranges(body: str, bare: Sequence[Number], found: Sequence[Fact]) -> Iterator[Fact]:
    """Yield the first half of `2 bis 3 Mio. Euro` and `2,000 to 4,000 square feet`: it has the unit of the second."""
    by_start = {fact.start: fact for fact in found}
    for number in bare:
        gap = _RANGE.match(body, number.end)
        other = by_start.get(gap.end()) if gap else None
        if gap is None:
            continue
        if other is None and gap.group().rstrip()[-1:] in "$€£":
            other = next((by_start[at] for at in range(number.end, gap.end()) if at in by_start), None)
        if other is None or other.kind in ("date", "partner") or other.value is None or not number.value:
            continue
        word = gap.group().strip(" $€£")
        if word in ("von", "of") and other.kind != "jobs":
            continue
        if word in ("and", "und", "") and not _BETWEEN.search(body, max(0, number.start - 24), number.start):
            continue
        factor = _factor(other)
        value = number.value * (factor if number.value * factor <= other.value else 1)
        if value < other.value:
            start = number.start - (body[number.start - 1 : number.start] in "$€£" and number.start > 0)
            yield other.model_copy(
                update={"text": body[start : number.end], "start": start, "end": number.end, "value": value}
            )


def _factor(fact: Fact) -> float:
    """Return what the word in the fact multiplies with."""
    match = re.search(
        r"(?i)(tausend|thousand|tsd|\dk\b)|(millio|mio|mln|\dm\b)|(milliard|mrd|\bbn|billi|\db\b)", fact.text
    )
    return {1: 1e3, 2: 1e6, 3: 1e9}[match.lastindex or 1] if match else 1.0


def belong(facts: Sequence[Fact], signals: Sequence[Signal]) -> tuple[Fact, ...]:
    """Return the facts, each with the type of the signal whose evidence is nearest; partners only where that is one.

    A type that the kind speaks of (jobs: hiring, layoffs) is preferred to one that is a sentence or two nearer.
    """
    spans = [(span.start, span.end, -signal.probability, signal.type) for signal in signals for span in signal.evidence]
    if not any(signal.type is SignalType.PARTNERSHIP for signal in signals):
        facts = [fact for fact in facts if fact.kind is not FactKind.PARTNER]
    if not spans:
        return tuple(facts)

    def nearest(fact: Fact) -> SignalType:
        spoken, first, last = _SPEAKS.get(fact.kind, frozenset()), fact.start, fact.end
        costs = [
            (max(0, start - last, first - end) - (_PREFERRED if kind in spoken else 0), unlikely)
            for start, end, unlikely, kind in spans
        ]
        return spans[costs.index(min(costs))][-1]

    return tuple(fact.model_copy(update={"signal": nearest(fact)}) for fact in facts)


def beside(facts: Sequence[Fact], signal: Signal) -> tuple[Fact, ...]:
    """Return the facts that belong to this very signal: of its type, in its passages or right beside them."""
    return tuple(
        fact
        for fact in facts
        if fact.signal is signal.type and min(_apart(fact, span) for span in signal.evidence) <= _PREFERRED
    )


def _apart(one: Span, other: Span) -> int:
    """Return how many characters lie between two spans; 0 where they overlap."""
    return max(0, other.start - one.end, one.start - other.end)
