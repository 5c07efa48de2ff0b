"""Capacities and areas: a number with megawatts, tonnes per year, exahash, rooms; hectares, square feet.

The value counts in the unit that the fact names (`MW`, `t/year`, `sqft`); only words such as `million` are multiplied
in. Left out: emissions, speeds, what a household or a car uses, ounces of gold that were sold.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.facts.numbers import GAP, JOIN, Number
from pipeline.records import Fact, FactKind

_AREA = re.compile(
    JOIN
    + r"(?:net |gross |total |contiguous |rentable |leasable |undeveloped )?(?:"
    + r"(?P<sqft>(?:[Ss]quare|SQUARE)[ -](?:[Ff](?:ee|oo)t|FEET|FOOT)|[Ss]q\.?[ -]?[Ff]t\.?|SF|sf|Quadratfuß|ft²|ft2)"
    + r"|(?P<km2>[Ss]quare[ -][Kk]ilomet(?:er|re)s?|[Ss]q\.? ?km|Quadratkilometern?|km²|km2|qkm)"
    + r"|(?P<m2>[Ss]quare[ -][Mm]et(?:er|re)s?|[Ss]q\.? ?m\.?|sqm|Quadratmetern?|m²|m2|qm)"
    + r"|(?P<sqmi>[Ss]quare[ -][Mm]iles?|Quadratmeilen)"
    + r"|(?P<ha>[Hh]ektar|[Hh]ectares?|ha|Has)"
    + r"|(?P<acres>[Aa]cres?|ACRES?))(?![^\W_]|²)"
)
_POWER = re.compile(
    JOIN + r"(?:(?P<unit>TWh|GWh|MWh|[MG]Wp|kWp|TW|GW|MW)(?P<h>[ -][Hh]ours?)?(?:[ -]?(?:AC|DC|ac|dc|el|th|e))?"
    r"|(?P<kilo>kWh|kW|Kilowatt(?:stunden)?|kilowatts?(?:[- ]hours?)?)"
    r"|(?P<word>(?:[Mm]ega|[Gg]iga|[Tt]era)watt)(?:-?(?P<peak>[Pp]eak))?(?P<hours>[- ]?[Ss]tunden?|[- ]?[Hh]ours?)?s?"
    r"|(?P<hash>[EPT]H)(?:/s|ps)?|(?P<hashes>(?:exa|peta|tera|Exa|Peta|Tera)hash(?:es)?)(?:(?: per |/)s(?:econd)?)?"
    r")(?![^\W_])"
)
_WATTS: Final = {"m": "MW", "g": "GW", "t": "TW"}
_PERIODS: Final = {
    **dict.fromkeys("jahr year annum yr a".split(), "year"),
    **dict.fromkeys("monat month".split(), "month"),
    **dict.fromkeys("woche week".split(), "week"),
    **dict.fromkeys("tag day".split(), "day"),
    **dict.fromkeys("stunde hour".split(), "hour"),
    **dict.fromkeys("sekunde second".split(), "second"),
}
_PER = (
    rf"(?:(?:{GAP}(?:per|pro|each|every|im|je){GAP}|{GAP}?/{GAP}?|-per-)(?P<per>[Yy]ear|annum|[Jj]ahr|yr|[Mm]onth"
    rf"|Monat|[Ww]eek|Woche|[Dd]ay|Tag|hour|Stunde"
    rf"|second|Sekunde|a)|{GAP}(?P<yearly>annually|yearly|a year(?! (?:earlier|ago|before|later))|jährlich"
    rf"|p\.{GAP}?a\.|im Jahr)|{GAP}(?P<daily>daily|täglich))(?![^\W_])"
)
_RATE = re.compile(_PER)
_RATE_LATER = re.compile(rf"(?:{GAP}[^\W\d_]+){{0,3}}?{_PER}")
_THINGS = re.compile(rf"(?:{GAP}|-)(?P<things>[^\W\d_][^\W\d]*(?:(?:{GAP}|-)(?:[^\W\d_][^\W\d]*)){{0,6}}?){_PER}")
_MARKS: Final = (
    *(
        "per",
        "pro ",
        "each ",
        "every ",
        " im ",
        " je ",
        "/",
        "annually",
        "yearly",
        "a year",
        "jährlich",
        "daily",
        "täglich",
    ),
    *("p.a.", "p. a."),
)
"""What a rate is written with; one look saves the expression above most of its work."""
_WIDE: Final = 90
_NOTHING = re.compile(
    r"(?:prozent|percent|mal|times|stunden?|hours?|tagen?|days?|jahren?|years?|monaten?|months?|grad|km|kilometern?"
    r"|miles?|cents?|euros?|dollars?|aktien?|shares?"
    r"|punkten?|points?|menschen|people|deaths|minuten|minutes|weeks?|wochen|basis|pounds?|franken|million\w*"
    r"|billion\w*|milliarden|kalorien|in|im|am|an|auf|bis|to|on|at"
    r"|by|from|and|und|or|oder|für|for|der|die|das|the|of|von|per|pro|mitarbeiter\w*|beschäftigte\w*|employees|jobs"
    r"|stellen|uhr)\Z",
    re.IGNORECASE,
)
_VERBS = re.compile(
    r"\b(?:will|are|is|was|were|has|have|wird|werden|sind|sei|for|that|which|with|and|to|in|und|für|mit|die|der|das"
    r"|in|von|auf)\b",
    re.IGNORECASE,
)
_NAMES: Final = (
    (re.compile(r"\b(?:tonnen|tonnes|tons|t)\b", re.IGNORECASE), "t"),
    (re.compile(r"barrels? of oil equivalent|\bboe\b", re.IGNORECASE), "boe"),
    (re.compile(r"barrels?|bbl", re.IGNORECASE), "bbl"),
    (re.compile(r"fahrzeugen?|\bautos\b|vehicles?|\bcars\b|\w*wagen\b|\bpkw\b|e-autos", re.IGNORECASE), "vehicles"),
    (re.compile(r"einheiten|\bunits\b|stück\b", re.IGNORECASE), "units"),
    (re.compile(r"passagieren?|passengers|fluggästen?", re.IGNORECASE), "passengers"),
    (re.compile(r"\blit(?:er|re)s?n?\b", re.IGNORECASE), "l"),
    (re.compile(r"kubikmetern?|cubic met(?:er|re)s|m³|\bm3\b", re.IGNORECASE), "m3"),
    (re.compile(r"batches", re.IGNORECASE), "batches"),
    (re.compile(r"ounces|unzen|\boz\b", re.IGNORECASE), "oz"),
)
_VOLUME = re.compile(
    JOIN
    + r"(?P<l>[Ll]it(?:ern?|res?|ers?))(?![^\W_])|"
    + JOIN
    + r"(?P<moz>Moz(?: (?:AgEq|AuEq|gold|silver|Au|Ag))?)(?![^\W_])"
)
_BULK = re.compile(
    rf"(?:{GAP}(?:metric|million|[a-zäöü]+e))?(?:{GAP}|-)(?P<t>[Tt]onnen|[Tt]onnes|[Tt]ons|t|TEU|[Cc]ontainern?"
    rf"|[Vv]ehicles|[Ff]ahrzeugen?|m³|[Cc]ubic [Mm]et(?:er|re)s|Kubikmetern?|barrels|[Uu]nits|[Ee]inheiten)(?![^\W_])"
)
_CAPACITY = re.compile(r"kapazität|capacity|capable of|throughput|durchsatz|extraction of up to", re.IGNORECASE)
_ROOMS = re.compile(
    rf"(?:{GAP}(?!of\b|in\b|to\b|for\b)[a-zäöü-]+){{0,4}}?(?:{GAP}|-)(?P<unit>[Rr]ooms?|[Bb]eds?|[Aa]partments"
    rf"|[Bb]etten|Hotelzimmern?|Zimmern?|Wohneinheiten|Wohnungen"
    rf"|Krankenhausbetten|Stellplätzen?|Ladepunkten?|[Cc]harging (?:points|stations)|[Ss]eats|Sitzplätzen?"
    rf"|(?P<units>units))(?![^\W_])"
)
_HOUSES = re.compile(
    r"apartment|residential|multifamily|multi-family|housing|condo|townhome|building|offers|tower|phase", re.IGNORECASE
)
_CAR = re.compile(r"emission|co2|co₂|einspar|offset|verbrauch|consum", re.IGNORECASE)


_FEW: Final = 100
"""Below this, things per day or year are a habit, unless they have a unit of goods."""
_YEAR = re.compile(rf"{GAP}(?:19|20)[0-9]{{2}}")


def area(body: str, number: Number) -> Fact | None:
    """Return the area that this number measures, or None; prices `pro Quadratmeter` have no number there."""
    match = _AREA.match(body, number.end)
    value = number.value or 0.0
    if match is None and number.letter > 1:
        match, value = _AREA.match(body, number.long), value * number.letter
    if match is None or match.lastgroup is None:
        return None
    if match.group().strip() in ("sf", "Has", "qm", "ha", "SF") and value < 10:
        return None
    return _fact(FactKind.AREA, body, number.start, match.end(), value, match.lastgroup)


def capacity(body: str, number: Number) -> Fact | None:
    """Return the capacity that this number measures, or None."""
    value = number.value or 0.0
    power = _POWER.match(body, number.end)
    if power:
        return _power(body, number, power, value)
    if value < 1:
        return None
    near = body[number.end : number.end + _WIDE]
    things = _THINGS.match(body, number.end) if any(map(near.__contains__, _MARKS)) else None
    if things:
        made = _rate(body, number, things, value)
        if made:
            return made
    volume = _VOLUME.match(body, number.end)
    if volume and (volume.group("moz") or value >= 1_000 or _cued(body, number.start, volume.end())):
        if volume.group("moz"):
            return _fact(FactKind.CAPACITY, body, number.start, volume.end(), value, volume.group("moz"))
        return _fact(FactKind.CAPACITY, body, number.start, volume.end(), value, "l")
    bulk = _BULK.match(body, number.end)
    if bulk and _cued(body, number.start, bulk.end()):
        return _fact(FactKind.CAPACITY, body, number.start, bulk.end(), value, _unit(bulk.group("t")))
    return _rooms(body, number, value)


def _power(body: str, number: Number, power: re.Match[str], value: float) -> Fact | None:
    rate = _RATE.match(body, power.end()) or _RATE_LATER.match(body, power.end())
    end = rate.end() if rate else power.end()
    suffix = f"/{_period(rate)}" if rate else ""
    if rate is None and body[end : end + 1] == "/":
        return None  # a density or a price
    if power.group("kilo"):
        if not rate or _CAR.search(body, max(0, number.start - 40), min(len(body), end + 40)):
            return None
        unit = "kWh" if "h" in power.group("kilo").lower() or "stund" in power.group("kilo") else "kW"
    elif power.group("hash") or power.group("hashes"):
        unit = f"{(power.group('hash') or power.group('hashes'))[0].upper()}H/s"
        return _fact(FactKind.CAPACITY, body, number.start, power.end(), value, unit)
    elif power.group("unit"):
        unit = power.group("unit") + ("h" if power.group("h") else "")
    else:
        unit = _WATTS[power.group("word")[0].lower()] + (
            "h" if power.group("hours") else "p" if power.group("peak") else ""
        )
    return _fact(FactKind.CAPACITY, body, number.start, end, value, unit + suffix)


def _rate(body: str, number: Number, things: re.Match[str], value: float) -> Fact | None:
    """Return `150 more batches each year`; percentages, hours and people per day are nothing that is made."""
    words = things.group("things")
    first, last = words.split()[0], words.split()[-1]
    if _NOTHING.match(first) or _NOTHING.match(last) or (_VERBS.search(words) and " of " not in words):
        return None
    unit = _unit(words)
    if (value < _FEW and unit == last.lower()) or _YEAR.match(body, things.end()):
        return None
    if _CAR.search(body, max(0, number.start - 40), min(len(body), things.end() + 20)):
        return None
    return _fact(FactKind.CAPACITY, body, number.start, things.end(), value, f"{unit}/{_period(things)}")


def _rooms(body: str, number: Number, value: float) -> Fact | None:
    rooms = _ROOMS.match(body, number.end)
    if rooms is None or not 10 <= value <= 20_000 or value != int(value):
        return None
    if rooms.group("units") and not _HOUSES.search(body, max(0, number.start - 100), min(len(body), rooms.end() + 80)):
        return None
    known = {
        "b": "beds",
        "h": "rooms",
        "z": "rooms",
        "r": "rooms",
        "w": "units",
        "u": "units",
        "k": "beds",
        "s": "seats",
        "a": "units",
    }
    unit = rooms.group("unit").lower()
    named = (
        "spaces" if unit.startswith("stellpl") else "chargers" if unit.startswith(("lade", "charg")) else known[unit[0]]
    )
    return _fact(FactKind.CAPACITY, body, number.start, rooms.end(), value, named)


def _cued(body: str, start: int, end: int) -> bool:
    return _CAPACITY.search(body, max(0, start - 60), min(len(body), end + 30)) is not None


def _period(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups.get("yearly"):
        return "year"
    if groups.get("daily"):
        return "day"
    return _PERIODS[(groups.get("per") or "year").lower()]


def _unit(words: str) -> str:
    return next((unit for name, unit in _NAMES if name.search(words)), words.split()[-1].lower())


def _fact(kind: FactKind, body: str, start: int, end: int, value: float, unit: str) -> Fact:
    return Fact(kind=kind, text=body[start:end], start=start, end=end, value=value, unit=unit)
