"""The notify worker on the real broker, with a real web server, a real mail server and real Apprise on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from standardwebhooks import Webhook

from deploy.broker import free_port
from deploy.children import Child
from pipeline import kafka
from pipeline.alert.memory import Memory
from pipeline.records import Alert, Notification
from pipeline.settings import Settings
from pipeline.topics import DEAD_LETTERS, NOTIFICATIONS, TOPICS, route_topic
from tests.alert.making import match, walk
from tests.conftest import Workers

pytestmark = pytest.mark.broker
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ....").decode()
ALL = route_topic("all")


class Posts:
    """What came to the web server, and how it answers: each path its own list of codes, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.codes: dict[str, list[int]] = {}
        self.came = threading.Semaphore(0)
        self.hold = threading.Event()
        self.hold.set()

    def bodies(self, path: str) -> list[bytes]:
        return [body for where, _, body in self.got if where == path]


@contextmanager
def listening() -> Iterator[tuple[str, Posts]]:
    posts = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            path = self.path.partition("?")[0]
            posts.got.append((path, {name.lower(): value for name, value in self.headers.items()}, body))
            posts.came.release()
            posts.hold.wait(30)
            codes = posts.codes.get(path, [])
            self.send_response(codes.pop(0) if codes else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", posts
    finally:
        posts.hold.set()
        server.shutdown()
        server.server_close()


class Mails:
    """Takes mails, refusing the first `refuse` of them for now."""

    def __init__(self, refuse: int = 0) -> None:
        self.got: list[Message] = []
        self._refuse = refuse

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        if self._refuse:
            self._refuse -= 1
            return "451 not now"
        self.got.append(message_from_bytes(envelope.original_content))  # type: ignore[attr-defined]
        return "250 taken"


def alerts(count: int) -> list[Alert]:
    """Return alerts of as many accounts, as the alert stage makes them now."""
    now = datetime.now(UTC)
    made = []
    for n in range(count):
        one = match(f"Konzern {n} baut Werk in Breslau", account=f"k{n}", source="Bote")
        article = one.article.model_copy(update={"published": now, "fetched": now})
        (decided,) = walk(Memory(), one.model_copy(update={"article": article}), now=now)
        made += decided.alerts
    return made


async def publish(settings: Settings, some: list[Alert]) -> None:
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, ALL)
        for one in some:
            partition = kafka.partition_of(one.account.id.encode(), settings.kafka.partitions)
            await producer.send_and_wait(name, one.encode(), key=one.id.encode(), partition=partition)


def telling(worker: Workers, settings: Settings, receivers: str, **environment: str) -> Child:
    """Return a notify worker whose one route names these receivers."""
    names = [line.removeprefix("[receivers.").rstrip("]") for line in receivers.splitlines() if line.startswith("[rec")]
    file = settings.folder / "routes.toml"
    how = f'receivers = {json.dumps(names)}\ngroup_wait = "1s"\n' if names else ""
    file.write_text(f'{receivers}\n[route]\nname = "all"\n{how}')
    own = {"ALERT__ROUTES": str(file), "NOTIFY__RETRY_FIRST": "0.2", "NOTIFY__ATTEMPTS": "3"}
    told = {f"STELLWERK_{name}": value for name, value in own.items()}
    return worker("notify", quick=True, **{**told, "SECRET": SECRET, **environment})


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make((*TOPICS, ALL))
    yield settings


async def notes(settings: Settings) -> list[Notification]:
    return [Notification.decode(record.value) async for record in kafka.whole(settings.kafka, NOTIFICATIONS)]


async def settled(settings: Settings, **states: int) -> None:
    """Wait until so many alerts and receivers have ended in these states."""
    async with asyncio.timeout(60):
        while True:
            last = {(one.alert_id, one.receiver): one.state for one in await notes(settings)}
            if Counter(last.values()) == Counter(states):
                return
            await asyncio.sleep(0.1)


async def test_a_webhook_is_signed_and_a_service_reads_well(ready: Settings, worker: Workers) -> None:
    """Signed as the library checks it, one post per alert; Apprise gets one message for all; no secret in the log."""
    with listening() as (address, posts):
        child = telling(
            worker,
            ready,
            f'[receivers.crm]\nwebhook = "http://{address}/crm"\nsecret = "env:SECRET"\n'
            '[receivers.chat]\napprise = "env:CHAT"\nlanguage = "de"',
            CHAT=f"json://user:hunter2@{address}/chat",
        )
        await child.start()
        await child.announced()
        some = alerts(3)
        await publish(ready, some)
        await settled(ready, sent=6)
        await child.stop()
    told = [Webhook(SECRET).verify(body, headers) for path, headers, body in posts.got if path == "/crm"]
    assert sorted(one["id"] for one in told) == sorted(one.id for one in some)
    ids = {headers["webhook-id"] for path, headers, _ in posts.got if path == "/crm"}
    assert ids == {f"{one.id}-1" for one in some}
    (chat,) = map(json.loads, posts.bodies("/chat"))
    assert chat["title"] == "3 Meldungen: Brüggenthal"
    assert "Warum: " in chat["message"]
    log = (ready.folder / "notify.log").read_text()
    assert "hunter2" not in log
    assert SECRET.removeprefix("whsec_") not in log


async def test_a_mail_arrives_once_with_a_stable_id(ready: Settings, worker: Workers) -> None:
    """Refused twice for now, taken the third time, with the same Message-ID; umlauts arrive as such."""
    mails = Mails(refuse=2)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mails), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    file = ready.folder / "mail"
    file.write_text(f"smtp://127.0.0.1:{port}?from=stellwerk@example.org&to=kam@example.org")
    child = telling(worker, ready, f'[receivers.kam]\nmail = "file:{file}"\nlanguage = "de"')
    await child.start()
    await child.announced()
    await publish(ready, alerts(1))
    await settled(ready, sent=1)
    await child.stop()
    server.close()
    (mail,) = mails.got
    (batch,) = {one.batch for one in await notes(ready)}
    assert mail["Message-ID"] == f"<{batch}@stellwerk.example.org>"
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Brüggenthal: neuer Standort, geplant" in text.decode()


async def test_errors_are_tried_again_and_refusals_buried(ready: Settings, worker: Workers) -> None:
    """500, 503, then 200: told; 410: a dead letter at once; 500 for ever: a dead letter after three attempts."""
    with listening() as (address, posts):
        posts.codes = {"/soon": [500, 503], "/gone": [410], "/never": [500] * 9}
        receivers = "\n".join(
            f'[receivers.{path[1:]}]\nwebhook = "http://{address}{path}"\nsecret = "env:SECRET"' for path in posts.codes
        )
        child = telling(worker, ready, receivers)
        await child.start()
        await child.announced()
        (one,) = some = alerts(1)
        await publish(ready, some)
        await settled(ready, sent=1, dead=2)
        await child.stop()
        counts = {path: len(posts.bodies(path)) for path in ("/soon", "/gone", "/never")}
    assert counts == {"/soon": 3, "/gone": 1, "/never": 3}
    letters = [record async for record in kafka.whole(ready.kafka, DEAD_LETTERS)]
    about = sorted((dict(one.headers)["dead_receiver"], dict(one.headers)["dead_error"]) for one in letters)
    assert about == [(b"gone", b"HTTP 410"), (b"never", b"HTTP 500, 3 times")]
    assert all(Alert.decode(letter.value) == one for letter in letters)


async def test_a_crash_between_sending_and_writing_it_down(ready: Settings, worker: Workers) -> None:
    """Killed while both hold the message: the webhook comes again under its id, the chat does not; no third time."""
    with listening() as (address, posts):
        child = telling(
            worker,
            ready,
            f'[receivers.crm]\nwebhook = "http://{address}/crm"\nsecret = "env:SECRET"\n'
            f'[receivers.chat]\napprise = "env:CHAT"',
            CHAT=f"json://{address}/chat",
        )
        await child.start()
        await child.announced()
        posts.hold.clear()
        some = alerts(1)
        await publish(ready, some)
        for _ in range(2):
            assert await asyncio.to_thread(posts.came.acquire, timeout=60)
        child.kill()
        await child.ended()
        posts.hold.set()
        for _ in range(2):
            await child.start()
            await settled(ready, sent=1, unsure=1)
            # What a stage writes twice in a crash of its own is told once, too.
            await publish(ready, some)
            async with asyncio.timeout(60), kafka.Broker(ready.kafka) as broker:
                while await broker.lag("notify", ALL):
                    await asyncio.sleep(0.1)
            child.kill()
            await child.ended()
    ids = Counter((path, headers.get("webhook-id")) for path, headers, _ in posts.got)
    assert ids == {("/crm", f"{some[0].id}-1"): 2, ("/chat", None): 1}


async def test_without_receivers_there_is_nothing_to_do(settings: Settings, tmp_path: Path, worker: Workers) -> None:
    """A file without receivers runs the worker idle and ready; a missing address is named, and not shown."""
    port = free_port()
    child = telling(worker, settings, "", STELLWERK_METRICS__PORT=str(port))
    await child.start()
    await child.announced()
    async with httpx2.AsyncClient() as web:
        assert (await web.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    assert "nobody to tell" in (settings.folder / "notify.log").read_text()
    await child.stop()
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make((*TOPICS, ALL))
    other = telling(worker, settings, '[receivers.kam]\nmail = "env:NOBODY_SET_THIS"')
    await other.start()
    assert await asyncio.wait_for(other.ended(), 60) == 1
    assert "receivers.kam: env:NOBODY_SET_THIS is empty" in other.tail()


#: A worker in whose way something stands that no time limit ends: telling, or reading on.
_STUCK = """
import asyncio, sys
from agents import notifier
from aiokafka import AIOKafkaConsumer

async def never(*_, **__):
    await asyncio.Event().wait()

async def nothing(*_, **__):
    await asyncio.sleep(0.1)
    return {}

if sys.argv.pop(1) == "telling":
    notifier.tell = never
else:
    AIOKafkaConsumer.getmany = nothing
from pipeline.cli import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "said"), [("telling", "under way for"), ("reading", "none committed for")])
async def test_a_worker_that_stands_still_ends_itself(ready: Settings, fault: str, said: str, worker: Workers) -> None:
    """A receiver without a time limit, a partition that is not read on: one line, exit code 1, nothing lost."""
    with listening() as (address, posts):
        hook = f'[receivers.crm]\nwebhook = "http://{address}/crm"\nsecret = "env:SECRET"'
        child = telling(worker, ready, hook, STELLWERK_STREAM__STUCK="4")
        child.command[1:] = ["-c", _STUCK, fault, *child.command[3:]]
        await child.start()
        await publish(ready, alerts(2))
        async with asyncio.timeout(60):
            assert await child.ended() == 1
        assert "stuck: ends itself" in child.tail()
        assert said in child.tail()
        again = telling(worker, ready, hook)
        await again.start()
        await settled(ready, sent=2)
        await again.stop()
        assert len(posts.got) == 2
