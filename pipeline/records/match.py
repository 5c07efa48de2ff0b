"""`matches`: one article × one account, with what of it belongs to the account."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pipeline.records.article import ArticleRef
from pipeline.records.signal import Fact, Signal
from pipeline.records.wire import Part, Record, Share, Span


class Role(StrEnum):
    """What an account has to do with a signal."""

    ACTOR = "actor"
    TARGET = "target"
    PARTNER = "partner"
    MENTIONED = "mentioned"


class Mention(Span):
    """An account's name in the text."""

    account_id: str = Field(description="the lowest level that is named: group, unit or site")
    role: Role = Role.MENTIONED
    probability: Share = 1.0
    why: str = ""


class Place(Span):
    """A place in the text."""

    country: str = Field("", description="ISO 3166-1 alpha-2; empty for groups of countries")
    region: str = Field("", description="the deployment's sales region")
    name: str = Field("", description="the place's usual English name")
    kind: str = Field("", description="city, admin, country or group")
    dateline: bool = False


class AccountRef(Part):
    """Who is meant: the group, and the way down to what was named."""

    id: str = Field(description="the group's id")
    name: str
    path: tuple[str, ...] = Field(description="names from the group down to the level that was named")
    level: str = "group"
    unit_id: str = ""
    site_id: str = ""
    owner: str = ""
    teams: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class MatchedSignal(Part):
    """A signal that belongs to the match's account, with the places of its own passage."""

    signal: Signal
    role: Role
    places: tuple[Place, ...] = ()
    facts: tuple[Fact, ...] = ()
    why: str


class Match(Record):
    """One article × one account."""

    account: AccountRef
    article: ArticleRef
    mentions: tuple[Mention, ...]
    signals: tuple[MatchedSignal, ...]
    why: tuple[str, ...]
    model: str
    rules: str = ""
    accounts_version: str
