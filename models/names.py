"""Words that are names of companies, for the concept `org`: `python -m models.names DATA [--write]`.

DATA holds `accounts/` (lists of companies) and `news/unlabelled.jsonl`. A name of one word counts when the lists have
it, or when newsrooms write it where only companies stand: `Vonovia-Chef`, `Autobauer Opel`, `Clene Inc`. Words that are
also written small are no names. Texts of the labelled items are passed over, so that nothing is found by having been
tested on. `--write` puts the list beside the code; nothing but single words is kept.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from models.corpus import TEXTS, gather, objects

FILE: Final = Path(__file__).parent / "names.txt"
_LISTS: Final = {"forbes2000_2025.csv": "Company", "financedatabase_dach.csv": "name", "sp500.csv": "Security"}
_READ: Final = 600
_NEVER: Final = frozenset(
    """ansprüche autobahn bafin biochem biomed biopharmaceuticals bioscience biotherapeutics bitcoin bundesbank
    chemie corporation csu dgb empire ex explorations fed gdl gewinner greenland holdings interims iw jobcenter
    konsortium kyrgyzstan labs logistik metall motors nanomedicine nasdaq omega oregon orthopedics passwort pharma
    plc premier pte realty schutzschirm sparkassen theatre vertriebs vollzeit weltärztebund""".split()
)
"""What stands like a company and is none."""

_NAME: Final = r"(?P<name>[A-ZÄÖÜ][\w&]+)"
_AFTER: Final = """
    Chef Chefin Aktie Aktien Tochter Konzern Werk Werke Mitarbeiter Vorstand Aufsichtsrat Manager Übernahme
    Beschäftigte Aktionäre Filialen Standort Mutter Gruppe Kunden Management Betriebsrat Eigner Gründer CEO Sprecher
    Börsengang Insolvenz Deal Pleite Beteiligung"""
_BEFORE: Final = """
    autobauer autokonzern hersteller konzern anbieter händler zulieferer kette startup up fintech
    versicherer airline reederei werft bauer betreiber riese firma unternehmen dienstleister gesellschaft bank"""
_FORMS: Final = "AG SE GmbH KGaA Inc Corp Ltd plc NV Holding Group Gruppe"
_PLACES: Final = (
    re.compile(rf"{_NAME}-(?:{'|'.join(_AFTER.split())})\b"),
    re.compile(rf"\b[\w-]*(?i:{'|'.join(_BEFORE.split())}) {_NAME}"),
    re.compile(rf"{_NAME} (?:{'|'.join(_FORMS.split())})\b"),
    re.compile(rf"{_NAME} \((?:NYSE|NASDAQ|Nasdaq|TSX|OTC)"),
)
_LEGAL: Final = re.compile(
    r"\b(?:ag|se|gmbh|kgaa|kg|inc|corp|corporation|ltd|limited|plc|nv|sa|spa|co|company|group|holdings?|the|ab|asa|llc)\b\.?",
    re.IGNORECASE,
)


def listed(folder: Path) -> set[str]:
    """Return the names of one word in the lists of companies, in lower case."""
    found = set()
    for file, column in _LISTS.items():
        with (folder / file).open(encoding="utf-8-sig") as handle:
            names = [row[column] for row in csv.DictReader(handle)]
        for name in names:
            words = _LEGAL.sub(" ", re.sub(r"[.,&]", " ", name)).split()
            if len(words) == 1 and len(words[0]) > 2:
                found.add(words[0].lower())
    return found


def find(texts: Iterable[str], known: set[str]) -> list[str]:
    """Return the words that are names of companies, in alphabetical order.

    Args:
        texts: news.
        known: names of one word, in lower case.
    """
    all_, small, named = Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        words = re.findall(r"[^\W\d_]\w*", text)
        all_.update(word.lower() for word in words)
        small.update(word for word in words if word.islower())
        named.update(match["name"].lower() for place in _PLACES for match in place.finditer(text))
    return sorted(
        word
        for word in (named.keys() | known) - _NEVER
        if word.isalpha() and small[word] <= 0.1 * all_[word] and _is_name(named[word], all_[word], word in known)
    )


def _is_name(named: int, all_: int, known: bool) -> bool:
    """Decide from how often a word stands like a company, and how often in all."""
    return known if named < 2 else known or named >= 0.08 * all_


def main() -> None:
    """Count, and write the list where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write names.txt")
    wanted = parser.parse_args()
    tested = {item.id for item in gather(wanted.data)}
    found = find(_texts(wanted.data / TEXTS, tested), listed(wanted.data / "accounts"))
    print(f"{len(found)} names")
    if wanted.write:
        FILE.write_text("\n".join(found) + "\n")


def _texts(file: Path, tested: set[str]) -> Iterator[str]:
    """Yield the beginnings of the texts of a file that are not tested on."""
    for _, raw in objects(file):
        if raw["id"] not in tested:
            yield _beginning(raw)


def _beginning(raw: dict[str, Any]) -> str:
    return f"{raw['title'] or ''}\n{str(raw['text'] or '')[:_READ]}"


if __name__ == "__main__":
    main()
