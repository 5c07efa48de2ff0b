"""Traces through all stages, read by a real OTLP receiver on loopback."""

from __future__ import annotations

import gzip
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from deploy.children import Child
from pipeline import kafka, traces
from pipeline.envelope import header
from pipeline.records import Article
from pipeline.settings import Settings, TraceSettings
from pipeline.topics import ARTICLES, CLASSIFIED
from tests.stream.test_worker import article, echo_worker, ready, until

__all__ = ["ready"]
pytestmark = pytest.mark.broker


@dataclass
class Collector:
    """What a collector was sent: spans by trace, each with its service and attributes."""

    port: int = 0
    spans: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        sent = ExportTraceServiceRequest.FromString(body)
        for group in sent.resource_spans:
            service = {a.key: a.value.string_value for a in group.resource.attributes}["service.name"]
            for span in (span for scope in group.scope_spans for span in scope.spans):
                about = {a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes}
                about |= {"service": service, "id": span.span_id.hex(), "parent": span.parent_span_id.hex()}
                about["seconds"] = str((span.end_time_unix_nano - span.start_time_unix_nano) / 1e9)
                self.spans[span.trace_id.hex()].append(about)
        return web.Response(body=ExportTraceServiceResponse().SerializeToString())

    @property
    def settings(self) -> TraceSettings:
        return TraceSettings(endpoint=f"http://127.0.0.1:{self.port}/v1/traces")


@pytest_asyncio.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    site = web.Application()
    site.add_routes([web.post("/v1/traces", made.take)])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


#: Sends some articles as ingest does, in a process of its own: spans leave when it ends.
SENDING = """
import asyncio
from pipeline import kafka
from pipeline.settings import load
from agents.outbox import Outbox
from tests.stream.test_traces import sample
async def main():
    settings = load()
    async with kafka.sending(settings.kafka) as producer:
        await Outbox(producer, settings, "/stellwerk/ingest").publish_all([sample(n) for n in range(5)])
asyncio.run(main())
"""


def sample(number: int) -> Article:
    return Article.decode(article(f"t{number}", "!permanent" if number == 4 else ""))


async def test_one_trace_from_ingest_through_a_stage(ready: Settings, collector: Collector) -> None:
    """Each article is one trace: ingest's span, under it the stage's, with outcome and article; its output goes on."""
    wanted = {"STELLWERK_TRACE__ENDPOINT": collector.settings.endpoint}
    worker = echo_worker(ready, **wanted)
    await worker.start()
    await worker.announced()
    ingest = Child("ingest", [sys.executable, "-c", SENDING], environment={**worker._environment, **wanted})
    await ingest.start()
    assert await ingest.ended() == 0
    await until(ready, 5)
    await worker.stop()

    assert len(collector.spans) == 5
    outcomes = set()
    for spans in collector.spans.values():
        first, second = sorted(spans, key=lambda span: span["parent"])
        assert (first["service"], first["parent"], first["stellwerk.outcome"]) == ("stellwerk-ingest", "", "article")
        assert (second["service"], second["parent"]) == ("stellwerk-echo", first["id"])
        assert first["stellwerk.article"] == second["stellwerk.article"]
        assert second["messaging.destination.name"] == kafka.full_name(ready.kafka, ARTICLES)
        assert 0 <= float(second["seconds"]) < 30
        outcomes.add((second["stellwerk.article"] == "t4", second["stellwerk.outcome"]))
    assert outcomes == {(False, "echoed"), (True, "dead")}
    ids = {span["id"]: trace for trace, spans in collector.spans.items() for span in spans}
    async for record in kafka.whole(ready.kafka, CLASSIFIED):
        _, trace, parent, flags = header(record.headers, "traceparent").decode().split("-")
        assert (ids[parent], int(flags, 16) & 1) == (trace, 1)


def test_without_an_endpoint_nothing_is_made() -> None:
    """No endpoint: no span, nothing of OpenTelemetry is imported, and a trace that came goes on as it is."""
    assert traces.start(TraceSettings(), "route", "0") is traces.NONE
    assert traces.NONE.open("route", b"00-ab-cd-01").trace == b"00-ab-cd-01"
    assert len(traces.NONE.open("route", b"").trace) == 55
