"""What accounts cost: the routing step with 1,000, 10,000 and 100,000 of them.

    python -m benchmarks.routing [--peers PYTHON]

articles a second (CPU time) with the same articles and the same accounts in them, the rest of the file grows; memory
of a route worker, Faust and the gazetteer included; how long one changed account and a whole file take. `--peers` names
a Python that has pyahocorasick and spaCy: then the finder alone stands beside them, on the same names and texts.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.names import companies
from benchmarks.text import accounts as write_demo
from benchmarks.text import articles
from pipeline.records import Classified
from pipeline.route.accounts import load_accounts
from pipeline.route.names import forms
from pipeline.route.step import Router, route
from pipeline.route.tree import Account, Accounts, Level

SIZES: Final = (1_000, 10_000, 100_000)
RESULTS: Final = Path(__file__).parent / "results"
_ROUNDS: Final = 3
_PEERS: Final = ("ahocorasick", "spacy")


def everybody(size: int, folder: Path) -> Iterator[Account]:
    """Yield the accounts that the articles name, and others up to this number."""
    demo = load_accounts(write_demo(folder / "demo.csv"))
    named = [account for account in demo if account.level is Level.GROUP]
    yield from named
    yield from companies(size - len(named))


def classified(count: int, to: Path) -> None:
    """Write so many articles with their signals, as the classifier that ships finds them."""
    from models import registry
    from pipeline.classify.step import classify

    scorer = registry.load(registry.CHAMPION)
    made = classify(scorer, articles(count, seed=1))
    to.write_bytes(b"\n".join(one.encode() for one in made))


def memory(key: str) -> float:
    """Return a figure of this process's memory, MB; only Linux tells."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{key}:")), float("nan"))


def one(size: int, folder: Path) -> dict[str, Any]:
    """Measure one size, in a process that is as a route worker is."""
    import pipeline.stream.app
    import pipeline.stream.route  # noqa: F401  what a worker has in memory

    items = [Classified.decode(line) for line in (folder / "classified.jsonl").read_bytes().splitlines()]
    accounts = Accounts(everybody(size, folder))
    began = time.process_time()
    router = Router(accounts)
    built = time.process_time() - began
    route(router, items[0])
    gc.collect()
    gc.freeze()
    best = min(_timed(lambda: [route(router, item) for item in items]) for _ in range(_ROUNDS))
    finder = min(_timed(lambda: [router.finder.find(item.article.body) for item in items]) for _ in range(_ROUNDS))
    changed = Account("changed", "Umbenannta Pumpen", legal_name="Umbenannta Pumpen GmbH")
    change = _timed(lambda: router.change("changed", changed))
    return {
        "size": size,
        "names": sum(len(forms(account)) for account in accounts),
        "rate": len(items) / best,
        "finder": finder,
        "build": built,
        "change": change,
        "now": memory("VmRSS"),
        "peak": memory("VmHWM"),
    }


def _timed(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def peers(python: str, size: int, folder: Path) -> dict[str, dict[str, float]]:
    """Return what each peer needs for the same names and texts."""
    names = sorted({form.text for account in everybody(size, folder) for form in forms(account)})
    lines = (folder / "classified.jsonl").read_bytes().splitlines()
    texts = [Classified.decode(line).article.body for line in lines]
    (folder / "names.json").write_bytes(orjson.dumps(names))
    (folder / "texts.json").write_bytes(orjson.dumps(texts))
    script = Path(__file__).parent / "peer_names.py"
    found = {}
    for peer in _PEERS:
        command = [python, str(script), peer, str(folder / "names.json"), str(folder / "texts.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found[peer] = json.loads(done.stdout)
    return found


def report(rows: Sequence[dict[str, Any]], beside: dict[int, dict[str, dict[str, float]]], count: int) -> str:
    """Return the tables as Markdown."""
    first = rows[0]
    lines = [
        "| accounts | names | articles/s | cost ÷ 1,000 accounts | memory, MB | peak, MB | built in, s | change, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = (
            f"{row['size']:,}",
            f"{row['names']:,}",
            f"{row['rate']:.0f}",
            f"{first['rate'] / row['rate']:.2f}",
            f"{row['now']:.0f}",
            f"{row['peak']:.0f}",
            f"{row['build']:.1f}",
            f"{row['change'] * 1000:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    if beside:
        lines += ["", "| accounts | finder | " + " | ".join(_PEERS) + " |", "|---|---|---|---|"]
        for row in rows:
            theirs = [beside.get(row["size"], {}).get(peer) for peer in _PEERS]
            told = [f"{row['finder'] / peer['find']:.2f}" if peer else "" for peer in theirs]
            lines.append(f"| {row['size']:,} | {row['finder'] / count * 1e6:.0f} µs | {' | '.join(told)} |")
        lines += ["", "Finder: CPU time per article; beside it, that time ÷ the peer's for the same names and texts."]
    day, system = datetime.now(UTC).strftime("%Y-%m-%d"), platform.system()
    head = f"`python -m benchmarks.routing`, {day}, Python {platform.python_version()}, {system}, {count} articles."
    return (
        f"# Routing\n\n{head} CPU time; a ratio of cost should be at most 1.3, memory at most 400 MB.\n\n"
        + "\n".join(lines)
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--peers", default="", help="a Python that has pyahocorasick and spaCy")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        sys.stdout.write(json.dumps(one(wanted.one, wanted.folder)))
        return
    screen = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        folder, rows, beside = Path(name), [], {}
        classified(wanted.articles, folder / "classified.jsonl")
        for size in SIZES:
            screen.print(f"{size:,} accounts…")
            command = [sys.executable, "-m", "benchmarks.routing", "--one", str(size), "--folder", name]
            rows.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
            if wanted.peers:
                beside[size] = peers(wanted.peers, size, folder)
    text = report(rows, beside, wanted.articles)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "routing.md").write_text(text + "\n")
    table = Table(*(cell.strip() for cell in text.split("\n")[4].strip("|").split("|")))
    for line in text.split("\n")[6 : 6 + len(rows)]:
        table.add_row(*(cell.strip() for cell in line.strip("|").split("|")))
    Console().print(table)


if __name__ == "__main__":
    main()
