"""Whether a name is a town here, and which one of that name; and towns that only their region gives away."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

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
_LISTED: Final = re.compile(r"(?:[/,]| und| and| oder| sowie) ?$")
"""Clues that only go on with a list: of towns, or of anything else."""
_REFUSED: Final = frozenset(
    """ada ausa bad baldwin bambang bar bau beverly brandon buy call carrefour central colombo corona dax draper
    eugene fatih franklin frederick fuji golden gut harper hayes henderson hilton huntington ica ihren jefferson
    kanye keller kennedy kita kitas kyle lage landstraße lawrence lincoln lord mai male man manta march martinez
    mercedes meta mission mobile model montgomery moss most nation newton nice nikki norden norman perry reading
    sale same san savage serra shirley solana split tame taylor thales toyota trump tyler uran valley van
    vladimir vom walker westend whitney young""".split()
)
"""Towns whose name nearly always means something else; a region after the comma still makes towns of them."""
_NEVER: Final = frozenset(("vom", "bau", "sale", "mai"))
_ENGLISH_HOME: Final = frozenset(("US", "GB", "CA"))
_NOUN_AFTER: Final = re.compile(r" [„\"]?[A-ZÄÖÜ]")
_NAME_AFTER: Final = re.compile(r" [A-Z][a-z]")
_UNKNOWN_TOWN: Final = re.compile(
    r"(?<!\w)((?:St\. |Fort |New |Port |Mount |Lake |San |Los )?[A-Z][\w’'-]+"
    r"(?: (?:City|Beach|Creek|Springs|Point|Park|Falls|Valley|Hills|Grove|Rapids|Lake|Junction)| [A-Z][a-z]+)?), $"
)
_TOWN_CLUE: Final = re.compile(r"(?:\b(?:in|of|near|at|from|to|outside|its|the|both) |^|, a |\ban? )$")
_COUNTY: Final = re.compile(r"\b((?:[A-Z][a-z]+ )?[A-Z][a-z]+ County)\b")


class Around(NamedTuple):
    """What the whole text says about its places.

    Attributes:
        german: the text is German, so towns near by need no explanation.
        countries: named outright.
        regions: the codes of US states named outright.
    """

    german: bool
    countries: frozenset[str]
    regions: frozenset[str]


def town(body: str, one: Found, following: Found | None, around: Around, *, line: bool) -> Entry | None:
    """Return which town this is; None where it is none, or too doubtful.

    Args:
        body: the whole text.
        one: the name, all of whose meanings are towns.
        following: the next name, which may be the region that the town lies in.
        around: what the text says otherwise.
        line: the name stands in the dateline.
    """
    text = body[one.start : one.end]
    beside = _beside(body, one, following)
    entry = max(one.entries, key=lambda meant: _fit(meant, around, beside))
    if entry.adjective:
        goes_on = _NOUN_AFTER.match(body, one.end)
        person = text.lower() in FIRST_NAMES or after_person(body, one.start)
        return entry if goes_on and not person else None
    if (line and text.lower() not in _NEVER) or (beside and beside.country == entry.country):
        return entry
    if (
        text.lower() in _REFUSED
        or after_person(body, one.start)
        or (text.isupper() and len(text) < 5 and text != "NYC" and not _shouted(body, one))
    ):
        return None
    strong = bool(_STRONG.search(body, max(0, one.start - 26), one.start))
    clue = strong or bool(_CLUE.search(body, max(0, one.start - 24), one.start))
    home = entry.country in (NEAR if around.german else _ENGLISH_HOME)
    if _is_word(text):
        return entry if _likely_word(body, one, entry, home=home, strong=strong, clue=clue) else None
    if entry.population >= (90_000 if home else 250_000):
        return entry
    if not strong and _LISTED.search(body, max(0, one.start - 10), one.start):
        clue = home and not _NAME_AFTER.match(body, one.end)
    if entry.population >= 15_000:
        known = home and (" " in text or (around.german and entry.population >= 40_000))
        return entry if clue or known else None
    return entry if strong and (home or entry.population >= 5_000) and len(text) > 3 else None


def _shouted(body: str, one: Found) -> bool:
    """Say whether the whole line is in capitals: then capitals make no acronym of a town."""
    end = body.find("\n", one.end)
    line = body[body.rfind("\n", 0, one.start) + 1 : end if end >= 0 else len(body)]
    return line.isupper() and len(line) > 3 * len(body[one.start : one.end])


def _is_word(text: str) -> bool:
    low = text.lower()
    return low in FIRST_NAMES or low in ordinary() or low.removesuffix("s") in ordinary()


def _likely_word(body: str, one: Found, entry: Entry, *, home: bool, strong: bool, clue: bool) -> bool:
    """Say whether a name that is also a word is the town: `in Essen`, not `Corona-Impfstoff`, not `Florence Smith`."""
    if body.startswith("-", one.end) or not (home or entry.population >= 300_000):
        return False
    if body[one.start : one.end].lower() in FIRST_NAMES and _NAME_AFTER.match(body, one.end):
        return False
    return (strong and entry.population >= 15_000) or (clue and entry.population >= 400_000)


def _beside(body: str, one: Found, following: Found | None) -> Entry | None:
    """Return the region or country that follows after a comma or in brackets."""
    if following and body[one.end : following.start] in (", ", " (", ",", "/", ", in ", " in ") and following.entries:
        return next((entry for entry in following.entries if entry.kind in ("admin", "country")), None)
    return None


def _fit(meant: Entry, around: Around, beside: Entry | None) -> float:
    """Return how well a town fits the text; tens of population count one each."""
    value = math.log10(meant.population + 1)
    value += 1.2 * (meant.country in around.countries)
    value += 1.5 * (meant.admin in around.regions and meant.country == "US")
    if around.german:
        value += 1.0 * (meant.country in NEAR)
    else:
        value += 0.5 * (meant.country == "US") + 0.3 * (meant.country == "GB")
    if beside:
        value += 5.0 * (meant.country == beside.country) + 3.0 * (bool(beside.admin) and meant.admin == beside.admin)
    return value


def after_person(body: str, start: int) -> bool:
    """Say whether a first name stands right before this place."""
    match = re.search(r"([A-ZÄÖÜ][a-zäöüé]+) $", body[max(0, start - 16) : start])
    return bool(match) and match.group(1).lower() in FIRST_NAMES  # type: ignore[union-attr]


def with_unknown(body: str, places: list[Place], datelines: Sequence[tuple[int, int]]) -> list[Place]:
    """Add towns that no register has, where a region after a comma says that they are; and counties."""
    out = list(places)
    for index, place in enumerate(places):
        if place.kind not in ("admin", "country") or body[place.start - 2 : place.start] != ", ":
            continue
        match = _UNKNOWN_TOWN.search(body, max(0, place.start - 40), place.start)
        if not match:
            continue
        start, end = match.span(1)
        inside = [other for other in places[max(0, index - 3) : index] if start < other.end and other.start < end]
        line = any(first <= start < last for first, last in datelines)
        if any(other.end == end or other.start < start for other in inside):
            continue
        # `Marge, China, Kosten` is a list.
        if line or (_TOWN_CLUE.search(body, max(0, start - 9), start) and not _is_word(match.group(1))):
            for other in inside:
                out.remove(other)
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
