"""A stage for tests, run as a process of its own: articles in, the same articles out, with faults on demand.

A title may ask for trouble: `!crash` raises what no step should raise, `!permanent` a named error, `!slow` takes 0.2 s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from pipeline import log
from pipeline.envelope import Out
from pipeline.errors import Unprocessable
from pipeline.records import Article
from pipeline.settings import load
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
    return [Done("echoed", (Out(CLASSIFIED, article.id.encode(), article.encode()),)) for article in articles]


ECHO = Stage("echo", ARTICLES, Article, (CLASSIFIED, DEAD_LETTERS), lambda settings: Built(step))

if __name__ == "__main__":
    settings = load()
    log.start(settings.log, "echo")

    def ready() -> None:
        sys.stdout.write('{"ready": "echo"}\n')
        sys.stdout.flush()

    app.run(ECHO, settings, ready)
