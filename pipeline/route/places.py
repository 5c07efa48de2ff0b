"""Where in a text places stand, and which ones they are.

Words are looked up in the gazetteer, the longest name first. A town needs a clue (`in`, `aus`, a region after a comma) the more,
the smaller it is, and always where it is also a word or a first name. Parts of company, club and media names do not count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pipeline.records import Place
from pipeline.route.gazetteer import NEAR, Entry, Names, names, states
from pipeline.route.words import FIRST_NAMES, ordinary

_TOKEN: Final = re.compile(r"(?:[A-Z]\.){2,}[A-Z]?\.?|U\.S(?=[ ,])|[^\W\d_]+")
_GAP: Final = re.compile(r"[ \u00a0]|[-‐‑]|\. |['’]|\.")
_GERMAN: Final = re.compile(
    r"\b(?:der|die|das|und|den|dem|des|ist|für|von|mit|auf|im|ein|eine|bei|wird|nicht|nach|zu|will|über|aus|vor)\b"
)
_ENGLISH: Final = re.compile(r"\b(?:the|and|of|to|in|for|is|on|with|by|from|at|as|its|has|new|a)\b")
_CLUE: Final = re.compile(
    r"(?:\b(?:in|into|aus|nach|bei|im|zu|von|ab|bis|um|nahe|am|near|at|from|of|to|around|outside|across|for|Messe|Universität|Uni|TU|Hafen|"
    r"zwischen|between|Börse|downtown|greater)(?: der| dem| den| the)?|[/,(]| und| and| oder| sowie| bis) ?$"
)
_STRONG: Final = re.compile(
    r"(?:\b(?:[Ii]n|[Ii]nto|[Aa]us|[Nn]ach|[Bb]ei|[Nn]ahe|[Nn]ear|[Aa]t|[Ff]rom|[Oo]utside|Hafen von|Stadt|Großraum|Standort(?:en?|s)?|\w*[Ww]erke?n?s?|Fabrik|"
    r"Flughafens?|OLG|\w*[Gg]ericht|Staatsanwaltschaft|[Cc]ity of|[Bb]ased in|Region|Raum|Bezirk|(?:Land)?[Kk]reis|Gemeinde|Ort|[a-zäöü-]+ischen)|\w/) ?$"
)
_CLUB_BEFORE: Final = re.compile(
    r"(?:\bF\.?C\.?|VfB|VfL|TSG|TSV|\bSV|\bSC|Eintracht|Borussia|Hertha|Werder|Bayer|\bRB|Dynamo|Arminia|Fortuna|\bAC|\bAS|Inter|Real|Rapid|Red Bull|Union|\bAir|Bank [Oo]f|"
    r"Royal|NYSE|Radio|Hotel|Banque|Banco|Credit|Crédit|Times|Bayerische|Model|[Mm]ade [Ii]n) $"
)
_PLACE_NAME_AFTER: Final = re.compile(
    r"[ -](?:Bank|Bahn|Telekom|Post|Börse|Lufthansa|Wohnen|Bundesbank|Bundesbahn\w*|Zentralbank|Notenbank|Kommission|Gerichtshofs?|Investitionsbank|Presse-Agentur|Hypo|"
    r"Pfandbriefbank|Glasfaser|Times|Zeitung|Herald|Rundschau|Allgemeinen?|Morgenpost|Abendblatt|Anzeiger|Nachrichten|Tagblatt|Tageszeitung|Kurier|Journal|Tribune|Chronicle|Globe|"
    r"Sparkasse|Volksbank|Airlines|Airways|Stock Exchange|Rück|Versicherung|Lebensversicherung|Hotels?|Inc|Corp|Corporation|Ltd|Limited|LLC|AG|SE|GmbH|plc|Group|Holdings?|Mobile|"
    r"Telecom|Petroleum|Resources|Mining|Metals|Lithium|Pharmaceuticals?|Therapeutics|Steel|Motors?|Electric|Tobacco|Express|Life|Re|Wolves|Lakers|Landesbank|Postbank|Bundesliga|21|"
    r"Welle|Umwelthilfe|Depositary|Gold Corp|Partners|Capital|Securities|Stadtwerke|Linien|Brauerei|Avenue|Street|Road|Blvd|Boulevard|Drive|Lane|Marketplace|Ventures|Mall)\b"
)
_MEDIA_AFTER: Final = re.compile(
    r"[ -](?:Zeitung|Rundschau|Allgemeinen?|Morgenpost|Abendblatt|Anzeiger|Nachrichten|Tagblatt|Tageszeitung|Kurier|Sparkasse|Volksbank|Versicherung|Lebensversicherung|Stadtwerke|Linien|"
    r"Städtische|SC|SV|FC|Hütte)\b"
)
_COMPANY_AFTER: Final = re.compile(
    r"(?: [A-Z][\w&.'’-]*){1,4},? (?:Inc|Corp|Ltd|LLC|plc|AG|SE|GmbH|Corporation|Limited|Holdings)\b"
)
_MONEY_BEFORE: Final = re.compile(r"(?:\d|Millionen|Milliarden|Mio\.|Mrd\.|Schweizer|Tausend) $")
_NEVER_AFTER: Final = re.compile(
    r"[- ]?(?:Dollar|\$)|/(?:Eastern|Central|Pacific)|D\b| (?:20\d\d)\b(?=[^,]*$)| von Europa"
)
_ZONE: Final = re.compile(r"\b(?:America|Europe|Asia|US|Africa|Australia)/[A-Z]\w+")
_PREFIX: Final = re.compile(r"(nordost|nordwest|südost|südwest|nord|süd|ost|west|mittel|zentral)(\w{4,})")
_CLOSED: Final = re.compile(
    r"\b(?:(?:Deutschland|Europa|China|Amerika|Asien|Österreich|Schweiz|Afrika|Russland|Indien|Frankreich|Bayern|Berlin)"
    r"(?=geschäft|chef|sitz|zentrale|start|tochter|handel|premiere|reise|verkehr|tournee|pläne|strategie|fonds)|"
    r"(?:deutschland|europa|bayern|österreich|hessen|berlin)weit)"
)
_PART: Final = r"[A-ZÄÖÜ][\w.’'-]*(?: (?:of|de|am|an der)(?= [A-Z])| [A-Z(][\w.’')-]*){0,3}"
_DATELINE_EN: Final = re.compile(
    rf"({_PART}(?:, ?{_PART}){{0,3}})(?:, | ?[-–—]{{1,2}} ?| )[(/]?"
    r"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}|\d{1,2}\.? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|"
    r"(?<=/)[\w-]*(?:PR|[Pp]ress|PRESS|[Ww]ire|WIRE)|(?<=\()(?:NEWMEDIAWIRE|NewMediaWire|GLOBE ?NEWSWIRE|Newsworthy|BUSINESS WIRE|Reuters|AP\)|dpa|ACCESS)|-- )"
)
_DATELINE_DE: Final = re.compile(
    r"((?:[A-ZÄÖÜ][\w.-]+)(?: (?:am|an der|[A-ZÄÖÜ(][\w.)-]+)){0,2}(?:/[A-ZÄÖÜ][\w.-]+(?: [A-ZÄÖÜa][\w.-]+){0,2}){0,3})(?:,? \d{1,2}\. \w+(?: \d{4})?)?"
    r"(?: ?\([\w./ -]{2,25}\))? ?(?:[–—]|--?|\.[-–]) (?=[\w„\"»])"
)
_STARTS: Final = re.compile(r"^|\n|[.!?…:\"“)] |(?<=[a-z] )(?=[A-Z]{3,}[A-Z ]*, )")
_CASE_PARTS: Final = frozenset("am an der im of upon de do da del la le el bei ob den die das and und von the".split())
_DATELINE_WITHIN: Final = 700
_REFUSED: Final = frozenset(
    """ada ausa baldwin bambang bar bau beverly brandon carrefour central colombo corona dax draper eugene fatih franklin frederick fuji golden harper hayes
    henderson hilton huntington ica ihren jefferson kanye keller kennedy kita kitas kyle lage lawrence lincoln lord mai man manta march martinez mercedes meta
    mission mobile model montgomery moss newton nice nikki norden norman perry reading sale san savage serra shirley solana split tame taylor thales toyota trump
    tyler uran valley van vladimir vom walker whitney young landstraße westend most same buy call bad gut nation male""".split()
)
"""Towns whose name nearly always means something else; a region after the comma still makes towns of them."""


class _Found(NamedTuple):
    start: int
    end: int
    entries: tuple[Entry, ...]
    after_comma: bool = False


class Gazetteer:
    """Finds places in texts; reads its names at first use."""

    __slots__ = ("_longest", "_names")

    def __init__(self) -> None:
        """Read nothing yet."""
        self._names: Names | None = None
        self._longest: dict[str, int] = {}

    def _load(self) -> Names:
        if self._names is None:
            self._names = names()
            for key in self._names:
                first, _, rest = key.partition(" ")
                if rest:
                    self._longest[first] = max(self._longest.get(first, 0), rest.count(" ") + 2)
        return self._names

    def find(self, body: str) -> list[Place]:
        """Return the places in this text, in order, not overlapping."""
        known = self._load()
        german = len(_GERMAN.findall(body)) >= len(_ENGLISH.findall(body))
        tokens = [(match.start(), match.end(), match.group()) for match in _TOKEN.finditer(body)]
        found = self._look(body, tokens, known, german)
        found += [_Found(match.start(), match.end(), _closed(known, match.group())) for match in _CLOSED.finditer(body)]
        found.sort(key=lambda one: one.start)
        datelines = _datelines(body, found)
        countries, regions = _context(found)
        places: list[Place] = []
        for index, one in enumerate(found):
            line = any(start <= one.start < end for start, end in datelines)
            entry = _decide(
                body, one, found[index + 1] if index + 1 < len(found) else None, german, countries, regions, line
            )
            if entry and (not places or one.start >= places[-1].end):
                places.append(_place(body, one, entry, line))
        return _with_unknown(body, places, datelines)

    def _look(self, body: str, tokens: Sequence[tuple[int, int, str]], known: Names, german: bool) -> list[_Found]:
        """Return every stretch of words that could be a place."""
        found: list[_Found] = []
        at = 0
        while at < len(tokens):
            start, end, token = tokens[at]
            used, entries = 1, self._single(body, start, end, token, known, german)
            low = token.lower()
            for count in range(min(self._longest.get(low, 1), len(tokens) - at), 1, -1):
                entries_long = _several(body, tokens[at : at + count], known)
                if entries_long:
                    used, entries, end = count, entries_long, tokens[at + count - 1][1]
                    break
            if not entries:
                state = _state(body, start, end, token)
                if state:
                    end, entries = state
                    found.append(_Found(start, end, entries, after_comma=True))
                    at += used
                    continue
            if entries:
                found.append(_Found(start, end, entries))
            at += used
        return found

    @staticmethod
    def _single(body: str, start: int, end: int, token: str, known: Names, german: bool) -> tuple[Entry, ...]:
        low = token.lower()
        entries = known.get(low) or known.get(low.replace(".", " ").strip())
        capital = token[0].isupper()
        if not entries and german and capital and len(low) > 4 and low.endswith("s"):
            entries = [one for one in known.get(low[:-1], ()) if not one.adjective]
        if not entries:
            return _prefixed(low, capital, known)
        language = "de" if german else "en"
        out = []
        for one in entries:
            if one.language == "stem":
                if body.startswith("-", end) and body[end + 1 : end + 2].islower():
                    out.append(one)
            elif one.language and one.language != language:
                continue
            elif one.written and one.written != token.replace(".", ""):
                continue
            elif capital or (one.adjective and one.kind != "city" and one.language == "de"):
                out.append(one)
        del start
        return tuple(out)


def _several(body: str, tokens: Sequence[tuple[int, int, str]], known: Names) -> tuple[Entry, ...]:
    """Return the meanings of several words in a row; empty where they are none, or other things stand between them."""
    key = " ".join(token.lower() for _, _, token in tokens)
    entries = known.get(key)
    if not entries and key.endswith("s"):
        entries = known.get(key[:-1])
    if not entries:
        return ()
    for (_, end, _), (start, _, _) in zip(tokens, tokens[1:], strict=False):
        if not _GAP.fullmatch(body, end, start):
            return ()
    if not all(token[0].isupper() or token in _CASE_PARTS for _, _, token in tokens) and not entries[0].adjective:
        return ()
    return tuple(one for one in entries if one.language != "stem")


def _prefixed(low: str, capital: bool, known: Names) -> tuple[Entry, ...]:
    """Return the part of a country that `Norddeutschland` or `ostukrainisch` names."""
    match = _PREFIX.fullmatch(low)
    if not match:
        return ()
    rest = match.group(2)
    entries = known.get(rest) or known.get(rest.removesuffix("s")) or ()
    for one in entries:
        if one.kind == "country" and (one.adjective or capital):
            return (one._replace(kind="admin", name=f"{match.group(1)} {one.name}", written=""),)
    return ()


def _closed(known: Names, text: str) -> tuple[Entry, ...]:
    return tuple(
        one for one in known[text.removesuffix("weit").lower()] if one.kind != "city" or one.population > 1_000_000
    )[:1]


def _state(body: str, start: int, end: int, token: str) -> tuple[int, tuple[Entry, ...]] | None:
    """Return a state's abbreviation after `Town, `: where it ends, and what it means."""
    if body[max(0, start - 2) : start] != ", " or not token[0].isupper():
        return None
    dotted = f"{token}." if body.startswith(".", end) else token
    entry = (
        states().get(dotted)
        or (states().get(token) if token.isupper() else None)
        or states().get(token if token.endswith(".") else "")
    )
    if entry is None:
        return None
    return (end + 1 if dotted != token and dotted in states() else end), (entry,)


def _datelines(body: str, found: Iterable[_Found]) -> list[tuple[int, int]]:
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


def _context(found: Iterable[_Found]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the countries and the regions that the text names outright."""
    sure = [entry for one in found for entry in one.entries[:1] if entry.kind in ("country", "admin")]
    return frozenset(entry.country for entry in sure), frozenset(entry.admin for entry in sure if entry.admin)


def _decide(
    body: str,
    one: _Found,
    following: _Found | None,
    german: bool,
    countries: frozenset[str],
    regions: frozenset[str],
    line: bool,
) -> Entry | None:
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
        return None if _after_person(body, one.start) and not other[0].adjective and len(text) < 8 else other[0]
    return _town(body, one, following, german, countries, regions, line)


def _town(
    body: str,
    one: _Found,
    following: _Found | None,
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
            if re.match(r" [„\"]?[A-ZÄÖÜ]", body[one.end : one.end + 3]) and not _after_person(body, one.start)
            else None
        )
    if (line and text.lower() not in ("vom", "bau", "sale", "mai")) or (beside and beside.country == entry.country):
        return entry
    low = text.lower()
    if low in _REFUSED or _after_person(body, one.start) or (text.isupper() and len(text) < 5 and text != "NYC"):
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


def _beside(body: str, one: _Found, following: _Found | None) -> Entry | None:
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


def _in_name(body: str, one: _Found) -> bool:
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


def _after_person(body: str, start: int) -> bool:
    match = re.search(r"([A-ZÄÖÜ][a-zäöüé]+) $", body[max(0, start - 16) : start])
    return bool(match) and match.group(1).lower() in FIRST_NAMES  # type: ignore[union-attr]


_UNKNOWN_TOWN: Final = re.compile(
    r"(?<!\w)((?:St\. |Fort |New |Port |Mount |Lake |San |Los )?[A-Z][\w’'-]+"
    r"(?: (?:City|Beach|Creek|Springs|Point|Park|Falls|Valley|Hills|Grove|Rapids|Lake|Junction)| [A-Z][a-z]+)?), $"
)
_TOWN_CLUE: Final = re.compile(r"(?:\b(?:in|of|near|at|from|to|outside|its|the|both) |^|, a |\ban? )$")
_COUNTY: Final = re.compile(r"\b((?:[A-Z][a-z]+ )?[A-Z][a-z]+ County)\b")


def _with_unknown(body: str, places: list[Place], datelines: Sequence[tuple[int, int]]) -> list[Place]:
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


def _place(body: str, one: _Found, entry: Entry, line: bool) -> Place:
    return Place(
        text=body[one.start : one.end],
        start=one.start,
        end=one.end,
        country=entry.country,
        name=entry.name,
        kind=entry.kind,
        dateline=line,
    )
