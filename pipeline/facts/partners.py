"""Partners: the name behind `partnership with`, `kooperiert mit`, `joint venture with`, `teams up with`.

Only names count: a word in capitals that is no trade (`Chiphersteller`), no group of people and no place of habit. Kept
only in articles with a `partnership` signal (`find.belong`).
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.facts.numbers import GAP
from pipeline.records import Fact, FactKind

WORDS: Final = (
    *"Partner partner Kooperation kooperier Zusammenarbeit zusammenarbeit zusammen Gemeinschaftsunternehmen".split(),
    *"Allianz Alliance alliance Collaborat collaborat Cooperat cooperat".split(),
    *("Joint Venture", "Joint-Venture", "joint venture", "Teams Up", "teams up", "teamed up", "team up", "Team Up"),
)
"""Words that may lead to a partner; where one of them stands, `partner` is asked."""

_CUE = re.compile(
    r"(?:[Pp]artner(?:ship|schaft(?:en)?|ed|s|ing)?|[Kk]ooperation(?:svertrag|svereinbarung)?|kooperier(?:t|en|te)"
    r"|[Zz]usammenarbeit(?:en)?|zusammen"
    r"|Gemeinschaftsunternehmen|Allianz|[Aa]lliance|[Cc]ollaborat(?:ion|ions|es|ed|e|ing)|[Cc]ooperat(?:ion|es|ed|e"
    r"|ing)|[Jj]oint[ -][Vv]entures?|[Tt]eam(?:s|ed)? [Uu]p)"
    rf"(?:{GAP}(?!with\b|mit\b)[a-z][^\W\d_]*){{0,4}}?{GAP}(?:with|mit|With|Mit){GAP}(?P<article>(?:de[mrn]|the"
    rf"|einem|einer|its|dessen){GAP})?"
    rf"(?P<trade>(?:[a-zäöüß][\wäöüß-]+e[nr]{GAP})?(?:[A-ZÄÖÜ][\w-]*(?:hersteller|konzern|unternehmen|anbieter|bauer"
    rf"|riesen?|zulieferer|start-?up|Start-up|spezialisten?"
    rf"|dienstleister|firma|entwickler|betreiber|händler|gruppe|tochter|versorger|partner|bank|verband|fonds"
    rf"|[Pp]roduzent(?:en)?|[Ll]ieferant(?:en)?|[Kk]onkurrent(?:en)?|[Ff]irma|Konzern|Unternehmen|Tochter){GAP})?)"
    rf"(?P<name>[A-ZÄÖÜ][\w&.’'-]*[\w](?:{GAP}(?:&{GAP}|of{GAP}|de{GAP})?(?!(?:To|For|In|As|On|With|Is|And|At|From"
    rf"|By|Wie|Bei|Für|In)\b)(?:[A-ZÄÖÜ][\w&’'-]*|[0-9]{{1,3}}\b)){{0,4}})"
)
_NO_NAME = re.compile(
    r"(?:Partnern?|Unternehmen|Firmen|Kunden|Hilfe|Blick|Sitz|Banken|Investoren|Behörden|Start-ups|Herstellern"
    r"|Universitäten|Universities|Companies|Partners|Leading|Global|Major"
    r"|Local|New|Europa|Europe|China|Deutschland|Germany|USA|Russland|Indien|India|Japan|Frankreich|Erfolg|Wirkung"
    r"|Signalwirkung|Ausnahme)\b|[\w-]*(?:hersteller|konzern|[Uu]nternehmen|anbieter|zulieferer|[Ss]tart-up|[Ff]irma"
    r"|[Pp]roduzent|[Ll]ieferant|rapper|ministerium)\Z"
)


def partner(body: str, at: int) -> Fact | None:
    """Return the partner that the word of `WORDS` at `at` leads to, or None."""
    match = _CUE.match(body, at)
    if match is None or _NO_NAME.match(match.group("name")):
        return None
    start, end = match.span("name")
    return Fact(kind=FactKind.PARTNER, text=body[start:end], start=start, end=end)
