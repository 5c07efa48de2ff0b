"""The documents of one poll: fetched conditionally, read in the sandbox, joined into one feed.

    first document ─ changed? ─ parse ─▶ names more documents ─ each: changed? ─ parse ─▶ one feed, or nothing new

What has not changed (304, or the same bytes again) is not parsed. Servers lie in `ETag` and `Last-Modified`, so each so
many polls nothing is asked conditionally; the bytes are compared all the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import structlog

from agents.entries import MORE, Feed
from agents.errors import Fault, Garbled
from agents.fetch import ANY, PAGE, Answer, Door
from agents.kinds import KINDS, Kind
from agents.links import shown
from agents.robots import Robots
from agents.sandbox import Sandbox
from agents.schedule import max_age
from agents.sources import Source
from pipeline.records import PollState, Version
from pipeline.settings import FetchSettings

log = structlog.get_logger()

#: Each so many polls nothing is asked conditionally.
FULL_EVERY: Final = 10
_NONE: Final = Version()


@dataclass(frozen=True, slots=True)
class Read:
    """What a poll found.

    Attributes:
        feed: None where nothing has changed.
        version: of the first document.
        more: versions of the further ones, by URL.
        max_age: seconds that the first may be kept, as its server says.
        moved: where permanent redirects led to; empty where there were none.
    """

    feed: Feed | None
    version: Version
    more: dict[str, Version] = field(default_factory=dict)
    max_age: float | None = None
    moved: str = ""


class Documents:
    """Reads sources."""

    def __init__(self, settings: FetchSettings, door: Door, sandbox: Sandbox, robots: Robots) -> None:
        self._most = settings.entries_most
        self._door, self._sandbox, self._robots = door, sandbox, robots

    async def read(self, source: Source, before: PollState) -> Read:
        """Return what the source's documents say now.

        Args:
            source: of a kind that is polled.
            before: which versions we have.

        Raises:
            Fault: the first document cannot be had or read, or none of those that it leads to.
        """
        kind = KINDS[source.kind]
        if before.place not in ("", kind.place(source)):
            before = before.model_copy(update={"etag": "", "last_modified": "", "body_hash": "", "more": {}})
        have = Version(etag=before.etag, last_modified=before.last_modified, body_hash=before.body_hash)
        whole = not have.body_hash or (before.polls + 1) % FULL_EVERY == 0
        # Documents that need each other are read together or not at all.
        together = bool(before.more) and not kind.apart
        answer = await self._get(kind, kind.url(source), _NONE if whole or together else have)
        version = _version(answer, have)
        parts: list[Feed] = []
        if version.body_hash == have.body_hash and not together:
            queue = deque(before.more)
        else:
            parts.append(await self.parse(source, answer))
            queue = deque(parts[0].more)
        more = await self._further(source, kind, before, queue, parts, whole=whole)
        return Read(
            feed=kind.join(parts) if parts else None,
            version=version,
            more=more,
            max_age=max_age(answer.headers),
            moved=answer.url if answer.moved else "",
        )

    async def parse(self, source: Source, answer: Answer) -> Feed:
        """Return the feed in an answer, read as the source's kind.

        Raises:
            Fault: it is none, or reading it used up its time or memory.
        """
        kind = KINDS[source.kind]
        hints = kind.hints(content_type=answer.headers.get("content-type", ""), most=self._most)
        return await self._sandbox.run(kind.parse, answer.body, answer.url, source, **hints)

    async def _further(
        self, source: Source, kind: Kind, before: PollState, queue: deque[str], parts: list[Feed], *, whole: bool
    ) -> dict[str, Version]:
        """Read the documents that others lead to, their feeds into `parts`; return their versions."""
        versions: dict[str, Version] = {}
        faults: list[Fault] = []
        while queue and len(versions) < MORE:
            url = queue.popleft()
            if url in versions:
                continue
            have = before.more.get(url, _NONE) if kind.apart else _NONE
            versions[url] = have
            try:
                answer = await self._get(kind, url, _NONE if whole else have)
                version = _version(answer, have)
                if version.body_hash != have.body_hash:
                    feed = await self.parse(source, answer)
                    parts.append(feed)
                    queue += feed.more
                versions[url] = version
            except Fault as fault:
                log.debug("document failed", source=source.id, url=shown(url), kind=fault.kind)
                faults.append(fault)
        if faults and len(faults) == len(versions) and not any(part.entries for part in parts):
            raise faults[0]
        return versions

    async def _get(self, kind: Kind, url: str, have: Version) -> Answer:
        """Ask for a document, conditionally where there is a version to compare with."""
        may, accept = (self._robots.check, PAGE) if kind.page else (None, ANY)
        answer = await self._door.get(url, have.etag, have.last_modified, accept, may)
        if answer.not_modified and not have.body_hash:
            raise Garbled("304 to a question without conditions")
        return answer


def _version(answer: Answer, have: Version) -> Version:
    """Return which version we have after an answer."""
    if answer.not_modified:
        return Version(
            etag=answer.etag or have.etag,
            last_modified=answer.last_modified or have.last_modified,
            body_hash=have.body_hash,
        )
    digest = sha256(answer.body).hexdigest()[:32]
    return Version(etag=answer.etag, last_modified=answer.last_modified, body_hash=digest)
