"""What becomes of real news on its way: `python -m benchmarks.funnel [FILE…] --accounts ACCOUNTS.csv [--sample 100]`.

Takes feed files (whole folders, too) and JSON lines of articles through the same steps as the workers do, oldest first,
and prints how many are left after each, with every reason for which one was refused. `--sample` writes so many of the
alerts, drawn at random, as JSON lines to standard output, for people to read and judge.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from agents.articles import to_article
from agents.feeds import parse_feed
from agents.sources import Source
from pipeline.errors import StellwerkError
from pipeline.process import BATCH, Walked, open_path, read_article
from pipeline.records import Alert, Article
from pipeline.settings import load

_STEPS = ("entries", "articles", "with signal", "with account", "matched", "alerted", "revisions", "alerts", "stories")


def articles(files: Iterable[Path], counts: Counter[str]) -> Iterator[Article]:
    """Yield the articles of feed files and of JSON lines; count what is none."""
    now = datetime.now(UTC)
    for file in files:
        if file.suffix == ".jsonl":
            for number, line in enumerate(file.read_bytes().splitlines(), 1):
                counts["entries"] += 1
                raw = orjson.loads(line)
                dated = {"published": raw.get("date"), **raw, "source": raw.get("source") or ""}
                yield read_article(orjson.dumps(dated), number, str(file))
            continue
        source = Source(id="feed", url="https://feeds.example/", name=file.stem)
        try:
            entries = parse_feed(file.read_bytes(), source.url).entries
        except StellwerkError:
            counts["no feed"] += 1
            continue
        for entry in entries:
            counts["entries"] += 1
            made = to_article(entry, source, now=now)
            if isinstance(made, Article):
                yield made
            else:
                counts[f"dropped: {made}"] += 1


def note(walked: Walked, counts: Counter[str], alerts: dict[str, Alert]) -> None:
    """Count how far an article came."""
    counts["articles"] += 1
    counts["with signal"] += bool(walked.classified.signals)
    counts["with account"] += bool(walked.classified.signals and walked.routed.mentions)
    counts["matched"] += bool(walked.routed.matches)
    counts["alerted"] += bool(walked.alerts)
    counts["revisions"] += len(walked.alerts)
    if walked.routed.refused:
        counts[f"route: {walked.routed.refused}"] += 1
    for outcome in walked.outcomes:
        counts[f"alert: {outcome}"] += 1
    alerts.update((alert.id, alert) for alert in walked.alerts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--accounts", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--most", type=int, default=0, help="articles at most, drawn at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    chance, counts, alerts = random.Random(wanted.seed), Counter[str](), dict[str, Alert]()
    files = [one for file in wanted.files for one in (sorted(file.iterdir()) if file.is_dir() else [file])]
    found = list({article.id: article for article in articles(files, counts)}.values())
    counts["the same id again"] = counts["entries"] - len(found) - sum(n for name, n in counts.items() if ": " in name)
    if wanted.most and len(found) > wanted.most:
        found = chance.sample(found, wanted.most)
    walk = open_path(wanted.accounts, load())
    ordered = sorted(found, key=lambda one: one.published)
    for start in range(0, len(ordered), BATCH):
        for walked in walk.walk(ordered[start : start + BATCH]):
            note(walked, counts, alerts)
    counts["alerts"], counts["stories"] = len(alerts), len({one.story_id for one in alerts.values()})
    for name in _STEPS:
        print(f"{name:14} {counts.pop(name, 0):7}", file=sys.stderr)
    for name, number in sorted(counts.items()):
        print(f"  {name:30} {number:7}", file=sys.stderr)
    for alert in chance.sample(sorted(alerts.values(), key=lambda one: one.id), min(wanted.sample, len(alerts))):
        sys.stdout.buffer.write(orjson.dumps(alert.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
