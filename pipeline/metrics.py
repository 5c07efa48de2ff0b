"""The table of metrics: name, kind, help, labels, unit. What is counted anywhere stands here, and nowhere else.

    edges ──add, set, see──▶ the table ◀──read (when asked)── counts that somebody keeps anyway
                                └──▶ text() ──▶ /metrics (`probe.py`)

Names are Prometheus': base units, `_total` for what only grows. Labels have values of our own making (stages, outcomes,
types), never an account, a URL or a title; and whatever goes wrong, a metric has at most `MOST` series: what would be
one more is counted as `other`. Only edges count: steps and models know nothing of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, time
from typing import ClassVar, Final

import prometheus_client as prometheus
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

#: Series of one metric; 24 types in 4 states are 96.
MOST: Final = 256
OTHER: Final = "other"
_SHORT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
#: From a second to a month: publishers are late by hours, and a stage that was away by days.
_LONG: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604800.0, 2592000.0)
_SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
_SHARES: Final = tuple(n / 10 for n in range(1, 11))

Values = tuple[str, ...]
#: What somebody keeps anyway, asked when the metrics are: label values -> number.
Reader = Callable[[], Mapping[Values, float]]

# When a series was first seen: a fourth of all lines, and Prometheus has no use for it.
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = prometheus.CollectorRegistry()
prometheus.ProcessCollector(registry=REGISTRY)
prometheus.GCCollector(registry=REGISTRY)


@dataclass(slots=True, eq=False)
class _Metric:
    """A row of the table.

    Attributes:
        name: as Prometheus has it.
        help: what it says, for people.
        labels: their names, in the order in which values are given.
        unit: what the number counts.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    kind: ClassVar[str] = ""
    _seen: set[Values] = field(default_factory=set, init=False, repr=False)

    def _bounded(self, values: Values) -> Values:
        """Return the values, or `other` where they would make one series too many."""
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {values}")
        if values not in self._seen:
            if len(self._seen) >= MOST:
                return (OTHER,) * len(values)
            self._seen.add(values)
        return values


@dataclass(slots=True, eq=False)
class _Readable(_Metric):
    readers: list[Reader] = field(default_factory=list, init=False, repr=False)

    @contextmanager
    def read(self, reader: Reader) -> Iterator[None]:
        """Ask `reader` whenever the metrics are asked for, as long as this lasts."""
        self.readers.append(reader)
        try:
            yield
        finally:
            self.readers.remove(reader)

    def _read(self) -> dict[Values, float]:
        found: dict[Values, float] = {}
        for reader in self.readers:
            for values, number in reader().items():
                bounded = self._bounded(values)
                found[bounded] = found.get(bounded, 0.0) + number
        return found


@dataclass(slots=True, eq=False)
class Counter(_Readable):
    """Only grows while the process lives."""

    kind: ClassVar[str] = "counter"
    _values: dict[Values, float] = field(default_factory=dict, init=False, repr=False)

    def add(self, number: float, *values: str) -> None:
        """Count."""
        bounded = self._bounded(values)
        self._values[bounded] = self._values.get(bounded, 0.0) + number

    def family(self) -> CounterMetricFamily:
        """Return it as Prometheus' library has it."""
        made = CounterMetricFamily(self.name.removesuffix("_total"), self.help, labels=self.labels)
        found = self._read()
        for values in {**self._values, **found}:
            made.add_metric(values, self._values.get(values, 0.0) + found.get(values, 0.0))
        return made


@dataclass(slots=True, eq=False)
class Gauge(_Readable):
    """Goes up and down, and is only ever read from where it is known."""

    kind: ClassVar[str] = "gauge"

    def family(self) -> GaugeMetricFamily:
        """Return it as Prometheus' library has it."""
        made = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, number in self._read().items():
            made.add_metric(values, number)
        return made


@dataclass(slots=True, eq=False)
class Histogram(_Metric):
    """Numbers by size."""

    buckets: tuple[float, ...] = _SHORT
    kind: ClassVar[str] = "histogram"
    _made: prometheus.Histogram = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Let Prometheus' library keep the numbers."""
        self._made = prometheus.Histogram(self.name, self.help, self.labels, registry=REGISTRY, buckets=self.buckets)

    def see(self, number: float, *values: str) -> None:
        """Take a number in; one below nought is a clock that is wrong, and counts as nought."""
        bounded = self._bounded(values)
        (self._made.labels(*bounded) if bounded else self._made).observe(max(0.0, number))

    @contextmanager
    def time(self, *values: str) -> Iterator[None]:
        """Take in how many seconds something lasts, however it ends."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.see(perf_counter() - begun, *values)


#: The path
RECORDS: Final = Counter("stellwerk_records_total", "records a stage is done with", ("stage", "outcome"), "records")
DEAD: Final = Counter(
    "stellwerk_dead_letters_total", "records buried, by what was wrong", ("stage", "error"), "records"
)
RESENT: Final = Counter(
    "stellwerk_resent_total", "records sent again, as the broker took them not", ("stage",), "records"
)
LATENCY: Final = Histogram(
    "stellwerk_latency_seconds",
    "age of an article when a role is done with it: since it was published, fetched, or arrived on the role's topic",
    ("stage", "since"),
    "seconds",
    _LONG,
)
BATCH: Final = Histogram("stellwerk_batch_records", "records a stage took at once", ("stage",), "records", _SIZES)
BATCH_TIME: Final = Histogram("stellwerk_batch_seconds", "one batch, until the broker has it", ("stage",), "seconds")
LAG: Final = Gauge(
    "stellwerk_lag_records", "records that wait in a worker's partitions", ("stage", "partition"), "records"
)
PROGRESS: Final = Gauge(
    "stellwerk_progress_timestamp_seconds", "when a role last finished a piece of work", ("stage",), "seconds"
)
READY: Final = Gauge("stellwerk_ready", "1 where what a worker needs is there, else 0", ("role", "need"))
DISK_FREE: Final = Gauge(
    "stellwerk_disk_free_bytes",
    "room on a disk: `folder` and `registry` as the worker sees them, `broker` as Kafka says",
    ("role", "disk"),
    "bytes",
)
DISK_SIZE: Final = Gauge("stellwerk_disk_size_bytes", "the size of that disk", ("role", "disk"), "bytes")
VERSION: Final = Gauge("stellwerk_version_info", "1 for each version in service", ("role", "what", "version"))
UNUSABLE: Final = Counter(
    "stellwerk_unusable_files_total",
    "applied files that this worker cannot use; what was in force stays",
    ("topic",),
    "files",
)

#: Alerts
ALERTS: Final = Counter("stellwerk_alerts_total", "alert revisions decided", ("type", "state"), "alerts")
ALERT_LATENCY: Final = Histogram(
    "stellwerk_alert_latency_seconds",
    "age of an article when it opens an alert: since it was published or fetched",
    ("since",),
    "seconds",
    _LONG,
)

#: The model
JUDGED: Final = Counter(
    "stellwerk_judged_total", "articles by language and most probable type", ("language", "type"), "articles"
)
PROBABILITY: Final = Histogram(
    "stellwerk_probability_ratio", "probability of an article's best signal", ("language",), "ratio", _SHARES
)

#: Ingest
SOURCES: Final = Gauge("stellwerk_sources", "sources of this worker by health", ("health",), "sources")
POLLS: Final = Counter("stellwerk_polls_total", "polls by the source's health after them", ("health",), "polls")
POLL_FAILURES: Final = Counter("stellwerk_poll_failures_total", "polls without a document", ("kind",), "polls")
ENTRIES: Final = Counter(
    "stellwerk_entries_total", "entries offered: published as article, or dropped and why", ("outcome",), "entries"
)
PAGES: Final = Counter("stellwerk_pages_total", "pages behind entries", ("outcome",), "pages")
LOOKS: Final = Counter(
    "stellwerk_looks_total", "articles of alerts looked at again, by what was seen", ("seen",), "pages"
)
OVERDUE: Final = Gauge("stellwerk_overdue_seconds", "how late the latest source is", (), "seconds")
FETCH: Final = Histogram(
    "stellwerk_fetch_seconds", "one answer of the web, with waiting for turns", ("outcome",), "seconds"
)
FETCHED: Final = Counter("stellwerk_fetched_bytes_total", "bodies of answers, decoded", (), "bytes")
SANDBOX: Final = Histogram("stellwerk_sandbox_seconds", "one call of a parser, with waiting", ("outcome",), "seconds")

#: Push
PUSHED: Final = Counter(
    "stellwerk_push_requests_total", "requests to the push worker, by whom they are from", ("of", "code"), "requests"
)
HUBS: Final = Counter(
    "stellwerk_hubs_total", "what hubs were asked, have confirmed, and have sent, by outcome", ("outcome",), "calls"
)
SUBSCRIPTIONS: Final = Gauge("stellwerk_subscriptions", "sources at their hubs by state", ("state",), "sources")

METRICS: Final[tuple[Counter | Gauge | Histogram, ...]] = (
    RECORDS,
    DEAD,
    RESENT,
    LATENCY,
    BATCH,
    BATCH_TIME,
    LAG,
    PROGRESS,
    READY,
    DISK_FREE,
    DISK_SIZE,
    VERSION,
    UNUSABLE,
    ALERTS,
    ALERT_LATENCY,
    JUDGED,
    PROBABILITY,
    SOURCES,
    POLLS,
    POLL_FAILURES,
    ENTRIES,
    PAGES,
    LOOKS,
    OVERDUE,
    FETCH,
    FETCHED,
    SANDBOX,
    PUSHED,
    HUBS,
    SUBSCRIPTIONS,
)


class _Table(Collector):
    """What is not a histogram; those register themselves."""

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        for metric in METRICS:
            if not isinstance(metric, Histogram):
                yield metric.family()


REGISTRY.register(_Table())


def aged(stage: str, **since: float) -> None:
    """Take in how old an article is when a role is done with it.

    Args:
        stage: the role.
        since: `published`, `fetched`, `arrived`: when that was, seconds since the epoch.
    """
    now = time()
    for what, at in since.items():
        LATENCY.see(now - at, stage, what)


def text() -> bytes:
    """Return all metrics in Prometheus' text form."""
    return prometheus.generate_latest(REGISTRY)


def table() -> str:
    """Return the list as a Markdown table. `docs/metrics.md` holds it."""
    rows = ["| metric | kind | labels | unit | meaning |", "|---|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.unit} | {metric.help} |")
    return "\n".join(rows) + "\n"
