"""Routes that are applied while workers run: nothing that waits is lost, and nothing is told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import orjson
import pytest
from typer.testing import CliRunner

from deploy.broker import LocalBroker, free_port
from deploy.children import Child
from pipeline import kafka
from pipeline.cli import app
from pipeline.records import Alert, Match, Notification
from pipeline.settings import Settings
from pipeline.topics import ALERTS, MATCHES, NOTIFICATIONS, ROUTES, route_topic
from tests.agents.test_notify import SECRET, Posts, alerts, listening
from tests.alert.making import match
from tests.conftest import Workers

pytestmark = pytest.mark.broker
RECEIVER = '[receivers.{0}]\nwebhook = "http://{1}/{0}"\nsecret = "env:SECRET"\n'
ONE = '[route]\nname = "rest"\nreceivers = ["crm"]\ngroup_wait = "{}"\n'
#: The same receiver, and everything takes another topic.
MOVED = (
    '[route]\nname = "rest"\n[[route.routes]]\nname = "late"\ntopic = "late"\n'
    'match = {{ score = 1 }}\nreceivers = ["crm"]\ngroup_wait = "{}"\n'
)
#: Two topics for each alert, and one receiver of both.
BOTH = (
    '[route]\nname = "rest"\n'
    '[[route.routes]]\nname = "first"\ntopic = "rest"\nmatch = {{ score = 1 }}\ncontinue = true\n'
    'receivers = ["crm"]\ngroup_wait = "{0}"\n'
    '[[route.routes]]\nname = "second"\ntopic = "late"\nmatch = {{ score = 1 }}\n'
    'receivers = ["crm"]\ngroup_wait = "{0}"\n'
)


def telling(worker: Workers, role: str = "notify", **more: str) -> Child:
    """Return a worker whose receivers can be told."""
    return worker(role, quick=True, **{"STELLWERK_NOTIFY__RETRY_FIRST": "0.2", "SECRET": SECRET, **more})


def environment(settings: Settings) -> dict[str, str]:
    """Return what a command needs."""
    return {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
        "STELLWERK_FOLDER": str(settings.folder),
    }


async def started(*children: Child) -> None:
    for child in children:
        await child.start()
    for child in children:
        await child.announced()


async def apply(settings: Settings, text: str) -> str:
    file = settings.folder / "routes.toml"
    file.write_text(text)
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["routes", "apply", str(file)], env=environment(settings))
    assert ran.exit_code == 0, ran.output
    return ran.output


async def publish(settings: Settings, topic: str, some: list[Alert]) -> None:
    async with kafka.sending(settings.kafka) as producer:
        for one in some:
            partition = kafka.partition_of(one.account.id.encode(), settings.kafka.partitions)
            name = kafka.full_name(settings.kafka, route_topic(topic))
            await producer.send_and_wait(name, one.encode(), key=one.id.encode(), partition=partition)


async def said(child: Child, what: str, times: int = 1) -> None:
    """Wait until a worker's log says something."""
    assert child.log is not None
    async with asyncio.timeout(60):
        while child.log.read_text().count(what) < times:
            await asyncio.sleep(0.05)


async def told(posts: Posts, count: int) -> Counter[str]:
    """Wait until so many alerts were told, and return how often each was."""
    async with asyncio.timeout(90):
        while len({headers["webhook-id"] for _, headers, _ in posts.got}) < count:
            await asyncio.sleep(0.1)
    return Counter(headers["webhook-id"] for _, headers, _ in posts.got)


async def topics(settings: Settings) -> None:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()


def fresh(number: int) -> Match:
    now = datetime.now(UTC)
    one = match("Werk in Breslau", account=f"k{number}")
    return one.model_copy(update={"article": one.article.model_copy(update={"published": now, "fetched": now})})


async def feed(settings: Settings, numbers: range, pause: float = 0.0) -> None:
    async with kafka.sending(settings.kafka) as producer:
        for number in numbers:
            one = fresh(number)
            await producer.send_and_wait(
                kafka.full_name(settings.kafka, MATCHES), one.encode(), key=one.account.id.encode()
            )
            await asyncio.sleep(pause)


@pytest.mark.parametrize("killed", [False, True], ids=["running", "killed"])
async def test_what_waits_goes_the_new_way(settings: Settings, killed: bool, worker: Workers) -> None:
    """Waiting for an hour under the old tree, on a topic that the new one does not write: told once, by the new one."""
    await topics(settings)
    with listening() as (address, posts):
        receiver = RECEIVER.format("crm", address)
        await apply(settings, receiver + ONE.format("1h"))
        child = telling(worker)
        await started(child)
        await publish(settings, "rest", some := alerts(5))
        async with asyncio.timeout(60), kafka.Broker(settings.kafka) as broker:
            # An offset is committed once a partition has been read, below what waits.
            while not await broker.committed("notify"):
                await asyncio.sleep(0.1)
        assert not posts.got
        if killed:
            child.kill()
            await child.ended()
        assert "made" in await apply(settings, receiver + MOVED.format("1s"))
        if killed:
            await started(child)
        counts = await told(posts, len(some))
        await publish(settings, "late", some)
        async with asyncio.timeout(60), kafka.Broker(settings.kafka) as broker:
            while await broker.lag("notify", route_topic("late")):
                await asyncio.sleep(0.1)
        await child.stop()
    assert counts == Counter(f"{one.id}-1" for one in some)
    assert len(posts.got) == len(some)


async def test_two_workers_tell_once_while_a_topic_comes(settings: Settings, worker: Workers) -> None:
    """Each alert on two topics for one receiver, before, during and after the second topic is known to both."""
    await topics(settings)
    with listening() as (address, posts):
        receiver = RECEIVER.format("crm", address)
        await apply(settings, receiver + ONE.format("1s"))
        children = [telling(worker, STELLWERK_STREAM__WORKER=name) for name in ("a", "b")]
        await started(*children)
        some = alerts(60)
        await publish(settings, "rest", some[:20])
        await apply(settings, receiver + BOTH.format("1s"))
        for one in some[20:]:
            await publish(settings, "rest", [one])
            await publish(settings, "late", [one])
        await told(posts, len(some))
        async with asyncio.timeout(60), kafka.Broker(settings.kafka) as broker:
            while await broker.lag("notify", route_topic("late")) + await broker.lag("notify", route_topic("rest")):
                await asyncio.sleep(0.1)
        for child in children:
            await child.stop()
    assert Counter(headers["webhook-id"] for _, headers, _ in posts.got) == Counter(f"{one.id}-1" for one in some)


async def test_a_running_pair_takes_new_routes_and_survives_kills(settings: Settings, worker: Workers) -> None:
    """Alert and notify take a tree with a new topic; SIGKILL for both meanwhile loses no revision and doubles none."""
    await topics(settings)
    with listening() as (address, posts):
        receivers = RECEIVER.format("crm", address) + RECEIVER.format("east", address)
        await apply(settings, receivers + ONE.format("1s"))
        pair = [telling(worker, "alert"), telling(worker)]
        await started(*pair)
        await feed(settings, range(10))
        await told(posts, 10)
        feeding = asyncio.create_task(feed(settings, range(10, 60), 0.05))
        moved = receivers + MOVED.format("1s").replace('["crm"]', '["east"]')
        await apply(settings, moved)
        for child in pair:
            child.kill()
            await child.ended()
        await started(*pair)
        await feeding
        await told(posts, 60)
        assert "nothing changes" in await apply(settings, moved)
        async with kafka.sending(settings.kafka) as producer:
            await producer.send_and_wait(kafka.full_name(settings.kafka, ROUTES), b"rubbish", key=b"routes")
        for child in pair:
            await said(child, "routes that cannot be used")
        await feed(settings, range(60, 62))
        await told(posts, 62)
        for child in pair:
            await child.stop()
    revisions = [Alert.decode(one.value) async for one in kafka.whole(settings.kafka, ALERTS)]
    assert Counter((one.account.id, one.revision) for one in revisions) == {(f"k{n}", 1): 1 for n in range(62)}
    late = [Alert.decode(one.value).account.id async for one in kafka.whole(settings.kafka, route_topic("late"))]
    assert {"k60", "k61"} <= set(late)
    by = {(path, orjson.loads(body)["account"]["id"]) for path, _, body in posts.got}
    assert {account for _, account in by} == {f"k{n}" for n in range(62)}
    assert {account for path, account in by if path == "/crm"} >= {f"k{n}" for n in range(10)}
    assert {account for path, account in by if path == "/east"} >= {"k60", "k61"}
    # What the crash cut off in the middle comes again as the same message, and nothing else does.
    notes = [Notification.decode(one.value) async for one in kafka.whole(settings.kafka, NOTIFICATIONS)]
    states = Counter((one.alert_id, one.receiver, one.state) for one in notes)
    assert {number for (*_, state), number in states.items() if state == "sent"} == {1}
    messages = {(one.alert_id, one.receiver, one.batch) for one in notes}
    assert len(messages) == len({(alert, receiver) for alert, receiver, _ in messages})


async def test_addresses_that_are_missing_leave_the_old_ones(settings: Settings, worker: Workers) -> None:
    """A running worker cannot have a new variable: it goes on with its tree, says so, and can be restarted with it."""
    await topics(settings)
    with listening() as (address, posts):
        first = RECEIVER.format("crm", address) + ONE.format("1s")
        await apply(settings, first)
        child = telling(worker)
        await started(child)
        await apply(settings, first.replace("SECRET", "OTHER"))
        await said(child, "receivers that cannot be told")
        await publish(settings, "rest", some := alerts(2))
        await told(posts, len(some))
        await child.stop()
        other = telling(worker, OTHER=SECRET)
        await started(other)
        await publish(settings, "rest", more := alerts(3)[2:])
        counts = await told(posts, 3)
        await other.stop()
    assert counts == Counter(f"{one.id}-1" for one in some + more)


async def test_routes_ask_for_profiles_that_are_there(settings: Settings, tmp_path: Path) -> None:
    """Neither routes without their profile nor profiles without what the routes ask for come into force."""
    await topics(settings)
    file = tmp_path / "routes.toml"
    file.write_text(MOVED.format("1s").split("receivers")[0].replace("score = 1", 'profile = "cranes"'))
    run, env = CliRunner().invoke, environment(settings)
    refused = await asyncio.to_thread(run, app, ["routes", "apply", str(file)], env=env)
    assert f"{file}:6: route.routes[1].match.profile: 'cranes' is none of" in str(refused.exception)
    file.write_text(file.read_text().replace("cranes", "bank"))
    assert (await asyncio.to_thread(run, app, ["routes", "apply", str(file)], env=env)).exit_code == 0
    profiles = tmp_path / "p.toml"
    weights = "".join(f"{key} = {{ other = 1.0 }}\n" for key in ("types", "status", "direction"))
    profiles.write_text(f'[cranes]\nreason = "r"\n{weights}')
    refused = await asyncio.to_thread(run, app, ["profiles", "apply", str(profiles)], env=env)
    assert "routes ask for the profile 'bank', and there are cranes" in str(refused.exception)
    assert (await asyncio.to_thread(run, app, ["routes", "apply", "--remove"], env=env)).exit_code == 0
    assert (await asyncio.to_thread(run, app, ["profiles", "apply", str(profiles)], env=env)).exit_code == 0


async def test_a_broker_that_is_lost_shows(settings: Settings, tmp_path: Path, worker: Workers) -> None:
    """`/readyz` says so when the broker goes after the start, and takes it back when it is there again."""
    own = LocalBroker(tmp_path / "kafka", settings.kafka)
    await own.start()
    mine = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own.bootstrap})})
    await topics(mine)
    port = free_port()
    child = worker("notify", of=mine, quick=True, STELLWERK_METRICS__PORT=str(port), STELLWERK_STREAM__STUCK="4")
    await started(child)

    async def answers(code: int) -> None:
        async with httpx2.AsyncClient() as web, asyncio.timeout(60):
            while (await web.get(f"http://127.0.0.1:{port}/readyz")).status_code != code:
                await asyncio.sleep(0.2)

    await answers(200)
    own.child.kill()
    await own.child.ended()
    await answers(503)
    await own.child.start()
    await own.wait()
    await answers(200)
    await child.stop()
    await own.stop()
