"""Companies for benchmarks: as many as are asked for, with aliases, as files of customers have them.

Where real lists of companies are at hand (`STELLWERK_DATA`), their names come first; the rest is put together from
syllables, trades, towns and legal forms. Both are made at run time.
"""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.route.tree import Account

_DATA: Final = Path(os.environ.get("STELLWERK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "accounts"
_BEGIN: Final = (
    "Vor Hal Ber Ren Kos Tal Mar Ost Win Lau Gre Bor Hol Wei Sten Kra Dor Fel Gan Har Jan Kel Lin Mol Nor Pel Quin "
    "Rei Sal Tor Ull Ver Wal Zel Bran Cor Drex Eich Fried Grun"
).split()
_END: Final = (
    "berg stein mann feld hoff bach dorf hausen brück wald mühl tal horst rath kamp beck ling ner ski owa ert inger "
    "holt wick ford ham ley ston by sen"
).split()
_MORE: Final = ("", "", "er", "son", "el", "ova", "ini")
_TRADES: Final = (
    "Maschinenbau Logistik Verpackung Metall Kunststoff Pharma Energie Bau Textil Chemie Elektronik Automotive Foods "
    "Papier Glas Holding Systems Tools Robotics Medical Software Stahl Optik Anlagenbau Getränke Spedition Solar"
).split()
_LEGAL: Final = ("GmbH", "AG", "GmbH & Co. KG", "SE", "Inc.", "Ltd.", "LLC", "plc", "S.A.", "B.V.")
_TOWNS: Final = "Ulm Kassel Graz Linz Basel Leeds Dayton Tulsa Brno Lyon Turin Gent Malmö Porto".split()


def companies(count: int) -> Iterator[Account]:
    """Yield so many accounts with three names each on average, the same ones at each call."""
    chance, taken = random.Random(1), set[str]()
    for name in _real():
        if len(taken) < count // 2 and name not in taken:
            taken.add(name)
            yield Account(f"c{len(taken)}", name)
    while len(taken) < count:
        name = f"{chance.choice(_BEGIN)}{chance.choice(_END)}{chance.choice(_MORE)} {chance.choice(_TRADES)}"
        if chance.random() < 0.6:
            name += f" {chance.choice(_TOWNS)}"
        if name not in taken:
            taken.add(name)
            short = "".join(word[0] for word in name.split()) + chance.choice("XYZQK") + chance.choice("ABCDEF")
            aliases = (short, name.replace(" ", ""))[: chance.randint(1, 2)]
            yield Account(f"c{len(taken)}", name, aliases=aliases, legal_name=f"{name} {chance.choice(_LEGAL)}")


def _real() -> Iterator[str]:
    """Yield the names of real companies, where lists of them are at hand."""
    listed = _DATA / "sec_company_tickers.json"
    if listed.exists():
        titles = (row["title"] for row in json.loads(listed.read_text()).values())
        yield from (title.title() if title.isupper() else title for title in titles)
    for file, column in (("financedatabase_dach.csv", "name"), ("forbes2000_2025.csv", "Company")):
        if (_DATA / file).exists():
            with (_DATA / file).open(newline="", encoding="utf-8") as handle:
                yield from (row[column] for row in csv.DictReader(handle) if row[column])
