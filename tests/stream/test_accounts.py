"""Accounts in service: applied, compared, written out, and taken by a running worker between two batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from pipeline import accounts as topic
from pipeline import kafka
from pipeline.cli import app
from pipeline.records import Match
from pipeline.route.accounts import load_accounts
from pipeline.route.tree import Account, Accounts
from pipeline.settings import Settings
from pipeline.stream.accounts import Listening
from pipeline.stream.route import Routing
from pipeline.topics import ACCOUNTS, CLASSIFIED, MATCHES
from tests.conftest import Workers
from tests.route.test_binding import _classified

pytestmark = pytest.mark.broker
TITLE = "Nordhaff und Rhenovar bauen Werke"


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    yield settings


async def command(settings: Settings, *arguments: str) -> list[str]:
    """Run `stellwerk accounts` and return its output's lines."""
    environment = {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
    }
    result = await asyncio.to_thread(CliRunner().invoke, app, ["accounts", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def write(folder: Path, text: str) -> str:
    (folder / "accounts.csv").write_text(text)
    return str(folder / "accounts.csv")


async def test_commands(ready: Settings, tmp_path: Path) -> None:
    """`diff` says what `apply` then does; `export` writes what is in service, and reads as the same."""
    first = write(tmp_path, "account_id,name,parent_id,aliases\na,Nordhaff,,NHF;N'haff\nb,Rhenovar,,\n*,all,,\n")
    assert await command(ready, "diff", first) == [
        "new      *",
        "new      a",
        "new      b",
        "3 new, 0 changed, 0 gone, 0 as before",
    ]
    version = load_accounts(Path(first)).version
    assert (await command(ready, "apply", first))[-2:] == [
        "3 new, 0 changed, 0 gone, 0 as before",
        f"version {version}",
    ]
    second = write(tmp_path, "account_id,name,parent_id,aliases\na,Nordhaff,,NHF\nc,Cargo,a,\n*,all,,\n")
    told = ["new      c", "changed  a: aliases", "gone     b", "1 new, 1 changed, 1 gone, 1 as before"]
    assert await command(ready, "diff", second) == told
    assert (await command(ready, "apply", second))[:-1] == told
    for form in ("csv", "toml", "jsonl"):
        again = tmp_path / f"again.{form}"
        again.write_text("\n".join(await command(ready, "export", "--format", form)) + "\n")
        assert load_accounts(again).version == load_accounts(Path(second)).version
    assert (await command(ready, "apply", second))[-2] == "0 new, 0 changed, 0 gone, 3 as before"


def _named(stage: Routing | Listening) -> set[str]:
    router = stage.router if isinstance(stage, Listening) else stage.accounts.router
    return {mention.account_id for mention in router.finder.find(TITLE)}


async def _until(listening: Listening, wanted: Accounts) -> None:
    async with asyncio.timeout(20):
        while listening.router.accounts.version != wanted.version:
            await asyncio.sleep(0.02)
            await listening.prepare()


async def test_following(ready: Settings) -> None:
    """What is applied is in service in one step: few accounts in the tables, many in new ones; what is half is not."""
    listening = Listening(ready)
    await listening.prepare()
    assert _named(listening) == set()
    task = asyncio.create_task(listening.follow())
    few = Accounts([Account("a", "Nordhaff"), Account("b", "Rhenovar")])
    await topic.apply(ready.kafka, few)
    tables = listening.router
    await _until(listening, few)
    assert (listening.router is tables, _named(listening)) == (True, {"a", "b"})
    async with kafka.sending(ready.kafka) as producer:
        name = kafka.full_name(ready.kafka, ACCOUNTS)
        await producer.send_and_wait(name, None, key=b"b")
        await producer.send_and_wait(name, b"rubbish", key=b"c")
    many = Accounts([*few, *(Account(f"f{n}", f"Firmala{n}x") for n in range(2_000))])
    await topic.apply(ready.kafka, many)
    await _until(listening, many)
    assert (listening.router is tables, _named(listening)) == (False, {"a", "b"})
    late = Listening(ready)
    await late.prepare()
    assert (late.router.accounts.version, _named(late)) == (many.version, {"a", "b"})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_file_counts_instead_of_the_topic(ready: Settings, tmp_path: Path) -> None:
    """With a file set, nothing of the topic is taken."""
    await topic.apply(ready.kafka, Accounts([Account("a", "Nordhaff")]))
    file = Path(write(tmp_path, "account_id,name\nb,Rhenovar\n"))
    stage = Routing(ready.model_copy(update={"route": ready.route.model_copy(update={"accounts": file})}))
    await stage.start()
    assert _named(stage) == {"b"}


@pytest.mark.slow
async def test_a_worker_switches_without_a_restart(ready: Settings, worker: Workers) -> None:
    """A running worker's matches carry the version of the accounts that made them: the old one, then the new one."""
    one, both = Accounts([Account("a", "Nordhaff")]), Accounts([Account("a", "Nordhaff"), Account("b", "Rhenovar")])
    await topic.apply(ready.kafka, one)
    route = worker("route")
    await route.start()
    await route.announced()
    assert await _matched(ready, "1", 1) == {("a", one.version)}
    await topic.apply(ready.kafka, both)
    async with asyncio.timeout(20):
        number, found = 2, set[tuple[str, str]]()
        while found != {("a", both.version), ("b", both.version)}:
            found = await _matched(ready, str(number), 1)
            number += 1
    assert await route.stop() is None
    print("\n" + route.tail())


#: A route worker whose tables take longer to build than a session lasts.
_SLOW = """
import time
from pipeline.stream.accounts import Listening

fast = Listening._routed

def slow(self, accounts):
    if len(accounts):
        time.sleep(9)
    return fast(self, accounts)

Listening._routed = slow
from pipeline.cli import main
main()
"""


@pytest.mark.slow
async def test_a_start_that_takes_long_joins_once(ready: Settings, worker: Workers) -> None:
    """Names that are built for longer than a session lasts are built before the group is joined, not within it."""
    await topic.apply(ready.kafka, one := Accounts([Account("a", "Nordhaff")]))
    route = worker("route", quick=True)
    route.command[1:] = ["-c", _SLOW, "worker", "route", "--announce"]
    await route.start()
    await route.announced()
    assert await _matched(ready, "1", 1) == {("a", one.version)}
    assert await route.stop() is None
    assert route.log
    log = route.log.read_text()
    assert (log.count("assigned "), log.count("will rejoin")) == (1, 0)


async def _matched(settings: Settings, name: str, least: int) -> set[tuple[str, str]]:
    """Send an article and return for which accounts, of which version, it matched."""
    classified = _classified(TITLE, "", TITLE)
    classified = classified.model_copy(update={"article": classified.article.model_copy(update={"id": name})})
    async with kafka.sending(settings.kafka) as producer:
        await producer.send_and_wait(
            kafka.full_name(settings.kafka, CLASSIFIED), classified.encode(), key=name.encode()
        )
    async with kafka.Broker(settings.kafka) as broker, asyncio.timeout(20):
        while await broker.lag("route", CLASSIFIED):
            await asyncio.sleep(0.05)
    matches = [Match.decode(record.value) async for record in kafka.whole(settings.kafka, MATCHES)]
    found = {(match.account.id, match.accounts_version) for match in matches if match.article.id == name}
    assert len(found) >= least
    return found
