"""A stage for tests, run as a process of its own: articles in, the same articles out, with faults on demand.

A title may ask for trouble: `!crash` raises what no step should raise, `!permanent` a named error, `!slow` takes 0.2 s,
`!block` never returns. So may the environment: `ECHO_FAULT=hang` awaits for ever before the first batch, `deaf` never
resumes partition 0, as Faust has been seen to do after a rebalance.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline import log
from pipeline.envelope import Out
from pipeline.errors import Unprocessable
from pipeline.records import Article
from pipeline.settings import Settings, load
from pipeline.stream import app
from pipeline.stream.guard import Done
from pipeline.stream.stages import Built, Stage
from pipeline.topics import ARTICLES, CLASSIFIED, DEAD_LETTERS


def step(articles: Sequence[Article]) -> list[Done]:
    for article in articles:
        if article.title == "!crash":
            raise ZeroDivisionError("the step is wrong")
        if article.title == "!permanent":
            raise Unprocessable("asked for")
        if article.title == "!slow":
            time.sleep(0.2)
        if article.title == "!block":
            time.sleep(3600)
    return [Done("echoed", (Out(CLASSIFIED, article.id.encode(), article.encode()),)) for article in articles]


FAULT = os.environ.get("ECHO_FAULT", "")


async def hang(partitions: Iterable[int]) -> None:
    await asyncio.Event().wait()


class Deaf(app._Consumer):
    def _get_active_partitions(self) -> set[Any]:
        return {tp for tp in super()._get_active_partitions() if tp.partition != 0}


def build(settings: Settings) -> Built:
    if FAULT == "deaf":
        app._Transport.Consumer = Deaf
    return Built(step, prepare=hang if FAULT == "hang" else None)


ECHO = Stage("echo", ARTICLES, Article, (CLASSIFIED, DEAD_LETTERS), build)

if __name__ == "__main__":
    settings = load()
    log.start(settings.log, "echo")

    def ready() -> None:
        sys.stdout.write('{"ready": "echo"}\n')
        sys.stdout.flush()

    app.run(ECHO, settings, ready)
