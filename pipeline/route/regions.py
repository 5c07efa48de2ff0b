"""The deployment's sales regions: which places belong to which, in a file.

    [[region]]
    name = "South"
    countries = ["AT", "CH"]            # ISO 3166-1 alpha-2
    admin = ["Bayern", "Texas"]         # provinces and states, with the towns in those of DE, AT and US
    towns = ["Ulm", "Kraków"]
    groups = ["Benelux"]                # where a text says only that

The narrowest that fits counts: town, then province, then country. A place is in one region at most.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.route.gazetteer import Entry, names, states, words

_KINDS: Final = {"countries": "country", "admin": "admin", "towns": "city", "groups": "group"}
_CODES: Final = {
    ("DE", name): code
    for code, name in enumerate(
        (
            "Baden-Wuerttemberg;Bavaria;Bremen;Hamburg;Hesse;Lower Saxony;North Rhine-Westphalia;Rhineland-Palatinate;"
            "Saarland;Schleswig-Holstein;Brandenburg;Mecklenburg-Western Pomerania;Saxony;Saxony-Anhalt;Thuringia;"
            "Berlin"
        ).split(";"),
        1,
    )
} | {
    ("AT", name): code
    for code, name in enumerate(
        "Burgenland;Carinthia;Lower Austria;Upper Austria;Salzburg;Styria;Tyrol;Vorarlberg;Vienna".split(";"), 1
    )
}
"""Provinces by the number that geonames gives them."""

Key = tuple[str, str, str]
"""What a place is: kind, country, name or code."""


@dataclass(frozen=True, slots=True)
class Regions:
    """Which sales region a place is in.

    Attributes:
        names: all regions, in the order of the file.
    """

    names: tuple[str, ...] = ()
    _by_key: Mapping[Key, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> Regions:
        """Return the regions in a file; none where there is no file.

        Raises:
            BadInput: the file cannot be read, or says something that is not so.
        """
        return _read(path) if path else cls()

    def of(self, entry: Entry) -> str:
        """Return the region that a place is in; empty where it is in none."""
        if not self._by_key:
            return ""
        return next((region for key in _keys(entry) if (region := self._by_key.get(key))), "")


def _keys(entry: Entry) -> Iterator[Key]:
    """Yield what a place is, the narrowest first."""
    yield entry.kind, entry.country, entry.name
    if entry.kind == "city" and entry.admin:
        yield "code", entry.country, entry.admin
    if entry.country:
        yield "country", entry.country, ""


def _read(path: Path) -> Regions:
    file = str(path)
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("region")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=file) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not TOML: {error}", file=file) from None
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadInput("write each region as a table [[region]]", file=file, field="region")
    found: dict[Key, str] = {}
    for number, table in enumerate(tables, 1):
        name = _name(table, number, file)
        for column, kind in _KINDS.items():
            for written in _list(table, column, name, file):
                for key in _meant(kind, written, f"{name}.{column}", file):
                    if found.setdefault(key, name) != name:
                        message = f"{written!r} is in {found[key]!r} already; a place is in one region"
                        raise BadInput(message, file=file, field=f"{name}.{column}")
    return Regions(tuple(dict.fromkeys(table["name"] for table in tables)), found)


def _name(table: Mapping[str, Any], number: int, file: str) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadInput(f"missing in table {number}; every region needs one", file=file, field="name")
    if unknown := sorted(set(table) - {"name", *_KINDS}):
        raise BadInput(f"unknown key; use {', '.join(_KINDS)}", file=file, field=f"{name}.{unknown[0]}")
    return name


def _list(table: Mapping[str, Any], column: str, name: str, file: str) -> list[str]:
    value = table.get(column, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput("must be a list of texts", file=file, field=f"{name}.{column}")
    return value


def _meant(kind: str, written: str, where: str, file: str) -> Iterator[Key]:
    """Yield the keys of what is written; the towns of a province by its code."""
    if kind == "country" and len(written) == 2 and written.isupper():
        known = any(entry.country == written for entries in names().values() for entry in entries[:1])
        entry = Entry(written, written, "country") if known else None
    else:
        entry = next((one for one in names().get(words(written), ()) if one.kind == kind and not one.adjective), None)
    if entry is None:
        raise BadInput(f"{written!r} is no place of this kind that we know", file=file, field=where)
    if kind == "country":
        yield "country", entry.country, ""
        return
    yield kind, entry.country, entry.name
    if kind == "admin":
        code = _CODES.get((entry.country, entry.name))
        if code:
            yield "code", entry.country, f"{code:02}"
        for state, other in states().items() if entry.country == "US" else ():
            if other.name == entry.name and len(state) == 2:
                yield "code", "US", state
