"""`classified`: an article with its language, signals and facts."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from pipeline.records.article import Article
from pipeline.records.wire import Part, Record, Share, Span
from pipeline.signals import Direction, Family, SignalType, Status


class Signal(Part):
    """A type over its threshold, with the passage that carries it."""

    type: SignalType
    family: Family
    probability: Share
    status: Status
    direction: Direction
    evidence: tuple[Span, ...] = Field(min_length=1, description="best first; the first is the sentence that decided")
    by: str = Field("model", description="who says so: 'model', or 'rule:' and the rule's id")
    why: str = Field("", description="a rule's words for people; the model says which version it is elsewhere")


class FactKind(StrEnum):
    """What a fact measures or names."""

    AMOUNT = "amount"
    JOBS = "jobs"
    CAPACITY = "capacity"
    AREA = "area"
    DATE = "date"
    PARTNER = "partner"


class Fact(Span):
    """A figure, a date or a partner in the text."""

    kind: FactKind
    value: float | None = Field(None, description="in base units: euros, jobs, or one of `unit`; none where vague")
    currency: str | None = Field(None, description="ISO 4217, where the text says it")
    unit: str | None = Field(None, description="of a capacity or an area: MW, GWh/year, t/year, sqft, m2, ha")
    date_from: date | None = Field(None, description="first day; none where open or not known")
    date_to: date | None = Field(None, description="last day, included")
    vague: bool = Field(False, description="says an order of magnitude or a time without figures: `Milliarden-Deal`")
    signal: SignalType | None = Field(None, description="the signal whose passage it belongs to")


class Classified(Record):
    """An article with its language and signals; without signals it goes no further than this topic."""

    article: Article
    language: str = Field(description="ISO 639-1, or 'und'")
    signals: tuple[Signal, ...] = ()
    facts: tuple[Fact, ...] = ()
    model: str = Field(description="version of the model that judged")
    rules: str = Field("", description="version of the keyword rules that judged; empty without rules")
