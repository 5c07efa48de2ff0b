"""The records on the topics, in the order of the path.

Every record is frozen, knows its schema version, and goes on the wire as JSON (`encode`, `decode`). Offsets count
characters of `Article.body`, which is title, line feed, text; a span `[start, end)` always cuts out its own `text`.
Times are aware and in UTC.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import Undecodable, UnknownVersion
from pipeline.signals import Direction, Family, SignalType, Status


def _in_utc(value: datetime) -> datetime:
    """Refuse a time without zone: guessing one moves alerts by hours."""
    if value.tzinfo is None:
        raise ValueError("time has no zone")
    return value.astimezone(UTC)


#: The source of articles that were read from a file which names none.
FILE = "file"

Time = Annotated[datetime, AfterValidator(_in_utc)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


def stable_id(*parts: str) -> str:
    """Return 20 hex characters that depend on nothing but the parts, in this order."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]


def short(article_id: str) -> str:
    """Return the ten characters that stand for an article where only its being known counts."""
    return stable_id(article_id)[:10]


class Part(BaseModel):
    """A piece of a record; without a schema version of its own. A newer writer may add fields, as in a record."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(BaseModel):
    """One message on a topic.

    `SCHEMA` rises when a change would break a reader; a reader refuses what it does not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    SCHEMA: ClassVar[int] = 1

    schema_version: int = 1

    def encode(self) -> bytes:
        """Return the record as it goes on the wire: JSON in UTF-8."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, value: bytes | None) -> Self:
        """Return the record in these bytes.

        Raises:
            Undecodable: empty, no JSON, another schema version, or a field that is missing or wrong.
        """
        if not value:
            raise Undecodable("empty value")
        try:
            raw: Any = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Undecodable(f"not JSON: {error}") from None
        if not isinstance(raw, dict):
            raise Undecodable(f"a JSON {type(raw).__name__}, not an object")
        version = raw.get("schema_version")
        if version != cls.SCHEMA:
            kind = UnknownVersion if isinstance(version, int) else Undecodable
            raise kind(f"schema version {version!r:.40}, this reader knows {cls.SCHEMA}")
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise Undecodable(f"{cls.__name__}.{where}: {first['msg']} ({error.error_count()} faults)") from None


class Span(Part):
    """A passage of `Article.body`, counted in characters, end exclusive."""

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class How(StrEnum):
    """How an article was got."""

    FEED = "feed"
    PAGE = "page"
    PUSH = "push"
    FILE = "file"


class Post(Part):
    """What an article has beside its words where it is a public post; its hashtags are the article's tags."""

    network: str = Field(description="mastodon, bluesky, reddit or youtube")
    handle: str = Field("", description="the author's address there")
    mentions: tuple[str, ...] = Field((), description="whom it addresses")
    links: tuple[str, ...] = Field((), description="where it leads; these pages are not fetched")
    likes: int = Field(0, ge=0, description="at the time of fetching, as all figures")
    reposts: int = Field(0, ge=0)
    replies: int = Field(0, ge=0)
    views: int = Field(0, ge=0)
    reposted_by: tuple[str, ...] = Field(
        (), description="who passed it on: the source itself, and for new posts others"
    )
    reply_to: str = Field("", description="the post that it answers")
    warning: str = Field("", description="the line that its author put before it")
    sensitive: bool = False


class Article(Record):
    """One article as we hold it."""

    id: str = Field(min_length=1, max_length=200, description="hash of the canonical URL, or the user's own id")
    source_id: str
    source: str = Field("", description="the publisher's name, for people")
    credibility: Share = 0.5
    url: str = Field(description="the working link, without trackers")
    title: str
    text: str = ""
    author: str = ""
    published: Time
    published_guessed: bool = Field(False, description="no usable date was given; this is the time of fetching")
    fetched: Time
    language_hint: str = Field("", description="what the source says; the text decides")
    tags: tuple[str, ...] = ()
    how: How = How.FEED
    revision: str = Field("", description="hash of title and text; changes when the publisher edits")
    accounts: tuple[str, ...] = Field((), description="accounts whose own newsroom this is")
    edited: bool = Field(False, description="the source brought this article before, with another text")
    post: Post | None = Field(None, description="what only a public post has")

    @property
    def body(self) -> str:
        """The text that all offsets count in."""
        return f"{self.title}\n{self.text}"


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


class ArticleRef(Part):
    """What later stages need of an article: enough to show it and to compare stories."""

    id: str
    url: str
    source: str
    title: str
    lead: str = Field("", description="the first characters of the text")
    revision: str = Field("", description="of the article when this was written")
    language: str = ""
    published: Time
    fetched: Time
    credibility: Share = 0.5

    @property
    def publisher(self) -> str:
        """Who prints it: the host of its link, else the source's name; nobody is the same as nobody else."""
        named = self.source if self.source != FILE else ""
        return (urlsplit(self.url).hostname or "").removeprefix("www.") or named or self.id


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
    state: Literal["sending", "sent", "dead", "unsure"] = Field(
        description="sending: begun; dead: refused for good; unsure: begun before a crash and not repeated"
    )
    batch: str = Field(description="id of the message that it was part of")
    at: Time


class Label(Record):
    """A person's verdict on an article's signals or on an alert."""

    article_id: str
    author: str
    at: Time
    alert_id: str = ""
    types: tuple[SignalType, ...] | None = Field(None, description="the right types; None where not judged")
    account_right: bool | None = None
    relevant: bool | None = None
    note: str = ""
    versions: Versions = Versions()


class AccountRecord(Record):
    """One account of the tree that is listened for; what each field means stands in `docs/accounts.md`."""

    id: str = Field(min_length=1)
    name: str
    parent_id: str = Field("", description="the account above; empty for a group")
    level: str = Field("group", description="group, unit or site")
    aliases: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    legal_name: str = ""
    domains: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    country: str = Field("", description="of the headquarters, ISO 3166-1 alpha-2")
    industry: str = ""
    owner: str = ""
    teams: tuple[str, ...] = ()
    regions: tuple[str, ...] = Field((), description="sales regions")
    ignore_people: tuple[str, ...] = Field((), description="whose names in a passage make no alert")
    never: tuple[str, ...] = Field((), description="signal types and words that never make an alert")
    judged: tuple[str, ...] = Field((), description="what labels said of its names: `NAME: RIGHT of ALL`")


class AccountsApplied(Record):
    """The end of an apply: what stands on the topic before it goes into service in one step."""

    version: str = Field(description="of all accounts together")
    accounts: int = Field(ge=0, description="how many there are")
    at: Time


class RuleFile(Record):
    """The keyword rules in service: the whole file, so that all of them change in one step."""

    name: str = Field(description="the file's name, for people")
    version: str = Field(description="hash of the text")
    at: Time
    text: str = Field(description="the file as it was checked")


class Promotion(Record):
    """Which model version is in service."""

    model: str
    version: str
    at: Time
    author: str
    reason: str = ""


class Version(Part):
    """Which version of a document we have: what its server says of it, verbatim, and what tells its bytes apart."""

    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""


class PollState(Record):
    """What an ingest worker must remember of one source between two polls, and how the source is."""

    source_id: str
    place: str = Field("", description="hash of what was asked; versions of another place mean nothing")
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    more: dict[str, Version] = Field(default_factory=dict, description="further documents of the source, by URL")
    polled: Time
    due: Time | None = Field(None, description="when the next poll is due")
    first: Time | None = Field(None, description="when the source was polled for the first time")
    good: Time | None = Field(None, description="when a poll last worked")
    gap: float | None = Field(None, description="seconds between two articles, the median of the newest")
    newest: Time | None = Field(None, description="when the newest article was published")
    seen: dict[str, str] = Field(
        default_factory=dict, description="article id → revision of the feed's entry, newest last"
    )
    polls: int = 0
    failures: int = 0
    outcome: str = Field("", description="news, nothing, or the kind of failure")
    health: str = Field("", description="how the source is, one word of `agents/health.py`")
    reason: str = Field("", description="why it is not well, for people")
    entries: int = Field(0, description="in the document when it was last parsed")
    days: dict[str, int] = Field(default_factory=dict, description="day → new articles of that day, the last 40 days")
    moved: str = Field("", description="where permanent redirects have led to in the last polls")
    moves: int = Field(0, description="polls in a row that were led there")
