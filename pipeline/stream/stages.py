"""The table of stages: which topic in, which record, which topics out.

A stage is built late: `build` gets the settings and returns the step, and imports what only this stage needs, so that a
worker of one stage does not carry the libraries of the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pipeline.records import Record
from pipeline.settings import Settings
from pipeline.stream.guard import Step
from pipeline.topics import ALERTS, ARTICLES, CLASSIFIED, DEAD_LETTERS, MATCHES, Topic


@dataclass(frozen=True, slots=True)
class Built:
    """A stage, ready to work.

    Attributes:
        step: what it does with records.
        batched: whether the step may get many records at once.
        prepare: awaited with the partitions of a batch before its step; rebuilds memory.
        forget: called with the partitions that were taken away.
    """

    step: Step[Any]
    batched: bool = True
    prepare: Callable[[Iterable[int]], Awaitable[None]] | None = None
    forget: Callable[[Iterable[int]], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the path; its name is also its consumer group, after the prefix."""

    name: str
    source: Topic
    record: type[Record]
    sinks: tuple[Topic, ...]
    build: Callable[[Settings], Built]


def _classify(settings: Settings) -> Built:
    from pipeline.stream import classify

    return Built(classify.build(settings))


def _route(settings: Settings) -> Built:
    from pipeline.stream import route

    return Built(route.build(settings))


def _alert(settings: Settings) -> Built:
    from pipeline.stream import alert

    stage = alert.Alerting(settings)
    return Built(stage.step, batched=False, prepare=stage.prepare, forget=stage.forget)


STAGES: Final[tuple[Stage, ...]] = (
    Stage("classify", ARTICLES, ARTICLES.record, (CLASSIFIED, DEAD_LETTERS), _classify),  # type: ignore[arg-type]
    Stage("route", CLASSIFIED, CLASSIFIED.record, (MATCHES, DEAD_LETTERS), _route),  # type: ignore[arg-type]
    Stage("alert", MATCHES, MATCHES.record, (ALERTS, DEAD_LETTERS), _alert),  # type: ignore[arg-type]
)


def more(stage: Stage, settings: Settings) -> tuple[Topic, ...]:
    """Return the topics that a stage writes to because the deployment's settings say so."""
    if stage.name != "alert" or settings.alert.routes is None:
        return ()
    from pipeline.stream.alert import route_topics

    return route_topics(settings)
