"""Files that are applied while workers run: what comes into force, when, and what a wrong one changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline import applied, kafka, metrics
from pipeline.alert.memory import Memory
from pipeline.alert.profiles import Profiles, load_profiles, read_profiles
from pipeline.cli import app
from pipeline.following import Following
from pipeline.records import Alert, Match, ProfileFile
from pipeline.settings import AlertSettings, Settings
from pipeline.stream.alert import Alerting
from pipeline.stream.force import InForce
from pipeline.topics import ALERTS, MATCHES, PROFILES
from tests.alert.making import match
from tests.conftest import Workers

CRANES = """[cranes]
reason = "rents out cranes"
types = { other = 0.1, new_site = 0.5 }
status = { other = 1.0 }
direction = { other = 1.0 }
"""
TRUCKS = CRANES.replace("cranes", "trucks").replace("0.5", "1.0")
WRONG = CRANES.replace("0.5", "5.0")


def fresh(number: int) -> Match:
    """Return the match of an article that came just now, each of an account of its own."""
    now = datetime.now(UTC)
    one = match("Werk in Breslau", account=f"k{number}")
    return one.model_copy(update={"article": one.article.model_copy(update={"published": now, "fetched": now})})


def following(settings: Settings) -> Following[Profiles]:
    """Return what a worker follows its profiles with."""
    found = InForce(settings)._profiles
    assert found is not None
    return found


def record(text: str) -> ProfileFile:
    return ProfileFile(name="p.toml", version=read_profiles(text, "p.toml").version, at=datetime.now(UTC), text=text)


@given(text=st.text(), other=st.text())
def test_the_same_file_again_changes_nothing(text: str, other: str) -> None:
    """Whatever stands in it and whenever it was applied: only another text, or none, is a change."""
    first = ProfileFile(name="p", version="v", at=datetime(2026, 1, 1, tzinfo=UTC), text=text)
    again = first.model_copy(update={"at": datetime(2026, 1, 2, tzinfo=UTC)})
    assert applied._same(PROFILES, [b"rubbish", first.encode()], again)
    assert applied._same(PROFILES, [first.encode()], again.model_copy(update={"text": other})) is (text == other)
    assert not applied._same(PROFILES, [first.encode(), b"rubbish"], again)
    assert not applied._same(PROFILES, [first.encode()], None)
    assert applied._same(PROFILES, [first.encode(), None], None)
    assert applied._same(PROFILES, [], None)


def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """File, line and field, before any broker is asked; a file or `--remove`, and not both."""
    file = tmp_path / "p.toml"
    file.write_text(WRONG)
    refused = CliRunner().invoke(app, ["profiles", "apply", str(file)])
    assert str(refused.exception) == f"{file}:3: cranes.types.new_site: must be a number from 0 to 1"
    file.write_text(CRANES + "[x]\nreason = y\n")
    assert f"{file}:7:10: not TOML" in str(CliRunner().invoke(app, ["profiles", "apply", str(file)]).exception)
    assert CliRunner().invoke(app, ["profiles", "apply"]).exit_code == 2
    assert CliRunner().invoke(app, ["profiles", "apply", str(file), "--remove"]).exit_code == 2


def test_a_batch_is_scored_by_one_set() -> None:
    """What comes while a batch is at work waits for the next one."""
    stage = Alerting(Settings())
    stage._memory = {n: Memory() for n in range(stage._settings.kafka.partitions)}
    followed = stage._force._profiles
    assert followed is not None
    names = []
    for number, text in enumerate((CRANES, TRUCKS)):
        stage.aside()
        for half in range(2):
            (done,) = stage.step([fresh(10 * number + half)])
            names.append(list(Alert.decode(done.last[0].value).scores))
            followed.value = read_profiles(text, "")
    shipped = [profile.name for profile in load_profiles().all]
    assert names == [shipped, shipped, ["cranes"], ["cranes"]]


def test_a_file_of_the_settings_counts_instead(tmp_path: Path) -> None:
    """Where a file is named the topic is not even followed."""
    file = tmp_path / "p.toml"
    file.write_text(CRANES)
    stage = Alerting(Settings(alert=AlertSettings(profiles=file)))
    assert stage._force._profiles is None
    assert stage.versions() == {"profiles": read_profiles(CRANES, "").version, "routes": ""}


@pytest.mark.broker
async def test_a_wrong_record_leaves_what_was_in_force(settings: Settings) -> None:
    """Bytes that are no record, and a record with a wrong file: counted, and the one before stays over a restart."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    right = record(CRANES)
    assert await applied.put(settings.kafka, PROFILES, right)
    running = following(settings)
    await running.prepare()
    task = asyncio.create_task(running.follow())
    counted = metrics.UNUSABLE._values.get(("profiles",), 0)
    async with kafka.sending(settings.kafka) as producer:
        for value in (b"rubbish", right.model_copy(update={"text": WRONG}).encode()):
            await producer.send_and_wait(kafka.full_name(settings.kafka, PROFILES), value, key=b"profiles")
    async with asyncio.timeout(20):
        while metrics.UNUSABLE._values.get(("profiles",), 0) == counted:
            await asyncio.sleep(0.02)
    restarted = following(settings)
    await restarted.prepare()
    assert restarted.value == running.value == await applied.profiles_in_force(settings) == read_profiles(CRANES, "")
    assert await applied.put(settings.kafka, PROFILES, None)
    async with asyncio.timeout(20):
        while running.value != load_profiles():
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.broker
async def test_a_running_worker_takes_profiles(settings: Settings, worker: Workers) -> None:
    """New scores without a restart, each alert by one set; a wrong record and SIGKILL change nothing of that."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    environment = {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
    }
    child = worker("alert", quick=True)
    await child.start()
    await child.announced()
    numbers = iter(range(1000))
    shipped = await told(settings, next(numbers))
    assert shipped.versions.profiles == load_profiles().version
    versions = []
    for text in (CRANES, TRUCKS):
        file = settings.folder / "p.toml"
        file.write_text(text)
        for said in ("applied profiles", "nothing changes: profiles"):
            ran = await asyncio.to_thread(CliRunner().invoke, app, ["profiles", "apply", str(file)], env=environment)
            assert (ran.exit_code, said in ran.output) == (0, True), ran.output
        versions.append(read_profiles(text, "").version)
        async with asyncio.timeout(30):
            while (alert := await told(settings, next(numbers))).versions.profiles != versions[-1]:
                assert alert.versions.profiles in (versions[-2:-1] or [shipped.versions.profiles])
        assert list(alert.scores) == [text[1:7]]
    assert alert.scores["trucks"].parts["type"] == 1.0
    async with kafka.sending(settings.kafka) as producer:
        await producer.send_and_wait(kafka.full_name(settings.kafka, PROFILES), b"rubbish", key=b"profiles")
    async with asyncio.timeout(30):
        while "profiles that cannot be used" not in child.tail():
            await asyncio.sleep(0.05)
    assert (await told(settings, next(numbers))).versions.profiles == versions[-1]
    child.kill()
    await child.ended()
    await child.start()
    assert (await told(settings, next(numbers))).versions.profiles == versions[-1]
    await child.stop()
    assert len([one async for one in kafka.whole(settings.kafka, PROFILES)]) == 3


async def told(settings: Settings, number: int) -> Alert:
    """Send a match and return the alert that comes of it."""
    one = fresh(number)
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, MATCHES)
        await producer.send_and_wait(name, one.encode(), key=one.account.id.encode())
    async with asyncio.timeout(60):
        while True:
            async for found in kafka.whole(settings.kafka, ALERTS):
                if (alert := Alert.decode(found.value)).account.id == one.account.id:
                    return alert
