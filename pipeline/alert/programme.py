"""What connects the alerts of one programme: its name, or the same large sum, whatever the story, type or unit.

„Strategie Horizont 2030“, the "Fit for Growth" programme, a sum of 450 million euros
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.records import Alert, FactKind
from pipeline.signals import SignalType

#: A sum that two events rarely share by chance, euros or the like: large, and not round (10, 30, 100 millions).
_LARGE: Final = 10e6
#: Seconds between two alerts of one programme.
LASTS: Final = 180 * 86_400.0
_WORD: Final = (
    r"(?:[\w-]*(?:programme?n?|program|strateg(?:ie|y)|initiative|offensive|roadmap|(?:ma(?:ß|ss)nahmen)?paket))"
)
_NAME: Final = r"[A-ZÄÖÜ][\w&-]*(?: (?:[A-ZÄÖÜ0-9][\w&-]*|for|the|to|of|in|für|auf|und)){0,4}"
_QUOTED: Final = rf"[„“\"'‚‘«»]({_NAME})[“”\"'’‘«»]"
_YEAR: Final = r"(?:[A-ZÄÖÜ][\w&-]+ )?[A-ZÄÖÜ][\w&-]+ ?20[2-6]\d"
#: In small letters, one of these stands in every text that names a programme; most have none, and looking is cheap.
_HINTS: Final = ("program", "strateg", "initiative", "offensive", "roadmap", "paket")
_FINDS: Final = (
    re.compile(rf"\b(?i:{_WORD})s? {_QUOTED}"),
    re.compile(rf"{_QUOTED} (?i:{_WORD})\b"),
    re.compile(rf"\b(?i:{_WORD})s? ({_YEAR})\b"),
    re.compile(rf"\b({_YEAR}) (?i:{_WORD})\b"),
)
_MONTHS: Final = frozenset(
    """januar februar märz april mai juni juli august september oktober november dezember
    january february march may june july october december year jahr ende anfang mitte bis seit im in by until q1 q2 q3
    q4 quarter quartal""".split()
)


def names(text: str) -> Iterator[str]:
    """Yield the names of programmes in a text, in small letters."""
    low = text.casefold()
    if not any(hint in low for hint in _HINTS):
        return
    for pattern in _FINDS:
        for found in pattern.finditer(text):
            name = found[1].casefold()
            if name.split()[0] not in _MONTHS:
                yield name


def keys(alert: Alert) -> frozenset[str]:
    """Return what the alert is connected by: names of programmes, and large sums."""
    found = {name for one in alert.articles for name in names(f"{one.title}\n{one.lead}")}
    if alert.signal.type is not SignalType.RESULTS:
        for fact in alert.facts:
            if fact.kind is FactKind.AMOUNT and fact.value and _tells(fact.value) and not fact.vague:
                found.add(f"{fact.currency or ''} {fact.value:.4g}")
    return frozenset(found)


def _tells(value: float) -> bool:
    digits = f"{value:.4g}".partition("e")[0].replace(".", "").strip("0")
    return value >= _LARGE and len(digits) > 1
