"""Being told instead of asking: subscriptions at hubs, and what hubs send.

    look      a source's document names a hub → ask it; it does not → look again in a day
    confirm   the hub asks whether it was us → yes, and the lease begins
    take      the hub sends the document → signature → the same way as a polled one
    renew     before a lease ends; after a refusal in a day; after a failure with growing pauses

Nothing is lost where a hub fails: polling goes on, and a copy that came both ways is one article. Each subscription has
an address and a secret of its own, both made of one secret of ours, so that no list of them has to survive a restart:
after one, hubs are asked again, which renews. One process serves all subscriptions.
"""

from __future__ import annotations

import asyncio
import heapq
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

import structlog
from aiohttp import web

from agents.errors import Fault
from agents.fetch import Answer
from agents.http import body_of
from agents.hub import Place, asked, derived, discover, signed
from agents.links import shown
from agents.poller import said
from agents.sources import Source
from agents.youtube import HUB
from pipeline.errors import Transient
from pipeline.settings import WebsubSettings

log = structlog.get_logger()

#: Kinds whose documents name hubs.
KINDS: Final = frozenset(("feed", "youtube"))
_DAY: Final = timedelta(days=1)
#: A hub that has not asked back in this time will not any more; the first pause after a failure, too.
_CONFIRM: Final = timedelta(minutes=10)
#: Share of a lease after which it is renewed: early enough for some failures.
_RENEW: Final = 0.8
_LEASE_LEAST, _LEASE_MOST = 60, 30 * 86_400
#: Hubs and documents asked at the same time.
_TOGETHER: Final = 8
_LONGEST: Final = 4096

Look = Callable[[Source], Awaitable[Answer]]
Ask = Callable[[str, Mapping[str, str]], Awaitable[None]]
Deliver = Callable[[Source, Answer], Awaitable[None]]


class State(StrEnum):
    """Where a subscription stands."""

    NONE = "none"
    ASKED = "asked"
    LIVE = "live"
    DENIED = "denied"


@dataclass(slots=True)
class Subscription:
    """One source at its hub.

    Attributes:
        key: the last part of its own address; nobody else knows it.
        place: hub and topic; None where the document names none.
        until: when the lease ends.
        failures: in a row.
        waiting: the hub was asked, and has not asked back yet.
    """

    source: Source
    key: str
    place: Place | None = None
    state: State = State.NONE
    until: datetime | None = None
    failures: int = 0
    waiting: bool = False


class Subscriber:
    """Subscribes and takes what comes.

    Args:
        settings: our public address and secret.
        look: fetches a source's document.
        ask: sends a form to a hub; returns when the hub has accepted it.
        deliver: takes a document; returns when its articles are kept.
        body_most: bytes of a document.
        clock: now.

    Attributes:
        counts: of what was asked and what came, by outcome.
    """

    def __init__(
        self,
        settings: WebsubSettings,
        look: Look,
        ask: Ask,
        deliver: Deliver,
        body_most: int = 10_000_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._look, self._ask, self._deliver = settings, look, ask, deliver
        self._most, self._clock = body_most, clock
        self._secret = settings.secret.get_secret_value().encode()
        self._base = settings.callback.rstrip("/")
        self._all: dict[str, Subscription] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._due: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Subscription]:
        """Yield the subscriptions."""
        return iter(self._all.values())

    def figures(self) -> dict[tuple[str, ...], float]:
        """Return the counts as a metric."""
        return {(outcome,): float(number) for outcome, number in self.counts.items()}

    def states(self) -> dict[tuple[str, ...], float]:
        """Return how many subscriptions are in each state."""
        return {(state.value,): float(sum(one.state is state for one in self._all.values())) for state in State}

    def add(self, source: Source) -> str:
        """Take a source in, or what has changed of it, to be looked at soon; return its callback address."""
        key = self._key(source.id)
        known = self._all.get(key)
        if source.kind in KINDS and (known is None or known.source != source):
            self._all[key] = Subscription(source, key)
            self._plan(key, self._clock())
        return self.callback(key)

    def drop(self, id: str) -> None:
        """Forget a source; its hub is told so when it sends the next time."""
        self._all.pop(self._key(id), None)
        self._due.pop(self._key(id), None)

    def _key(self, id: str) -> str:
        """Return the last part of a source's own address."""
        return derived(self._secret, "address", id)

    def callback(self, key: str) -> str:
        """Return the address that a hub is told."""
        return f"{self._base}/websub/{key}"

    def routes(self) -> list[web.RouteDef]:
        """Return the routes for hubs."""
        return [web.get("/websub/{key}", self._get), web.post("/websub/{key}", self._post)]

    async def run(self, stop: asyncio.Event) -> None:
        """Subscribe and renew until stopped; deliveries under way are then waited for."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                await self.turn()
                self._woken.clear()
                pause = max(0.0, (self._heap[0][0] - self._clock()).total_seconds()) if self._heap else None
                woken = asyncio.ensure_future(self._woken.wait())
                await asyncio.wait({stopped, woken}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
        finally:
            stopped.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def turn(self) -> None:
        """Do everything that is due now."""
        while keys := list(islice(self._ripe(), _TOGETHER)):
            await asyncio.gather(*(self._subscribe(self._all[key]) for key in keys))

    def _ripe(self) -> Iterator[str]:
        """Take out and yield what is due now."""
        while self._heap and self._heap[0][0] <= self._clock():
            due, key = heapq.heappop(self._heap)
            # It may have been planned anew: then this is its old place.
            if self._due.get(key) == due:
                del self._due[key]
                yield key

    async def _subscribe(self, one: Subscription) -> None:
        """Look who the hub is, and ask it; plan the next time."""
        words = log.bind(source=one.source.id, url=shown(one.source.url))
        now = self._clock()
        try:
            answer = await self._look(one.source)
            one.place = self._place(one.source, answer)
            if one.place is None:
                one.state = State.NONE
                self._plan(one.key, now + _DAY)
                return
            # Whoever was asked and did not ask back is asked ever more rarely.
            one.failures, one.waiting = one.failures + one.waiting, True
            one.state = State.LIVE if one.until and one.until > now else State.ASKED
            # Before the answer: hubs may ask back first.
            self._plan(one.key, now + _longer(one.failures))
            secret = derived(self._secret, "secret", one.key, one.place.hub)
            await self._ask(one.place.hub, asked(one.place, self.callback(one.key), secret, self._settings.lease))
            self.counts["asked"] += 1
            words.info("hub asked", hub=shown(one.place.hub))
        except Fault as fault:
            one.failures, one.waiting = one.failures + 1, False
            self.counts[f"failed_{fault.kind}"] += 1
            self._plan(one.key, self._clock() + _longer(one.failures - 1))
            words.warning("not subscribed", error=said(fault), failures=one.failures)

    def _place(self, source: Source, answer: Answer) -> Place | None:
        """Return hub and topic; a hub that is named without TLS is asked with it."""
        found = discover(answer.headers, answer.body, answer.url)
        if source.kind == "youtube" and not found:
            found = Place(HUB, answer.url)
        if found and not self._settings.plain:
            return replace(found, hub=re.sub("^http:", "https:", found.hub))
        return found

    def _plan(self, key: str, due: datetime) -> None:
        """Come back to a subscription then, and not at the time planned before."""
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        self._woken.set()

    def confirm(self, key: str, query: Mapping[str, str]) -> str | None:
        """Return what a hub is to be answered that asks whether it was us; None where it was not.

        Args:
            key: from the address that was asked.
            query: `hub.mode`, `hub.topic`, `hub.challenge`, `hub.lease_seconds`, `hub.reason`.
        """
        one, mode = self._all.get(key), query.get("hub.mode", "")
        if one is None or one.place is None or query.get("hub.topic") != one.place.topic:
            self.counts["confirm_unknown"] += 1
            return None
        now = self._clock()
        if mode == "denied":
            one.state, one.until = State.DENIED, None
            self.counts["denied"] += 1
            self._plan(key, now + _DAY)
            log.warning("hub denies", source=one.source.id, reason=query.get("hub.reason", "")[:200])
            return ""
        challenge, lease = query.get("hub.challenge", ""), query.get("hub.lease_seconds", "")
        # We never ask a hub to end: who does so in our name gets no yes.
        if mode != "subscribe" or not 0 < len(challenge) <= _LONGEST or one.state not in (State.ASKED, State.LIVE):
            self.counts["confirm_unknown"] += 1
            return None
        given = int(lease[:12]) if lease.isdecimal() else int(self._settings.lease)
        seconds = min(max(given, _LEASE_LEAST), _LEASE_MOST)
        one.state, one.failures, one.waiting = State.LIVE, 0, False
        one.until = now + timedelta(seconds=seconds)
        self._plan(key, now + timedelta(seconds=_RENEW * seconds))
        self.counts["confirmed"] += 1
        log.info("subscribed", source=one.source.id, hub=shown(one.place.hub), lease=seconds)
        return challenge

    async def take(self, key: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take a document that a hub sends; return the status to answer.

        A document that is not signed, or not by who knows the secret, is left alone, and the sender does not learn so.

        Args:
            key: from the address that was asked.
            headers: names in lower case.
            body: as it came.
        """
        one = self._all.get(key)
        if one is None or one.place is None:
            # By the book the hub may forget us then.
            return 410
        secret = derived(self._secret, "secret", key, one.place.hub)
        if not signed(body, headers.get("x-hub-signature", ""), secret):
            self.counts["unsigned"] += 1
            log.warning("not signed by the hub; left alone", source=one.source.id)
            return 202
        answer = Answer(one.place.topic, 200, dict(headers), body, "", "", False, 0.0, 0)
        work = asyncio.create_task(self._bring(one.source, answer))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        try:
            # Hubs give up on who is slow, and send again; what takes longer goes on behind the answer.
            async with asyncio.timeout(self._settings.patience):
                await asyncio.shield(work)
        except TimeoutError:
            self.counts["slow"] += 1
        except Transient:
            return 503
        return 202

    async def _bring(self, source: Source, answer: Answer) -> None:
        """Deliver, and count what became of it."""
        try:
            await self._deliver(source, answer)
        except Transient as error:
            self.counts["not_kept"] += 1
            log.warning("delivery not kept; the hub may send it again", source=source.id, error=said(error))
            raise
        self.counts["delivered"] += 1

    def _ended(self, work: asyncio.Task[None]) -> None:
        """Take a delivery off the list; what became of it was told where somebody waited, or is told here."""
        self._under_way.discard(work)
        if not work.cancelled() and (error := work.exception()) and not isinstance(error, Transient):
            log.error("delivery failed", error=said(error), exc_info=error)

    async def _get(self, request: web.Request) -> web.Response:
        """Answer a hub that asks back."""
        known = self.confirm(request.match_info["key"], request.query)
        if known is None:
            return web.Response(status=404)
        return web.Response(text=known, content_type="text/plain")

    async def _post(self, request: web.Request) -> web.Response:
        """Answer a hub that sends."""
        key = request.match_info["key"]
        if key not in self._all:
            return web.Response(status=410)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return web.Response(status=415)
        body = await body_of(request, self._most, self._settings.patience)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return web.Response(status=await self.take(key, headers, body))


def _longer(failures: int) -> timedelta:
    """Return the pause after so many failures in a row."""
    return min(_CONFIRM * float(2 ** min(max(failures, 0), 20)), _DAY)
