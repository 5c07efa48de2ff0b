"""What keyword rules cost: the classify step with 5,000 of them against the same step with 50.

    python -m benchmarks.rules

Prints the ratio (aim: at most 1.3) and the rule step alone in articles per second (aim: at least 2,000), on articles of
about 2,700 characters. The rules are made of word lists: what happens × where × in which business.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

import pipeline.route
from benchmarks.text import articles
from models import registry
from pipeline.classify.step import Scorer, classify, prepare
from pipeline.records import Article
from pipeline.rules.files import read_rules
from pipeline.rules.match import Book

LENGTH: Final = 2700
_EVENTS: Final = {
    "new_site": "Werk|Werke|Neubau|plant|factory|Fabrik*|Produktionsst*|Gigafactory|Standort|campus|Logistikzentr*",
    "site_expansion": 'Ausbau|erweiter*|expan*|Kapazität*|modernis*|"zweite Halle"|"second line"~3|aufstock*',
    "capital_investment": 'investi*|Millioneninvest*|"investment programme"~2|Milliarden|capex|steckt',
    "contract_win": '"erhält Auftrag"~4|Großauftrag|"wins contract"~4|Auftrag|beliefert|"framework agreement"~2',
    "tender": 'Ausschreibung*|tender*|"request for proposals"|Vergabe|"bids invited"~3',
    "partnership": 'kooperier*|Kooperation|Partnerschaft|partner*|alliance|"joint venture"|Gemeinschaftsunternehmen',
    "acquisition": 'übernimmt|Übernahme|acquire*|takeover|"kauft Mehrheit"~4|merger|stake',
    "hiring": '"stellt ein"~5|Neueinstellung*|recruit*|"new jobs"~2|"neue Stellen"~2|Arbeitsplätze',
    "layoffs": 'Stellenabbau|"streicht Stellen"~3|"job cuts"|layoff*|Kurzarbeit|redundanc*',
    "leadership_change": '"neuer Chef"~3|CEO|Vorstandsvorsitzende*|"steps down"|appoint*|Geschäftsführer*|Nachfolger*',
    "technology": 'Wasserstoff*|Automatisierung|robot*|"künstliche Intelligenz"|*batterie*|digitalis*|semiconductor*',
    "insolvency": 'Insolvenz*|insolven*|Gläubiger*|"chapter 11"|zahlungsunfähig',
    "disruption": "Streik*|strike|Cyberangriff*|Großbrand|outage|Lieferengpass*|recall",
}
_TRADES: Final = """
    Maschinenbau* Automobil* Zulieferer Chemie* Pharma* Logistik* Stahl* Papier* Verpackung* Lebensmittel* Molkerei*
    Brauerei* Windkraft* Solar* Bahn* Luftfahrt* Rüstung* Medizintechnik* Software* Rechenzentr* Baustoff* Zement* Glas*
    Textil* Möbel* Spedition* Hafen* Flughafen* Versicherung* Bank* Energie* machinery automotive chemical* pharma*
    logistics steel packaging food dairy brewer* wind solar rail* aviation defence medical software "data centre" cement
    glass textile* furniture freight port airport insur* bank* energy forklift* warehouse*
""".split("\n")
_NEVER: Final = ("Fußball", "Wetter", "(Oper OR Theater)", '"Börse aktuell"', "Horoskop", "(soccer OR weather)", "Kino")


def rules(count: int, seed: int = 1) -> Book:
    """Return so many rules, no two the same."""
    chance = random.Random(seed)
    places, trades = _places(), [word for line in _TRADES for word in _split(line)]
    text = " ".join(article.body for article in articles(100, seed))
    things = sorted(set(re.findall(r"\b[^\W\d_]{6,}\b", text)))  # `nicht` would be read as an operator
    made: dict[str, str] = {}
    while len(made) < count:
        kind = chance.choice(list(_EVENTS))
        events = " OR ".join(chance.sample(_EVENTS[kind].split("|"), 3))
        where = " OR ".join(chance.choice(places))
        trade = " OR ".join(chance.sample(trades, 3))
        forms = (
            f"({events}) AND ({where}) NOT {chance.choice(_NEVER)}",
            f"({events}) AND ({trade}) AND ({where})",
            f"title:({events}) AND ({trade}) -source:demo*",
            f"({' OR '.join(chance.sample(things, 2))}) AND ({events}) AND ({where} OR {trade})",
            f"+({where}) +({trade}) +({events}) -{chance.choice(_NEVER)} -lang:fr",
        )
        made[chance.choice(forms)] = kind
    tables = [
        f"[[rule]]\nid = 'r{n}'\ntype = '{kind}'\nquery = '''{query}'''\n"
        for n, (query, kind) in enumerate(made.items())
    ]
    return Book(read_rules("\n".join(tables), "benchmark"))


def _split(line: str) -> list[str]:
    """Return the words of a line; quotes hold a phrase together."""
    parts = line.split('"')
    return [word for at, part in enumerate(parts) for word in ([f'"{part}"'] if at % 2 else part.split())]


def _places() -> list[list[str]]:
    """Return the names of each country and the adjective, as a query writes them."""
    made = []
    for line in (Path(pipeline.route.__file__).parent / "countries.txt").read_text().splitlines():
        if line and line[0] not in "#[":
            _, english, german, _, adjective, *_ = [*line.split("|"), "", "", "", ""]
            names = [name for name in (*english.split(";"), *german.split(";")) if name]
            made.append([*(f'"{name}"' for name in names[:3]), *([f"{adjective.split(';')[0]}*"] if adjective else [])])
    return made


def long_articles(count: int) -> list[Article]:
    """Return articles of about `LENGTH` characters: two of the demo's put together and cut."""
    halves = articles(2 * count, seed=3)
    return [
        one.model_copy(update={"text": f"{one.text}\n{other.text}"[:LENGTH]})
        for one, other in zip(halves[:count], halves[count:], strict=True)
    ]


def _seconds(work: Callable[[], object]) -> float:
    """Return CPU seconds of one run."""
    began = time.process_time()
    work()
    return time.process_time() - began


def compare(scorer: Scorer, items: Sequence[Article], few: Book, many: Book, rounds: int) -> tuple[float, float, float]:
    """Return seconds per article of the step with few and with many rules, and of the many rules alone."""
    prepared = prepare(items)

    def alone() -> None:
        for item, one in zip(items, prepared, strict=True):
            many.signals(item, one.language, one.body, one.sentences)

    works = (lambda: classify(scorer, items, few), lambda: classify(scorer, items, many), alone)
    for work in works:
        work()
    # In turns, so that a busy neighbour slows all of them.
    times = [[_seconds(work) for work in works] for _ in range(rounds)]
    first, second, third = (statistics.median(column) / len(items) for column in zip(*times, strict=True))
    return first, second, third


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--few", type=int, default=50)
    parser.add_argument("--many", type=int, default=5000)
    wanted = parser.parse_args()
    screen, items = Console(), long_articles(wanted.articles)
    began = time.process_time()
    many = rules(wanted.many)
    built = time.process_time() - began
    few = rules(wanted.few, seed=2)
    scorer = registry.load()
    # As the workers do once model and rules are read (`pipeline/stream/rules.py`).
    gc.collect()
    gc.freeze()
    with_few, with_many, alone = compare(scorer, items, few, many, wanted.rounds)
    hits = sum(
        len(many.signals(item, one.language, one.body, one.sentences))
        for item, one in zip(items, prepare(items), strict=True)
    )
    table = Table("what", "figure", "aim")
    table.add_row(f"classify step with {wanted.many} rules ÷ with {wanted.few}", f"{with_many / with_few:.2f}", "≤ 1.3")
    table.add_row(f"rule step alone, {wanted.many} rules, articles/s", f"{1 / alone:,.0f}", "≥ 2,000")
    table.add_row(f"classify step with {wanted.many} rules, articles/s", f"{1 / with_many:,.0f}", "")
    table.add_row(f"reading {wanted.many} rules, seconds", f"{built:.2f}", "")
    table.add_row("hits per article", f"{hits / len(items):.2f}", "")
    screen.print(table)


if __name__ == "__main__":
    main()
