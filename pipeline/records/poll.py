"""`polls`: what is remembered of a source."""

from __future__ import annotations

from pydantic import Field

from pipeline.records.wire import Part, Record, Time


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
