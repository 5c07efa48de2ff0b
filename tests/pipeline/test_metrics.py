"""The table of metrics: well named, closed, and never larger than it may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipeline import metrics
from pipeline.metrics import METRICS, MOST, Counter, Gauge, Histogram

ROOT = Path(__file__).parents[2]
#: Words that would let somebody's text become a label.
FORBIDDEN = {"account", "url", "title", "source", "host", "article", "alert"}


def scraped() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample that /metrics shows now, as Prometheus' own parser reads it."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_say_kind_and_unit(metric: Counter | Gauge | Histogram) -> None:
    """Names follow Prometheus: prefix, base unit at the end, `_total` for counters; no label for strangers' text."""
    assert re.fullmatch(r"stellwerk_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, Counter)
    if metric.unit in ("seconds", "bytes", "ratio"):
        assert metric.name.removesuffix("_total").endswith(metric.unit)
    assert not FORBIDDEN & set(metric.labels)
    assert len(metric.help) > 10


def test_every_metric_of_the_module_is_in_the_table() -> None:
    """No metric hides beside the table, and no name is there twice."""
    made = {one for one in vars(metrics).values() if isinstance(one, Counter | Gauge | Histogram)}
    assert made == set(METRICS)
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_metrics_page_is_the_table() -> None:
    """`docs/metrics.md` holds exactly the table."""
    assert metrics.table() in (ROOT / "docs" / "metrics.md").read_text()


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=30))
def test_series_are_bounded_whatever_comes(values: list[tuple[str, str]]) -> None:
    """Counted sums stay right, and no metric has more series than it may, whatever the labels are."""
    one = Counter("test_total", "nothing but a test", ("a", "b"), "things")
    for n in range(MOST - 3):
        one.add(1, str(n), "")
    for pair in values:
        one.add(1, *pair)
    samples = one.family().samples
    assert len(samples) <= MOST + 1
    assert sum(sample.value for sample in samples) == MOST - 3 + len(values)


def test_wrong_labels_are_a_fault_of_ours() -> None:
    """Counting with another number of labels than the table says is an error at once."""
    with pytest.raises(ValueError, match="labels"):
        metrics.RECORDS.add(1, "classify")


def test_kept_counts_are_read_when_asked_and_no_longer() -> None:
    """A count that somebody keeps is asked for each time, added to what was counted, and gone with its keeper."""
    kept = {("test-kept", "x"): 2.0}
    metrics.RECORDS.add(1, "test-kept", "x")
    place = ("stellwerk_records_total", (("outcome", "x"), ("stage", "test-kept")))
    with metrics.RECORDS.read(lambda: kept):
        assert scraped()[place] == 3
        kept["test-kept", "x"] = 5
        assert scraped()[place] == 6
    assert scraped()[place] == 1
