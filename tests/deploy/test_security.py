"""Roles on a broker with TLS, logins and ACLs: each does its job, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from deploy.broker import POM, LocalBroker
from deploy.children import Child
from deploy.rights import refused
from pipeline import kafka
from pipeline.access import ROLES, accesses, script
from pipeline.client import alerts
from pipeline.commands.folder import apply
from pipeline.erase import Eraser
from pipeline.errors import BadInput, Transient
from pipeline.records import Alert, Article
from pipeline.settings import KafkaSettings, Settings
from pipeline.stream.lag import Lag
from pipeline.stream.stages import STAGES as STAGES_TABLE
from pipeline.topics import ALERTS, ARTICLES, TOPICS, Topic, route_topic
from tests.conftest import ROOT, jar_settings
from tests.deploy.secure import Papers, SecureBroker

pytestmark = pytest.mark.broker
#: The topic of a route that was applied later.
EAST = route_topic("east")
STAGES = ("classify", "route", "alert")
USERS = [*ROLES, "nobody"]


def jars(folder: Path, *wish: str) -> Path:
    """Return a folder with other jars of Kafka than `stellwerk install` gets."""
    command = ["mvn", "-q", "-B", "-f", str(POM), *wish, "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jars of Kafka's own scripts."""
    return jars(tmp_path_factory.mktemp("tools"), "-Ptools")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.make(tmp_path_factory.mktemp("papers"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secure(tmp_path_factory: pytest.TempPathFactory, papers: Papers, tools: Path) -> AsyncIterator[SecureBroker]:
    """The broker, with the topics made by `init` and every role allowed what the script says."""
    broker = SecureBroker(tmp_path_factory.mktemp("secure"), jar_settings(), papers, USERS)
    await broker.start()
    await broker.allow(script(ROLES, "User:{role}", Settings()), tools)
    async with kafka.Broker(broker.scram("init")) as init:
        await init.make((*TOPICS, EAST))
        assert await init.check() == []
    async with kafka.sending(broker.scram("admin")) as producer:
        # An empty topic would tell nothing: who may not read it is refused with its first record.
        for topic in (*TOPICS, EAST):
            await producer.send_and_wait(kafka.full_name(KafkaSettings(), topic), b"{}", key=b"none")
    yield broker
    await broker.stop()


def worker(role: str, known: KafkaSettings, folder: Path) -> Child:
    password = folder / "password"
    password.write_text(known.password.get_secret_value() + "\n")
    return Child(
        role,
        [sys.executable, "-m", "pipeline.cli", "worker", role, "--announce"],
        log=folder / f"{role}.log",
        environment={
            "STELLWERK_KAFKA__BOOTSTRAP": known.bootstrap,
            "STELLWERK_KAFKA__SECURITY": known.security,
            "STELLWERK_KAFKA__USERNAME": known.username,
            "STELLWERK_KAFKA__PASSWORD_FILE": str(password),
            "STELLWERK_KAFKA__CAFILE": known.cafile,
            "STELLWERK_KAFKA__PARTITIONS": str(known.partitions),
            "STELLWERK_ROUTE__ACCOUNTS": str(ROOT / "deploy" / "demo" / "accounts.csv"),
            "STELLWERK_STREAM__WORKER": "0",
            "STELLWERK_FOLDER": str(folder),
        },
        announces=True,
    )


def article() -> Article:
    """An article of the demo that becomes an alert."""
    lines = (ROOT / "deploy" / "demo" / "articles.jsonl").read_bytes().splitlines()
    raw = next(raw for raw in map(orjson.loads, lines) if raw["slug"] == "caldermont-furnace-order")
    now, text = datetime.now(UTC), "\n".join(raw["body"])
    return Article(
        id="one", source_id="s", url="https://example.org/1", title=raw["title"], text=text, published=now, fetched=now
    )


async def send(settings: KafkaSettings, topic: Topic, value: bytes = b"{}") -> None:
    async with kafka.sending(settings) as producer:
        await producer.send_and_wait(kafka.full_name(settings, topic), value, key=b"one")


async def read(settings: KafkaSettings, topic: Topic) -> int:
    return len([record async for record in kafka.whole(settings, topic)])


async def first_alert(login: Callable[[str], KafkaSettings], folder: Path) -> Alert:
    """Take an article through three stages, each as a process with its own login, and return what a consumer reads."""
    workers = [worker(role, login(role), folder) for role in STAGES]
    try:
        await asyncio.gather(*[one.start() for one in workers])
        await asyncio.gather(*[one.announced() for one in workers])
        await send(login("ingest"), ARTICLES, article().encode())
        async with asyncio.timeout(60):
            async with alerts("crm", settings=login("consumer")) as found:
                return await anext(found)
    finally:
        await asyncio.gather(*[one.stop() for one in workers])


async def test_every_role_does_its_job(secure: SecureBroker, tmp_path: Path) -> None:
    """An article becomes an alert although no login may do more than its role needs."""
    assert (await first_alert(secure.scram, tmp_path)).evidence


async def test_an_older_kafka_will_do(tmp_path: Path) -> None:
    """The same on Kafka 3.9, the last one before 4."""
    older = jar_settings().model_copy(update={"jars": jars(tmp_path / "jars", "-Dkafka.version=3.9.1")})
    broker = LocalBroker(tmp_path / "kafka", older)
    await broker.start()
    try:
        settings = KafkaSettings(bootstrap=broker.bootstrap, partitions=2)
        async with kafka.Broker(settings) as init:
            await init.make()
            assert await init.check() == []
            assert await init.room()
        assert (await first_alert(lambda _: settings, tmp_path)).evidence
    finally:
        await broker.stop()


@pytest.mark.parametrize(("role", "may"), [("ingest", True), ("push", True), ("operator", True), ("classify", False)])
async def test_who_tells_of_the_brokers_disk_may_see_it(secure: SecureBroker, role: str, may: bool) -> None:
    """Those who have the right get the figure; others get none, and no error."""
    async with kafka.Broker(secure.scram(role)) as broker:
        assert (await broker.room() is not None) is may


async def test_an_operator_may_take_records_away(secure: SecureBroker) -> None:
    """What `stellwerk forget` asks of the broker: configurations there and back, who has read what, deleting."""
    async with Eraser(secure.scram("operator")) as broker:
        before = await broker.keeps(ALERTS)
        async with broker.compacting(ALERTS):
            shorter = await broker.keeps(ALERTS)
        assert before
        assert shorter
        assert shorter < before == await broker.keeps(ALERTS)
        await broker.unread(ARTICLES, {0: 0}, {"classify"})
        await broker.delete_before(ARTICLES, {0: 0})


@pytest.mark.parametrize("role", sorted(accesses()))
async def test_a_role_reads_and_writes_what_it_needs_and_nothing_else(secure: SecureBroker, role: str) -> None:
    """Every topic is tried both ways with the role's login; a route's topic stands for all that are to come."""
    settings, access = secure.scram(role), accesses()[role]
    reads = (*access.reads, *[EAST] * (access.routed == "Read"))
    writes = (*access.writes, *[EAST] * (access.routed == "Write"))
    for topic in (*TOPICS, EAST):
        for act, allowed in ((read, topic in reads), (send, topic in writes)):
            # What a role may neither read nor write is not even shown to it.
            refusal = pytest.raises((TopicAuthorizationFailedError, Transient), match=r"uthoriz|may not see")
            with contextlib.nullcontext() if allowed else refusal:
                await act(settings, topic)


async def test_init_applies_what_a_folder_says(secure: SecureBroker) -> None:
    """Accounts and sources of a folder reach their topics with no more than the login of `init`."""
    told = await apply(ROOT / "deploy" / "demo", Settings(kafka=secure.scram("init")))
    assert len(told) == 2


async def test_a_consumer_cannot_join_a_stage(secure: SecureBroker) -> None:
    """Whoever may read alerts may not take a stage's records away from it."""
    settings = secure.scram("consumer")
    async with kafka.reading(settings, group_id="stellwerk.alert") as consumer, asyncio.timeout(20):
        consumer.subscribe([kafka.full_name(settings, ALERTS)])
        with pytest.raises(GroupAuthorizationFailedError):
            await consumer.getone()


async def test_a_certificate_is_a_login(secure: SecureBroker) -> None:
    """With mTLS the name in the certificate is who one is."""
    await send(secure.certified("ingest"), ARTICLES, article().encode())
    with pytest.raises(Transient, match="write nothing"):
        await send(secure.certified("nobody"), ARTICLES)


async def test_a_token_out_of_a_file_is_a_login(secure: SecureBroker, papers: Papers, tmp_path: Path) -> None:
    """The file is read again for each connection, as long as somebody keeps it fresh."""
    file = tmp_path / "token"
    file.write_text(papers.token("ingest") + "\n")
    settings = secure.bearing(tokenfile=file)
    await send(settings, ARTICLES, article().encode())
    file.write_text(papers.token("nobody"))
    with pytest.raises(Transient, match="write nothing"):
        await send(settings, ARTICLES)


async def test_a_token_comes_from_an_endpoint(secure: SecureBroker, papers: Papers) -> None:
    """Client id and secret are exchanged for a token once, however many connections there are."""
    asked: list[tuple[str, str]] = []

    async def grant(request: web.Request) -> web.Response:
        form = await request.post()
        asked.append((str(form["grant_type"]), request.headers["Authorization"]))
        return web.json_response({"access_token": papers.token("ingest"), "expires_in": 300})

    app = web.Application()
    app.router.add_post("/token", grant)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        address = runner.addresses[0]
        settings = secure.bearing(token_url=f"http://127.0.0.1:{address[1]}/token", username="id")
        await send(settings, ARTICLES, article().encode())
    finally:
        await runner.cleanup()
    assert len(asked) == 1
    assert asked[0][0] == "client_credentials"


async def test_a_wrong_password_is_told(secure: SecureBroker) -> None:
    """A login that fails is one line that names the broker, without the password."""
    wrong = KafkaSettings.model_validate({**secure.scram("ingest").model_dump(), "password": "geheim"})
    with pytest.raises(Transient, match=secure.bootstrap) as told:
        async with kafka.Broker(wrong):
            pass
    assert "geheim" not in str(told.value)


def test_wrong_settings_are_named() -> None:
    """A file that is no certificate, no source of tokens, a secret in the clear: the setting at fault is named."""
    for update, field in (
        ({"security": "SSL", "cafile": "/nowhere.pem"}, "CAFILE"),
        ({"security": "SSL", "certfile": str(ROOT / "README.md")}, "CERTFILE"),
        ({"security": "SASL_SSL", "mechanism": "OAUTHBEARER"}, "TOKEN_URL"),
        ({"security": "SASL_SSL", "mechanism": "OAUTHBEARER", "token_url": "http://idp.example/token"}, "TOKEN_URL"),
    ):
        with pytest.raises(BadInput, match=f"STELLWERK_KAFKA__{field}"):
            kafka.client(KafkaSettings(bootstrap="127.0.0.1:1").model_copy(update=update))


async def test_the_doctor_sees_what_a_login_may_not(secure: SecureBroker) -> None:
    """Route's login may do all that route needs, its watchdog may ask; of what classify needs each refusal is named."""
    settings = Settings(kafka=secure.scram("route"))
    needs = accesses()
    assert await refused(settings, [needs["route"]]) == []
    assert set(await refused(settings, [needs["classify"]])) == {
        "read stellwerk.articles",
        "read stellwerk.promotions",
        "read stellwerk.rules",
        "write stellwerk.classified",
        "use group stellwerk.classify",
    }
    for stage in STAGES_TABLE:
        lag = Lag(stage, Settings(kafka=secure.scram(stage.name)))
        assert set(await lag.ask([0, 1])) == {0, 1}
        assert not lag.missing
        await lag.aclose()
