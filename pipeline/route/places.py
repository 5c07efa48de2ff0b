"""Where in a text places stand, and which ones they are.

Words are looked up in the gazetteer, the longest name first. A town needs a clue (`in`, `aus`, a region after a
comma) the more, the smaller it is, and always where it is also a word or a first name. Parts of company, club and
media names do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

from pipeline.records import Place
from pipeline.route.dateline import datelines
from pipeline.route.gazetteer import Entry
from pipeline.route.lookup import Found, Lookup
from pipeline.route.regions import Regions
from pipeline.route.towns import Around, after_person, town, with_unknown

_GERMAN: Final = re.compile(
    r"\b(?:[Dd](?:er|ie|as|en|em|es)|[Uu]nd|[Ii]st|[Ff]ür|[Vv]on|[Mm]it|[Aa]uf|[Ii]m|[Ee]ine?|[Bb]ei|[Ww]ird|"
    r"[Nn]icht|[Nn]ach|[Zz]u|[Ww]ill|[Üü]ber|[Aa]us|[Vv]or)\b|[äöüß]"
)
_ENGLISH: Final = re.compile(r"\b(?:[Tt]he|[Aa]nd|of|to|[Ff]or|is|on|[Ww]ith|by|[Ff]rom|at|its|has|new|[Aa])\b")
_CLUB_BEFORE: Final = re.compile(
    r"(?:\bF\.?C\.?|VfB|VfL|TSG|TSV|\bSV|\bSC|Eintracht|Borussia|Hertha|Werder|Bayer|\bRB|Dynamo|Arminia|Fortuna|"
    r"\bAC|\bAS|Inter|Real|Rapid|Red Bull|Union|\bAir|Bank [Oo]f|"
    r"Royal|NYSE|Radio|Hotel|Banque|Banco|Credit|Crédit|Times|Bayern|Bayerische|Model|[Mm]ade [Ii]n) $"
)
_PLACE_NAME_AFTER: Final = re.compile(
    r"[ -](?:Bank|Bahn|Telekom|Post|Börse|Lufthansa|Wohnen|Bundesbank|Bundesbahn\w*|Zentralbank|Notenbank|"
    r"Kommission|Gerichtshofs?|Investitionsbank|Presse-Agentur|Hypo|"
    r"Pfandbriefbank|Glasfaser|Times|Zeitung|Herald|Rundschau|Allgemeinen?|Morgenpost|Abendblatt|Anzeiger|"
    r"Nachrichten|Tagblatt|Tageszeitung|Kurier|Journal|Tribune|Chronicle|Globe|"
    r"Sparkasse|Volksbank|Airlines|Airways|Stock Exchange|Rück|Versicherung|Lebensversicherung|Hotels?|Inc|Corp|"
    r"Corporation|Ltd|Limited|LLC|AG|SE|GmbH|plc|Group|Holdings?|Mobile|"
    r"Telecom|Petroleum|Resources|Mining|Metals|Lithium|Pharmaceuticals?|Therapeutics|Steel|Motors?|Electric|"
    r"Tobacco|Express|Life|Re|Wolves|Lakers|Landesbank|Postbank|Bundesliga|21|"
    r"Welle|Umwelthilfe|Depositary|Gold Corp|Partners|Capital|Securities|Stadtwerke|Linien|Brauerei|Avenue|Street|"
    r"Road|Blvd|Boulevard|Drive|Lane|Marketplace|Ventures|Mall|Analytica)\b"
)
_MEDIA_AFTER: Final = re.compile(
    r"[ -](?:Zeitung|Rundschau|Allgemeinen?|Morgenpost|Abendblatt|Anzeiger|Nachrichten|Tagblatt|Tageszeitung|"
    r"Kurier|Sparkasse|Volksbank|Versicherung|Lebensversicherung|Stadtwerke|Linien|"
    r"Städtische|SC|SV|FC|Hütte)\b"
)
_COMPANY_AFTER: Final = re.compile(
    r"(?: [A-Z][\w&.'’-]*){1,4},? (?:Inc|Corp|Ltd|LLC|plc|AG|SE|GmbH|Corporation|Limited|Holdings)\b"
)
_MONEY_BEFORE: Final = re.compile(r"(?:\d|Millionen|Milliarden|Mio\.|Mrd\.|Schweizer|Tausend) $")
_NEVER_AFTER: Final = re.compile(r"(?<=Bayern) München|[- ]?(?:Dollar|\$)|/(?:Eastern|Central|Pacific)|D\b| von Europa")
_ISLES: Final = re.compile(r"\b(?:Virgin|Marshall|Solomon|Cook|Falkland|Channel|Pacific) $")
_ZONE: Final = re.compile(r"\b(?:America|Europe|Asia|US|Africa|Australia)/[A-Z]\w+")


class Gazetteer:
    """Finds places in texts; reads its names at first use.

    Args:
        regions: the deployment's sales regions.
    """

    __slots__ = ("_lookup", "_regions")

    def __init__(self, regions: Regions | None = None) -> None:
        """Read nothing yet."""
        self._lookup = Lookup()
        self._regions = regions or Regions()

    def find(self, body: str, language: str = "") -> list[Place]:
        """Return the places in this text, in order, not overlapping.

        Args:
            body: the text.
            language: `de` or `en` where it is known; small words count more, where there are any.
        """
        small = len(_GERMAN.findall(body)) - len(_ENGLISH.findall(body))
        german = small > 0 or (small == 0 and language != "en")
        found = self._lookup.find(body, german=german)
        lines = datelines(body, found)
        around = _around(found, german)
        places: list[Place] = []
        for one, following in zip_longest(found, found[1:]):
            line = any(start <= one.start < end for start, end in lines)
            entry = _decide(body, one, following, around, line=line)
            if entry and (not places or one.start >= places[-1].end):
                places.append(_place(body, one, entry, line, self._regions.of(entry)))
        return [self._placed(place) for place in with_unknown(body, places, lines)]

    def _placed(self, place: Place) -> Place:
        """Return the place with the region of its country, where it is one that no register has."""
        if place.region or not self._regions.names:
            return place
        return place.model_copy(update={"region": self._regions.of(Entry(place.name, place.country, place.kind))})


def _around(found: Iterable[Found], german: bool) -> Around:
    """Return the countries and the regions that the text names outright."""
    sure = [entry for one in found for entry in one.entries[:1] if entry.kind in ("country", "admin")]
    countries = frozenset(entry.country for entry in sure)
    return Around(german, countries, frozenset(entry.admin for entry in sure if entry.admin))


def _decide(body: str, one: Found, following: Found | None, around: Around, *, line: bool) -> Entry | None:
    """Return which place this is; None where it is none."""
    if not one.entries or _in_name(body, one):
        return None
    other = [entry for entry in one.entries if entry.kind != "city"]
    if one.after_comma:
        previous = body[max(0, one.start - 40) : one.start]
        return one.entries[0] if re.search(r"[A-Z][\w.’'-]+, $", previous) else None
    if other:
        text = body[one.start : one.end]
        if text == "Franken" and _MONEY_BEFORE.search(body, max(0, one.start - 12), one.start):
            return None
        if text == "Java" and "Indones" not in body:
            return None
        if text == "Islands" and _ISLES.search(body, max(0, one.start - 12), one.start):
            return None
        return None if after_person(body, one.start) and not other[0].adjective and len(text) < 8 else other[0]
    return town(body, one, following, around, line=line)


def _in_name(body: str, one: Found) -> bool:
    """Say whether the words are part of the name of a company, club or paper."""
    before = body[max(0, one.start - 18) : one.start]
    if one.after_comma:
        return False
    if _NEVER_AFTER.match(body, one.end) or _CLUB_BEFORE.search(before):
        return True
    if body[one.start - 1 : one.start] == "/" or body[one.end : one.end + 1] == "/":
        zone = _ZONE.search(body, max(0, one.start - 10), one.end + 20)
        if zone and zone.start() <= one.start < zone.end():
            return True
    entry = one.entries[0]
    if entry.adjective and entry.language == "de":
        if entry.kind == "city" or body.startswith("Schweizer", one.start):
            return bool(_MEDIA_AFTER.match(body, one.end))
        # `der Deutsche Reiseverband`, `die Deutschen`: inside a sentence a capital makes a name of it, or people.
        return body[one.start].isupper() and (
            bool(_PLACE_NAME_AFTER.match(body, one.end)) or bool(re.search(r"[a-zäöüß,] $", before))
        )
    if entry.written and body.startswith("-", one.end):
        return False
    return bool(_PLACE_NAME_AFTER.match(body, one.end) or _COMPANY_AFTER.match(body, one.end))


def _place(body: str, one: Found, entry: Entry, line: bool, region: str) -> Place:
    return Place(
        text=body[one.start : one.end],
        start=one.start,
        end=one.end,
        country=entry.country,
        region=region,
        name=entry.name,
        kind=entry.kind,
        dateline=line,
    )
