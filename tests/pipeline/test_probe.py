"""What a worker tells over HTTP; asked over a real socket on loopback."""

from __future__ import annotations

import aiohttp
import structlog

from deploy.broker import free_port
from pipeline.probe import Probe, serving
from pipeline.settings import MetricsSettings, Settings


async def ask(port: int, path: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_ready_when_nothing_is_missing() -> None:
    """/readyz is 503 until every need is met and again when one is lost, and names it; /livez is 200 all the time."""
    probe = Probe("route", "broker", "loaded")
    async with serving(Settings(metrics=MetricsSettings(port=free_port())), probe) as port:
        probe.say("broker")
        assert await ask(port, "/readyz") == (
            503,
            "application/json; charset=utf-8",
            '{"broker":"ok","loaded":"not yet"}',
        )
        probe.say("loaded")
        assert (await ask(port, "/readyz"))[0] == 200
        probe.say("broker", "does not answer")
        assert (await ask(port, "/readyz"))[::2] == (503, '{"broker":"does not answer","loaded":"ok"}')
        assert (await ask(port, "/livez"))[0] == 200
        _, kind, text = await ask(port, "/metrics")
    assert kind.startswith("text/plain; version=0.0.4")
    assert 'stellwerk_ready{need="broker",role="route"} 0.0' in text
    assert 'stellwerk_ready{need="loaded",role="route"} 1.0' in text
    assert 'stellwerk_disk_free_bytes{disk="folder",role="route"}' in text


async def test_off_unless_a_port_is_set() -> None:
    """Without a port nothing listens."""
    async with serving(Settings(), Probe("route")) as port:
        assert port == 0


async def test_a_port_that_is_taken_does_not_end_the_worker() -> None:
    """A second worker on the same port goes on without figures, and says so."""
    taken = Settings(metrics=MetricsSettings(port=free_port()))
    async with serving(taken, Probe("a")):
        with structlog.testing.capture_logs() as lines:
            async with serving(taken, Probe("b")) as port:
                assert port == 0
    assert lines[0]["event"] == "no metrics"
