"""Whether a name is a town here, and which one of that name; and towns that only their region gives away."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from pipeline.records import Place
from pipeline.route.gazetteer import NEAR, Entry
from pipeline.route.lookup import Found
from pipeline.route.words import FIRST_NAMES, ordinary

_CLUE: Final = re.compile(
    r"(?:\b(?:in|into|aus|nach|bei|im|zu|von|ab|bis|um|nahe|am|near|at|from|of|to|around|outside|across|for|Messe|"
    r"Universität|Uni|TU|Hafen|"
    r"zwischen|between|Börse|downtown|greater)(?: der| dem| den| the)?|[/,(]| und| and| oder| sowie| bis) ?$"
)
_STRONG: Final = re.compile(
    r"(?:\b(?:[Ii]n|[Ii]nto|[Aa]us|[Nn]ach|[Bb]ei|[Nn]ahe|[Nn]ear|[Aa]t|[Ff]rom|[Oo]utside|Hafen von|Stadt|"
    r"Großraum|Standort(?:en?|s)?|\w*[Ww]erke?n?s?|Fabrik|"
    r"Flughafens?|OLG|\w*[Gg]ericht|Staatsanwaltschaft|[Cc]ity of|[Bb]ased in|Region|Raum|Bezirk|(?:Land)?[Kk]reis|"
    r"Gemeinde|Ort|[a-zäöü-]+ischen)|\w/) ?$"
)
_REFUSED: Final = frozenset(
    """ada ausa baldwin bambang bar bau beverly brandon carrefour central colombo corona dax draper eugene fatih franklin
    frederick fuji golden harper hayes henderson hilton huntington ica ihren jefferson kanye keller kennedy kita kitas
    kyle lage lawrence lincoln lord mai man manta march martinez mercedes meta mission mobile model montgomery moss
    newton nice nikki norden norman perry reading sale san savage serra shirley solana split tame taylor thales toyota
    trump tyler uran valley van vladimir vom walker whitney young landstraße westend most same buy call bad gut nation
    male""".split()
)
"""Towns whose name nearly always means something else; a region after the comma still makes towns of them."""
_UNKNOWN_TOWN: Final = re.compile(
    r"(?<!\w)((?:St\. |Fort |New |Port |Mount |Lake |San |Los )?[A-Z][\w’'-]+"
    r"(?: (?:City|Beach|Creek|Springs|Point|Park|Falls|Valley|Hills|Grove|Rapids|Lake|Junction)| [A-Z][a-z]+)?), $"
)
_TOWN_CLUE: Final = re.compile(r"(?:\b(?:in|of|near|at|from|to|outside|its|the|both) |^|, a |\ban? )$")
_COUNTY: Final = re.compile(r"\b((?:[A-Z][a-z]+ )?[A-Z][a-z]+ County)\b")


def town(
    body: str,
    one: Found,
    following: Found | None,
    german: bool,
    countries: frozenset[str],
    regions: frozenset[str],
    line: bool,
) -> Entry | None:
    text = body[one.start : one.end]
    beside = _beside(body, one, following)
    entry = max(one.entries, key=lambda town: _fit(town, german, countries, regions, beside))
    if entry.adjective:
        return (
            entry
            if re.match(r" [„\"]?[A-ZÄÖÜ]", body[one.end : one.end + 3]) and not after_person(body, one.start)
            else None
        )
    if (line and text.lower() not in ("vom", "bau", "sale", "mai")) or (beside and beside.country == entry.country):
        return entry
    low = text.lower()
    if low in _REFUSED or after_person(body, one.start) or (text.isupper() and len(text) < 5 and text != "NYC"):
        return None
    clue = bool(_CLUE.search(body, max(0, one.start - 24), one.start))
    strong = bool(_STRONG.search(body, max(0, one.start - 26), one.start))
    clue = clue or strong
    home = entry.country in NEAR if german else entry.country in ("US", "GB", "CA")
    if low in FIRST_NAMES or low in ordinary() or low.removesuffix("s") in ordinary():
        if (
            body.startswith("-", one.end)
            or (low in FIRST_NAMES and re.match(r" [A-Z][a-z]", body[one.end : one.end + 3]))
            or not (home or entry.population >= 300_000)
        ):
            return None
        return entry if (strong and entry.population >= 15_000) or (clue and entry.population >= 400_000) else None
    if entry.population >= (90_000 if home else 250_000):
        return entry
    if entry.population >= 15_000:
        return entry if clue or (home and (" " in text or (german and entry.population >= 40_000))) else None
    return entry if strong and (home or entry.population >= 5_000) and len(text) > 3 else None


def _beside(body: str, one: Found, following: Found | None) -> Entry | None:
    """Return the region or country that follows after a comma or in brackets."""
    if following and body[one.end : following.start] in (", ", " (", ",", "/", ", in ", " in ") and following.entries:
        return next((entry for entry in following.entries if entry.kind in ("admin", "country")), None)
    return None


def _fit(town: Entry, german: bool, countries: frozenset[str], regions: frozenset[str], beside: Entry | None) -> float:
    """Return how well a town fits the text; tens of population count one each."""
    value = math.log10(town.population + 1)
    value += 1.2 * (town.country in countries) + 1.5 * (town.admin in regions and town.country == "US")
    if german:
        value += 1.0 * (town.country in NEAR)
    else:
        value += 0.5 * (town.country == "US") + 0.3 * (town.country == "GB")
    if beside:
        value += 5.0 * (town.country == beside.country) + 3.0 * (bool(beside.admin) and town.admin == beside.admin)
    return value


def after_person(body: str, start: int) -> bool:
    match = re.search(r"([A-ZÄÖÜ][a-zäöüé]+) $", body[max(0, start - 16) : start])
    return bool(match) and match.group(1).lower() in FIRST_NAMES  # type: ignore[union-attr]


def with_unknown(body: str, places: list[Place], datelines: Sequence[tuple[int, int]]) -> list[Place]:
    """Add towns that no register has, where a region after a comma says that they are; and counties."""
    out = list(places)
    for place in places:
        if place.kind not in ("admin", "country") or body[place.start - 2 : place.start] != ", ":
            continue
        match = _UNKNOWN_TOWN.search(body, max(0, place.start - 40), place.start)
        if not match:
            continue
        start, end = match.span(1)
        inside = [other for other in out if start < other.end and other.start < end]
        line = any(first <= start < last for first, last in datelines)
        if any(other.end == end or other.start < start for other in inside):
            continue
        if line or _TOWN_CLUE.search(body, max(0, start - 9), start):
            out = [other for other in out if other not in inside]
            out.append(
                Place(
                    text=match.group(1),
                    start=start,
                    end=end,
                    country=place.country,
                    name=match.group(1),
                    kind="city",
                    dateline=line,
                )
            )
    if "County" in body:
        home = (
            "GB"
            if any(place.country == "GB" for place in places) and not any(place.country == "US" for place in places)
            else "US"
        )
        for match in _COUNTY.finditer(body):
            start, end = match.span(1)
            if not any(start < other.end and other.start < end for other in out):
                out.append(
                    Place(text=match.group(1), start=start, end=end, country=home, name=match.group(1), kind="admin")
                )
    return sorted(out, key=lambda place: place.start)
