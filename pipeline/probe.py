"""What a worker tells about itself over HTTP, for Prometheus and for whoever starts and restarts it.

    GET /metrics   the table of `metrics.py` with its numbers
    GET /livez     200 as long as the worker's loop turns; nothing is checked
    GET /readyz    200 when everything it needs is there, else 503; either way which of them is, in JSON

Off unless `STELLWERK_METRICS__PORT` is set. A port that is taken is a warning and not the end of the worker: figures
are for looking at work, not a part of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Final

import orjson
import structlog
from aiohttp import web

from pipeline import disk, metrics
from pipeline.settings import Settings

log = structlog.get_logger()

_FORM: Final = "text/plain; version=0.0.4"


class Probe:
    """What one worker needs, and what is wrong with it.

    Args:
        role: whose.
        needs: by name; each is missing until somebody says otherwise.
    """

    def __init__(self, role: str, *needs: str) -> None:
        self.role = role
        self.faults = dict.fromkeys(needs, "not yet")

    def say(self, need: str, fault: str = "") -> None:
        """Note how a need is: what is wrong, or nothing."""
        self.faults[need] = fault

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.faults.values())

    def figures(self) -> dict[metrics.Values, float]:
        """Return 1 or 0 for each need."""
        return {(self.role, need): float(not fault) for need, fault in self.faults.items()}


@asynccontextmanager
async def serving(settings: Settings, probe: Probe) -> AsyncIterator[int]:
    """Serve while this lasts; yields the port, 0 where nothing is served."""
    where = settings.metrics
    with ExitStack() as readers:
        readers.enter_context(metrics.READY.read(probe.figures))
        readers.enter_context(disk.measured(probe.role, lambda: disk.here(settings)))
        if not where.port:
            yield 0
            return
        runner = web.AppRunner(_site(probe), access_log=None, keepalive_timeout=15.0, shutdown_timeout=1.0)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, where.host, where.port).start()
            except OSError as error:
                log.warning("no metrics", host=where.host, port=where.port, error=error.strerror or str(error))
                yield 0
                return
            log.info("metrics", host=where.host, port=where.port)
            yield where.port
        finally:
            await runner.cleanup()


def _site(probe: Probe) -> web.Application:
    async def figures(request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": _FORM})

    async def live(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(request: web.Request) -> web.Response:
        said = {need: fault or "ok" for need, fault in probe.faults.items()}
        return web.json_response(said, status=200 if probe.ready else 503, dumps=lambda it: orjson.dumps(it).decode())

    made = web.Application()
    made.add_routes([web.get("/metrics", figures), web.get("/livez", live), web.get("/readyz", ready)])
    return made
