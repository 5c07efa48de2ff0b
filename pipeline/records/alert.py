"""`alerts` and what concerns them: `held`, `withdrawals`, `notifications`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from pipeline.records.article import ArticleRef
from pipeline.records.match import AccountRef, Place, Role
from pipeline.records.signal import Fact
from pipeline.records.wire import Part, Record, Share, Span, Time
from pipeline.signals import Direction, Family, SignalType, Status


class AlertState(StrEnum):
    """The life of an alert."""

    NEW = "new"
    UPDATED = "updated"
    MERGED = "merged"
    RETRACTED = "retracted"


class AlertEvidence(Span):
    """A passage that speaks for the alert, and where it stands."""

    article_id: str
    url: str
    source: str = Field(description="the publisher's name")
    title: str = Field(description="of the article")
    role: Role = Field(description="what the account has to do with it there")


class AlertSignal(Part):
    """What happened, in the alert's own words."""

    type: SignalType
    family: Family
    status: Status
    direction: Direction
    probability: Share = Field(description="that the signal is there")
    by: str = Field("model", description="who says so, as in Signal; several with a comma between them")


class Score(Part):
    """How much a profile wants this alert, and from which parts."""

    value: float = Field(ge=0, le=100, description="0 unwanted, 100 could not be better")
    parts: dict[str, float] = Field(default_factory=dict, description="factor → its share, 1 takes nothing away")


class Versions(Part):
    """What made this revision."""

    model: str = Field("", description="of the classifier")
    accounts: str = Field("", description="of the account list")
    profiles: str = Field("", description="of the supplier profiles")
    rules: str = Field("", description="of the keyword rules; empty without rules")


class Alert(Record):
    """The whole state of one alert; a later revision replaces an earlier one."""

    id: str = Field(description="of account, signal type and story; never changes")
    revision: int = Field(ge=1, description="counts up from 1; the highest is what holds")
    state: AlertState
    account: AccountRef
    signal: AlertSignal
    scores: dict[str, Score] = Field(default_factory=dict, description="supplier profile → how much it wants the alert")
    evidence: tuple[AlertEvidence, ...] = Field(description="the sentences that say so; the newest article's last")
    places: tuple[Place, ...] = Field((), description="where it happens")
    facts: tuple[Fact, ...] = Field((), description="amounts, jobs, capacities, dates, partners")
    people: tuple[dict[str, Any], ...] = ()
    articles: tuple[ArticleRef, ...]
    more: tuple[str, ...] = Field(
        (), description="further articles that count as told, ten characters each; at most 1,000"
    )
    story_id: str
    related: tuple[str, ...] = Field((), description="alerts of the same story or programme, other types or units")
    merged_into: str = Field("", description="the alert that goes on, where the state is merged")
    retracted_for: str = Field("", description="where the state is retracted: account, signal (labels) or source")
    published: Time = Field(description="when the first of its articles was published")
    first_seen: Time = Field(description="when the alert was made")
    updated: Time = Field(description="when this revision was made")
    why: tuple[str, ...] = Field(description="for people: why this account, in words")
    versions: Versions


class Withdrawal(Record):
    """A publisher took an article back, or edited out of it what it said."""

    article_id: str
    fetched: Time = Field(description="when that was seen; what was fetched later counts again")
    accounts: tuple[str, ...] = Field((), description="groups of which the article still tells something")
    reason: str = Field("", description="for people: edited, or what the server said")


class Notification(Record):
    """What a receiver was told of an alert last."""

    alert_id: str
    receiver: str
    revision: int
    state: Literal["sending", "tried", "sent", "dead", "unsure"] = Field(
        description="sending: begun; tried: not taken, will be sent again; dead: refused for good; "
        "unsure: begun before a crash and not repeated"
    )
    batch: str = Field(description="id of the message that it was part of")
    at: Time
