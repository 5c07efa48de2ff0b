"""What the alert stage's memory costs: `python -m benchmarks.stories [--stories 100000]`.

rebuild    CPU seconds from encoded alerts, as they stand on the topic, to a memory that can judge
memory     megabytes that a fresh process grows by it
match      CPU milliseconds for one match, at a tenth of the stories and at all of them; one account with many, too
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.text import articles
from pipeline.alert.memory import Memory
from pipeline.alert.step import decide, remember
from pipeline.records import AccountRef, Alert, Article, ArticleRef, Match, MatchedSignal, Mention, Role, Signal, Span
from pipeline.settings import AlertSettings
from pipeline.signals import FAMILY, SignalType, Status, direction_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = AlertSettings()


def resident() -> float:
    """Return the megabytes that this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def matches(count: int, accounts: int, seed: int) -> Iterator[Match]:
    """Yield so many matches with the demo's texts, words exchanged so that no two are one story."""
    chance = random.Random(seed)
    base = articles(500, seed)
    words = sorted({word for article in base for word in article.body.split()})
    for n in range(count):
        yield _match(chance, base[n % len(base)], words, f"{seed}-{n}", f"account-{n % accounts}")


def _match(chance: random.Random, article: Article, words: list[str], name: str, account: str) -> Match:
    title = " ".join(chance.sample(words, 8))
    lead = " ".join(chance.sample(words, 55))[:400]
    kind = chance.choice(list(SignalType))
    signal = Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.8,
        status=Status.PLANNED,
        direction=direction_of(kind, Status.PLANNED),
        evidence=(Span(text=title, start=0, end=len(title)),),
    )
    return Match(
        account=AccountRef(id=account, name=account, path=(account,)),
        article=ArticleRef(
            id=name,
            url=f"https://example.com/{name}",
            source=article.source,
            title=title,
            lead=lead,
            revision="r",
            language=article.language_hint or "de",
            published=NOW - timedelta(hours=chance.uniform(0, 300)),
            fetched=NOW,
        ),
        mentions=(Mention(text=account, start=0, end=1, account_id=account),),
        signals=(MatchedSignal(signal=signal, role=Role.ACTOR, why="named in the sentence"),),
        why=("in the title",),
        model="m",
        accounts_version="a",
    )


def judged(memory: Memory, some: Iterator[Match]) -> list[float]:
    """Return the milliseconds that each match took, remembering what came of it."""
    took = []
    for match in some:
        began = time.process_time()
        decided = decide(memory, match, now=NOW, settings=SETTINGS)
        remember(memory, decided)
        took.append((time.process_time() - began) * 1000)
    return took


def encoded(count: int, accounts: int) -> list[bytes]:
    """Return alerts as they stand on the topic, each of a story of its own."""
    made = []
    for match in matches(count, accounts, seed=1):
        (alert,) = decide(Memory(), match, now=NOW, settings=SETTINGS).alerts
        made.append(alert.encode())
    return made


def rebuild(file: Path, count: int, accounts: int) -> str:
    """Return what a memory of so many of the file's alerts costs, as a line to print."""
    judged(Memory(), matches(50, 5, seed=5))
    before, began = resident(), time.process_time()
    with file.open("rb") as lines:
        memory = Memory(Alert.decode(line) for line in itertools.islice(lines, count))
    took, grown = time.process_time() - began, resident() - before
    cold = statistics.median(judged(memory, matches(1000, accounts, seed=2)))
    warm = statistics.median(judged(memory, matches(1000, 5, seed=3)))
    costs = f"a match of an account not held {cold:.2f} ms, of one held {warm:.2f} ms"
    return f"{count} stories: rebuilt in {took:.1f} s, {grown:.0f} MB; {costs}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=5_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "alerts.jsonl"
        file.write_bytes(b"\n".join(encoded(wanted.stories, wanted.accounts)))
        for count in (wanted.stories // 10, wanted.stories):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
                print(fresh.submit(rebuild, file, count, wanted.accounts).result())
    for count in (100, 1000, 5000):
        memory = Memory(alert for alert in map(Alert.decode, encoded(count, 1)))
        memory.shelf("account-0")
        took = judged(memory, matches(200, 1, seed=4))
        print(f"one account with {count} stories: a match {statistics.median(took):.2f} ms")


if __name__ == "__main__":
    main()
