"""An ingest worker that kills itself with SIGKILL at a named point of its first poll that brings something.

Nothing in the worker knows of this: the points are put round its own steps from outside.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from agents.fetch import Door
from agents.ingest import ingest
from agents.outbox import Outbox
from agents.sandbox import Sandbox
from pipeline import log
from pipeline.settings import load

POINTS = ("fetched", "parsed", "published-one", "published-all", "before-state", "after-state")
_Step = Callable[..., Awaitable[Any]]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(step: _Step) -> _Step:
    async def dying(*args: Any, **kwargs: Any) -> Any:
        result = await step(*args, **kwargs)
        if kwargs.get("accept", "").startswith("text/plain"):
            return result
        _die()
        return result

    return dying


def _before(step: _Step) -> _Step:
    async def dying(*args: Any, **kwargs: Any) -> Any:
        _die()
        return await step(*args, **kwargs)

    return dying


def _after_count(step: _Step, number: int) -> _Step:
    done = 0

    async def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal done
        result = await step(*args, **kwargs)
        done += 1
        if done == number:
            _die()
        return result

    return dying


def arm(point: str, articles: int) -> None:
    """Put the point round the step that it belongs to; `articles` is how many the poll will publish."""
    places: dict[str, tuple[type, str, Callable[[_Step], _Step]]] = {
        "fetched": (Door, "get", _after),
        "parsed": (Sandbox, "run", _after),
        "published-one": (Outbox, "publish", lambda step: _after_count(step, 1)),
        "published-all": (Outbox, "publish", lambda step: _after_count(step, articles)),
        "before-state": (Outbox, "save", _before),
        "after-state": (Outbox, "save", _after),
    }
    owner, name, wrap = places[point]
    setattr(owner, name, wrap(getattr(owner, name)))


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    settings = load()
    log.start(settings.log, "ingest")
    asyncio.run(ingest(None, settings))
