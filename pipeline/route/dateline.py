"""Where an article was written: `HAMBURG, Nov. 3 /PRNewswire/ --`, `Köln (dpa) -`, `Wien –`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline.route.lookup import Found

_PART: Final = r"[A-ZÄÖÜ][\w.’'-]*(?: (?:of|de|am|an der)(?= [A-Z])| [A-Z(][\w.’')-]*){0,3}"
_DATELINE_EN: Final = re.compile(
    rf"({_PART}(?:, ?{_PART}){{0,3}})(?:, | ?[-–—]{{1,2}} ?| )[(/]?"
    r"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}|\d{1,2}\.? (?:Jan|Feb|Mar|Apr|May|"
    r"Jun|Jul|Aug|Sep|Oct|Nov|Dec)|"
    r"(?<=/)[\w-]*(?:PR|[Pp]ress|PRESS|[Ww]ire|WIRE)|(?<=\()(?:NEWMEDIAWIRE|NewMediaWire|GLOBE ?NEWSWIRE|"
    r"Newsworthy|BUSINESS WIRE|Reuters|AP\)|dpa|ACCESS)|-- )"
)
_DATELINE_DE: Final = re.compile(
    r"((?:[A-ZÄÖÜ][\w.-]+)(?: (?:am|an der|[A-ZÄÖÜ(][\w.)-]+)){0,2}(?:/[A-ZÄÖÜ][\w.-]+(?: [A-ZÄÖÜa][\w.-]+){0,"
    r"2}){0,3})(?:,? \d{1,2}\. \w+(?: \d{4})?)?"
    r"(?: ?\([\w./ -]{2,25}\))? ?(?:[–—]|--?|\.[-–]) (?=[\w„\"»])"
)
_STARTS: Final = re.compile(r"^|\n|[.!?…:\"“)] |(?<=[a-z] )(?=[A-Z]{3,}[A-Z ]*, )")
_DATELINE_WITHIN: Final = 700


def datelines(body: str, found: Iterable[Found]) -> list[tuple[int, int]]:
    """Return where the dateline stands; at most one, near the beginning."""
    starts = {one.start for one in found}
    if not starts or min(starts) > _DATELINE_WITHIN:
        return []
    for match in _STARTS.finditer(body, 0, min(len(body), _DATELINE_WITHIN)):
        at = match.end()
        for pattern in (_DATELINE_DE, _DATELINE_EN):
            line = pattern.match(body, at)
            if line and len(line.group(1)) <= 80 and any(at <= start < line.end(1) for start in starts):
                if pattern is _DATELINE_DE and at not in starts:
                    continue
                if at == 0 and "\n" in body and body.find("\n") > line.end():
                    continue
                return [(at, line.end(1))]
    return []
