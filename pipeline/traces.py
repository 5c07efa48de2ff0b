"""Spans for OpenTelemetry: which stage had an article when, and what became of it there.

    ingest ──traceparent──▶ classify ──traceparent──▶ route ──▶ alert         through Kafka headers
       └─────────spans, by OTLP over HTTP─────────┴──────────────┴────────▶ any collector

Where `STELLWERK_TRACE__ENDPOINT` is empty, no span is made and nothing of OpenTelemetry is imported; `traceparent` goes
from record to record all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from pipeline.envelope import new_trace
from pipeline.errors import NotReady
from pipeline.settings import TraceSettings

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer


class Span(Protocol):
    """One article in the hands of one role."""

    @property
    def trace(self) -> bytes:
        """The `traceparent` of what comes of it."""

    def end(self, outcome: str, article: str = "") -> None:
        """It is done: how, and with which article."""


class Spans(Protocol):
    """Opens spans."""

    def open(self, name: str, parent: bytes, **about: str | int) -> Span:
        """Begin one.

        Args:
            name: the role.
            parent: the `traceparent` of the record; empty begins a trace.
            about: attributes; `__` stands for a dot.
        """


class _Untold:
    """A span that nobody is told of."""

    __slots__ = ("trace",)

    def __init__(self, trace: bytes) -> None:
        self.trace = trace

    def end(self, outcome: str, article: str = "") -> None:
        pass


class _None:
    def open(self, name: str, parent: bytes, **about: str | int) -> Span:
        return _Untold(parent or new_trace())


NONE: Final[Spans] = _None()


class _Told:
    __slots__ = ("_span",)

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def trace(self) -> bytes:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}".encode()

    def end(self, outcome: str, article: str = "") -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("stellwerk.outcome", outcome)
        if article:
            self._span.set_attribute("stellwerk.article", article)
        if outcome == "dead":
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class _Otel:
    def __init__(self, tracer: Tracer) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer, self._form = tracer, TraceContextTextMapPropagator()

    def open(self, name: str, parent: bytes, **about: str | int) -> Span:
        from opentelemetry.trace import SpanKind

        context = self._form.extract({"traceparent": parent.decode("ascii", "replace")}) if parent else None
        kind = SpanKind.CONSUMER if parent else SpanKind.PRODUCER
        named = {key.replace("__", "."): value for key, value in about.items()}
        return _Told(self._tracer.start_span(name, context, kind=kind, attributes=named))


def start(settings: TraceSettings, role: str, worker: str) -> Spans:
    """Return what opens spans, and sends them from a thread of its own; the last ones when the process ends.

    Args:
        settings: where to; nowhere opens spans that nobody is told of.
        role: whose they are.
        worker: which worker of that role.

    Raises:
        NotReady: spans are wanted, and the extra is not installed.
    """
    if not settings.endpoint:
        return NONE
    try:
        return _Otel(_tracer(settings, role, worker))
    except ImportError as error:
        raise NotReady(f"spans need the extra `otel` ({error.name}): pip install 'stellwerk[otel]'") from None


def _tracer(settings: TraceSettings, role: str, worker: str) -> Tracer:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    about: dict[str, Any] = {"service.name": f"stellwerk-{role}", "service.instance.id": worker}
    # By the trace's id and not by what its parent chose: every role takes the same share of the articles.
    provider = TracerProvider(sampler=TraceIdRatioBased(settings.share), resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint)))
    return provider.get_tracer("stellwerk")
