"""The table of stages: which topic in, which record, which topics out.

A stage is built late: `build` gets the settings and returns the step, and imports what only this stage needs, so that a
worker of one stage does not carry the libraries of the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from pipeline.records import Article, Classified, Match, Record
from pipeline.settings import Settings
from pipeline.stream.guard import Done, Step
from pipeline.topics import (
    ACCOUNTS,
    ALERTS,
    ARTICLES,
    CLASSIFIED,
    DEAD_LETTERS,
    HELD,
    LABELS,
    MATCHES,
    PROFILES,
    PROMOTIONS,
    ROUTES,
    RULES,
    WITHDRAWALS,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Built:
    """A stage, ready to work.

    Attributes:
        step: what it does with records.
        batched: whether the step may get many records at once.
        start: awaited before the group is joined, in a loop of its own, and before each batch; does its work once.
            What it raises ends the worker.
        prepare: awaited with the partitions of a batch before its step; rebuilds memory.
        forget: called with the partitions that were taken away.
        beside: runs beside the step until the worker ends; what it raises ends the worker.
        versions: returns what is in service, by what it is: model, rules, profiles, routes.
        aside: asked between two batches, after `prepare`, for what goes out although no record came.
        wake: gets a function that asks for that at once.
    """

    step: Step[Any]
    batched: bool = True
    start: Callable[[], Awaitable[None]] | None = None
    prepare: Callable[[Iterable[int]], Awaitable[None]] | None = None
    forget: Callable[[Iterable[int]], None] | None = None
    beside: Callable[[], Awaitable[None]] | None = None
    versions: Callable[[], Mapping[str, str]] = dict
    aside: Callable[[], Sequence[Done]] | None = None
    wake: Callable[[Callable[[], None]], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the path; its name is also its consumer group, after the prefix. `reads` is read beside `source`."""

    name: str
    source: Topic
    record: type[Record]
    sinks: tuple[Topic, ...]
    build: Callable[[Settings], Built]
    reads: tuple[Topic, ...] = ()


def _classify(settings: Settings) -> Built:
    from pipeline.classify import language

    with ThreadPoolExecutor(1) as beside:
        # Unpacking the language model takes half a second and leaves the interpreter to what else loads meanwhile.
        unpacking = beside.submit(language.load)
        from pipeline.stream import classify

        stage = classify.Classifying(settings)
        unpacking.result()
    # What else loads on first use loads now, not with somebody's first article.
    stage.warm()
    return Built(stage.step, start=stage.start, beside=stage.follow, versions=stage.versions)


def _route(settings: Settings) -> Built:
    from pipeline.stream import route

    stage = route.Routing(settings)
    return Built(stage.step, start=stage.start, beside=stage.follow, versions=stage.versions)


def _alert(settings: Settings) -> Built:
    from pipeline.stream import alert

    stage = alert.Alerting(settings)
    return Built(
        stage.step,
        batched=False,
        start=stage.start,
        prepare=stage.prepare,
        forget=stage.forget,
        beside=stage.follow,
        versions=stage.versions,
        aside=stage.aside,
        wake=stage.woken_by,
    )


STAGES: Final[tuple[Stage, ...]] = (
    Stage("classify", ARTICLES, Article, (CLASSIFIED, DEAD_LETTERS), _classify, (PROMOTIONS, RULES)),
    Stage("route", CLASSIFIED, Classified, (MATCHES, WITHDRAWALS, DEAD_LETTERS), _route, (ACCOUNTS,)),
    # It reads what it wrote: its memory.
    Stage(
        "alert",
        MATCHES,
        Match,
        (ALERTS, HELD, DEAD_LETTERS),
        _alert,
        (ALERTS, HELD, LABELS, WITHDRAWALS, PROFILES, ROUTES),
    ),
)
