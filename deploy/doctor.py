"""Looks at everything that work needs, and says in plain words what is wrong and what to do about it.

    here      configuration, disk, model, accounts file
    broker    reachable, clock, topics, rights, lag, dead letters
    content   accounts, rules, profiles, routes, model in service, sources

Nothing is changed, but for a commit by a group that nobody uses (`clock.py`). Each check is one finding or more: `ok`,
`warn` (it works, but not for ever) or `fail`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from agents import control
from agents.health import Health
from deploy import clock, rights
from models import registry
from pipeline import accounts, applied, disk, kafka, retrain
from pipeline.access import accesses
from pipeline.alert import profiles, routes
from pipeline.alert.profiles import load_profiles
from pipeline.alert.routes import load_routes
from pipeline.errors import BadInput, StellwerkError, Transient
from pipeline.route.accounts import load_accounts
from pipeline.rules import match
from pipeline.settings import FetchSettings, Settings
from pipeline.stream.stages import STAGES
from pipeline.topics import DEAD_LETTERS, PROFILES, ROUTES, RULES, TOPICS, Topic

State = Literal["ok", "warn", "fail"]
#: Roles whose rights are looked at, unless others are named.
ROLES: Final = ("ingest", *(stage.name for stage in STAGES))
_GB: Final = 1e9
#: Free bytes below which a disk is worth a word, and below which it is a fault.
_LITTLE, _NONE_LEFT = 5 * _GB, 1 * _GB
#: Records waiting from which a stage is worth a word.
_WAITING: Final = 1000
#: Seconds between two clocks: worth a word, and a fault (dates of news are compared with ours).
_OFF, _WRONG = 5.0, 300.0
_FINE: Final = (Health.OK, Health.UNCHANGED, Health.EMPTY, Health.NEW)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    Attributes:
        what: the thing looked at.
        state: how it is.
        said: in plain words.
        do: what to do; empty where it is well.
    """

    what: str
    state: State
    said: str
    do: str = ""


Check = Callable[[Settings], Awaitable[Iterable[Finding]]]


async def examine(settings: Settings, roles: Sequence[str] = ROLES) -> AsyncIterator[Finding]:
    """Yield what is found, check by check; without a broker only what needs none.

    Args:
        settings: as a worker would have them.
        roles: whose rights are looked at.
    """
    for what, check in _HERE:
        async for finding in _looked(what, check, settings):
            yield finding
    # Without a broker, or its topics, the rest would say the same again and again.
    for what, check in (("broker", _broker), ("topics", _topics)):
        failed = False
        async for finding in _looked(what, check, settings):
            failed = failed or finding.state == "fail"
            yield finding
        if failed:
            return

    async def allowed(settings: Settings) -> Iterable[Finding]:
        return [await _rights(settings, roles)]

    async for finding in _looked("rights", allowed, settings):
        yield finding
    for what, check in _THERE:
        async for finding in _looked(what, check, settings):
            yield finding


async def _looked(what: str, check: Check, settings: Settings) -> AsyncIterator[Finding]:
    """Yield a check's findings; one that cannot be made is a finding, too."""
    try:
        async with asyncio.timeout(max(60.0, 2 * settings.kafka.request)):
            found = list(await check(settings))
    except (StellwerkError, KafkaError, OSError, TimeoutError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        found = [Finding(what, "fail", said[:300], "mend what it says; `stellwerk doctor` looks again")]
    for finding in found:
        yield finding


async def _configuration(settings: Settings) -> Iterable[Finding]:
    found = []
    if settings.fetch.agent == FetchSettings().agent:
        do = "set STELLWERK_FETCH__AGENT, e.g. 'Stellwerk/0.1 (+https://your.site; mail@your.site)'"
        found.append(Finding("configuration", "warn", "publishers see no contact of yours in the user agent", do))
    if settings.kafka.request < settings.kafka.session:
        do = "set STELLWERK_KAFKA__REQUEST at least to STELLWERK_KAFKA__SESSION"
        found.append(Finding("configuration", "fail", "a request may end before the session does", do))
    return found or [Finding("configuration", "ok", "readable and consistent")]


async def _disk(settings: Settings) -> Iterable[Finding]:
    places = {"folder": settings.folder.absolute(), "registry": settings.model.registry}
    return [_room(room, f"at {places[name]}") for name, room in disk.here(settings).items()]


def _room(room: disk.Room, where: str) -> Finding:
    state: State = "fail" if room.free < _NONE_LEFT else "warn" if room.free < _LITTLE else "ok"
    do = "" if state == "ok" else "make room; see `A full disk` in deploy/RUNBOOK.md"
    return Finding("disk", state, f"{room.free / _GB:.1f} GB free {where}", do)


async def _model(settings: Settings) -> Iterable[Finding]:
    scorer = await asyncio.to_thread(registry.load, settings.model.path or registry.CHAMPION)
    return [Finding("model", "ok", f"{scorer.version} loads, its sums are right")]


async def _account_file(settings: Settings) -> Iterable[Finding]:
    file = settings.route.accounts
    if file is None:
        return []
    return [Finding("accounts", "ok", f"{len(await asyncio.to_thread(load_accounts, file)):,} in {file}")]


async def _broker(settings: Settings) -> Iterable[Finding]:
    if not settings.kafka.bootstrap:
        return [Finding("broker", "fail", "none is named and none runs here", "set STELLWERK_KAFKA__BOOTSTRAP")]
    begun = time.monotonic()
    async with kafka.Broker(settings.kafka) as broker:
        nodes, room = await broker.nodes(), await broker.room()
    took = time.monotonic() - begun
    found = [Finding("broker", "ok", f"{settings.kafka.bootstrap} answers in {took * 1000:.0f} ms, nodes: {nodes}")]
    if nodes > 1 and settings.kafka.replication == 1:
        do = "set STELLWERK_KAFKA__REPLICATION=3 before the topics are made"
        found.append(Finding("broker", "warn", "every partition has one copy although there are more nodes", do))
    if room:
        found.append(_room(room, "where the broker keeps its log"))
    return found


async def _topics(settings: Settings) -> Iterable[Finding]:
    wanted = (*TOPICS, *await _routed(settings))
    async with kafka.Broker(settings.kafka) as broker:
        faults = await broker.check(wanted)
    found = []
    for fault in faults:
        drifted = "table says" in fault.what
        do = "set it with Kafka's kafka-configs, where it was not meant" if drifted else "`stellwerk topics init`"
        found.append(Finding("topics", "warn" if drifted else "fail", str(fault), do))
    return found or [Finding("topics", "ok", f"all {len(wanted)} are there as they should be")]


async def _rights(settings: Settings, roles: Sequence[str]) -> Finding:
    needed = [accesses()[role] for role in roles]
    refused = await rights.refused(settings, needed, await _routed(settings) if any(n.routed for n in needed) else ())
    if refused:
        do = "`stellwerk topics acls` writes the commands that give a role its rights"
        return Finding("rights", "fail", f"this login may not {'; not '.join(refused)}"[:400], do)
    return Finding("rights", "ok", f"this login may do all that {', '.join(roles)} need")


async def _routed(settings: Settings) -> Sequence[Topic]:
    """Return the topics of the routes in force; none where `routes` is missing or closed to this login."""
    try:
        return await applied.route_topics(settings)
    except (Transient, KafkaError):
        return ()


async def _lag(settings: Settings) -> Iterable[Finding]:
    found = []
    async with kafka.Broker(settings.kafka) as broker:
        for stage in STAGES:
            waiting = await broker.lag(stage.name, stage.source)
            state: State = "warn" if waiting > _WAITING else "ok"
            do = "" if state == "ok" else "see `Lag` in deploy/RUNBOOK.md; no worker of it may run"
            found.append(Finding("lag", state, f"{stage.name}: {waiting:,} records wait", do))
    return found


async def _letters(settings: Settings) -> Iterable[Finding]:
    async with kafka.reading(settings.kafka) as consumer:
        place = TopicPartition(kafka.full_name(settings.kafka, DEAD_LETTERS), 0)
        yesterday = int((time.time() - 86_400) * 1000)
        since = (await consumer.offsets_for_times({place: yesterday}))[place]
        end = (await consumer.end_offsets([place]))[place]
    new = end - since.offset if since else 0
    do = "`stellwerk dead list --since 1d` shows them" if new else ""
    return [Finding("dead letters", "warn" if new else "ok", f"{new:,} in the last day", do)]


async def _clock(settings: Settings) -> Iterable[Finding]:
    said = await clock.ahead(settings.kafka)
    if said is None:
        return [Finding("clock", "ok", "not compared: this login may not see what Kafka keeps of commits")]
    off = abs(said)
    state: State = "fail" if off > _WRONG else "warn" if off > _OFF else "ok"
    do = "" if state == "ok" else "let NTP set both clocks: the age of news is judged by ours"
    return [Finding("clock", state, f"broker and this machine differ by {off:.1f} s", do)]


async def _accounts(settings: Settings) -> Iterable[Finding]:
    if settings.route.accounts is not None:
        return []
    there, applied, _ = await accounts.read(settings.kafka)
    if not there:
        return [Finding("accounts", "fail", "none on the topic", "`stellwerk accounts apply FILE`")]
    if applied != there.version:
        return [Finding("accounts", "warn", "an apply has not ended", "`stellwerk accounts apply FILE` again")]
    return [Finding("accounts", "ok", f"{len(there):,} on the topic, version {there.version}")]


async def _rules(settings: Settings) -> Iterable[Finding]:
    book = await applied.newest(settings.kafka, RULES, match.opened)
    if book is None or not book.version:
        return [Finding("rules", "ok", "none applied; the model decides alone")]
    return [Finding("rules", "ok", f"{len(book.rules.rules):,} applied, version {book.version}")]


async def _profiles(settings: Settings) -> Iterable[Finding]:
    if settings.alert.profiles:
        found, where = load_profiles(settings.alert.profiles), f"of {settings.alert.profiles}"
    else:
        newest = await applied.newest(settings.kafka, PROFILES, profiles.opened)
        found = newest or load_profiles()
        where = "that ship" if found == load_profiles() else f"applied, version {found.version}"
    return [Finding("profiles", "ok", f"{len(found.all)} {where}: {', '.join(one.name for one in found.all)}")]


async def _routes(settings: Settings) -> Iterable[Finding]:
    file = settings.alert.routes
    tree = load_routes(file) if file else await applied.newest(settings.kafka, ROUTES, routes.opened)
    if tree is None:
        return [Finding("routes", "ok", "none applied; alerts go to `alerts` alone")]
    where = f"of {file}" if file else f"applied, version {tree.version}"
    said = f"{len(list(tree.walk()))} {where}: {len(tree.topics())} topics, {len(tree.told())} receivers"
    try:
        applied.known(tree, await applied.profiles_in_force(settings), "")
    except BadInput as error:
        return [Finding("routes", "warn", f"{said}; {error.message}", "mend the file, `stellwerk routes apply FILE`")]
    return [Finding("routes", "ok", said)]


async def _promoted(settings: Settings) -> Iterable[Finding]:
    version, place = await retrain.in_service(settings)
    await asyncio.to_thread(retrain.champion, version, place)
    return [Finding("model", "ok", f"{version} is in service and can be loaded from here")]


async def _sources(settings: Settings) -> Iterable[Finding]:
    rows = await control.rows(settings.kafka, datetime.now(UTC))
    if not rows:
        return [Finding("sources", "warn", "none on the topic", "`stellwerk sources apply FILE`")]
    counts = Counter(row.health for row in rows)
    unwell = sum(number for word, number in counts.items() if word not in _FINE)
    said = ", ".join(f"{number:,} {word}" for word, number in counts.most_common())
    do = "`stellwerk sources list --health` shows which" if unwell else ""
    state: State = "fail" if unwell == len(rows) else "warn" if unwell else "ok"
    return [Finding("sources", state, f"{len(rows):,}: {said}", do)]


_HERE: Final[tuple[tuple[str, Check], ...]] = (
    ("configuration", _configuration),
    ("disk", _disk),
    ("model", _model),
    ("accounts", _account_file),
)
_THERE: Final[tuple[tuple[str, Check], ...]] = (
    ("clock", _clock),
    ("lag", _lag),
    ("dead letters", _letters),
    ("accounts", _accounts),
    ("rules", _rules),
    ("profiles", _profiles),
    ("routes", _routes),
    ("model", _promoted),
    ("sources", _sources),
)
