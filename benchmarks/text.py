"""Articles and accounts for benchmarks: the demo's own texts, told of many invented companies.

The demo has some seventy texts about fourteen groups. Told again and again of the same fourteen, they would make
stories of hundreds of articles, which no news makes: each report is of one of fifty groups in the place of each, so
that a story has a handful of reports in ten thousand articles.
"""

from __future__ import annotations

import csv
import random
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

from deploy.demo.newsroom import load_articles
from deploy.local import DEMO
from pipeline.records import Article, stable_id

#: Groups that stand in for each group of the demo.
DOUBLES: Final = 50
_ACCOUNTS: Final = DEMO / "accounts.csv"
_BEGIN: Final = "Bar Cel Dor Fen Gal Hol Jar Kel Lor Mar Nev Por Quil Ran Sel Tor Ul Ver Wil Zan".split()
_MIDDLE: Final = "av ent ig om ur ast el".split()
_END: Final = "ora ix andt umer eska".split()


def articles(count: int, seed: int) -> list[Article]:
    """Return so many articles of real length (1,000–3,000 characters), with different ids, companies and order of text.

    Args:
        count: how many.
        seed: of the variation; other seeds give other ids.
    """
    chance = random.Random(seed)
    texts = load_articles(DEMO / "articles.jsonl")
    now = datetime.now(UTC)
    made = []
    for n in range(count):
        text = texts[n % len(texts)]
        first, *rest = text.body
        chance.shuffle(rest)
        number, double = chance.randrange(10_000, 99_999), chance.randrange(DOUBLES)
        made.append(
            Article(
                id=stable_id("bench", str(seed), str(n)),
                source_id=text.outlet,
                source=text.outlet,
                url=f"https://example.com/{seed}/{n}",
                title=_told_of(double, f"{text.title} ({number})"),
                text=_told_of(double, "\n".join((first, *rest))),
                published=now - timedelta(seconds=n % 3600),
                fetched=now,
                language_hint=text.language,
                revision=str(number),
            )
        )
    return made


def accounts(to: Path) -> Path:
    """Write the accounts that the articles are about: the demo's tree of groups, units and sites, once per double."""
    with _ACCOUNTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with to.open("w", newline="") as file:
        # Former names and short forms are not doubled: they would be one name of fifty groups.
        writer = csv.DictWriter(file, ["account_id", "name", "parent_id", "level", "legal_name"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(_doubled(row, double) for double in range(DOUBLES) for row in rows)
    return to


def _doubled(row: dict[str, str], double: int) -> dict[str, str]:
    ids = {name: f"{row[name]}-{double}" if row[name] else "" for name in ("account_id", "parent_id")}
    names = {name: _told_of(double, row[name]) for name in ("name", "legal_name")}
    return {**row, **ids, **names}


def _told_of(double: int, text: str) -> str:
    """Return a text with the companies' names exchanged; the first double is the demo itself."""
    pattern, names = _names()
    return pattern.sub(lambda match: names[match.group()][double], text)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    """Return what finds the demo's groups in a text, and each one's doubles."""
    with _ACCOUNTS.open(newline="") as file:
        groups = [row["name"] for row in csv.DictReader(file) if row["level"] == "group"]
    invented = ["".join(parts) for parts in product(_BEGIN, _MIDDLE, _END)]
    random.Random(0).shuffle(invented)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, groups))})(?=s?\b)")
    return pattern, {group: [group, *invented[at :: len(groups)]][:DOUBLES] for at, group in enumerate(groups)}
