"""A folder of files that `stellwerk topics init` puts onto the topics."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.control import listed
from pipeline import accounts
from pipeline.commands.folder import apply
from pipeline.errors import BadInput
from pipeline.kafka import Broker
from pipeline.settings import Settings

ACCOUNTS = "account_id,name\na,Nordhaff AG\nb,Meldau GmbH\n"
SOURCES = '[[source]]\nid = "one"\nurl = "https://example.org/feed"\n'


@pytest.mark.broker
async def test_what_is_there_is_applied_and_what_is_missing_stays(settings: Settings, tmp_path: Path) -> None:
    """Twice the same changes nothing; a file that has gone takes nothing off its topic."""
    async with Broker(settings.kafka) as broker:
        await broker.make()
    assert await apply(tmp_path, settings.kafka) == []
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "sources.toml").write_text(SOURCES)
    assert await apply(tmp_path, settings.kafka) == [
        "accounts.csv: 2 new, 0 changed, 0 gone, 0 as before",
        "sources.toml: 1 new, 0 changed, 0 gone, 0 as before",
    ]
    (tmp_path / "sources.toml").unlink()
    assert await apply(tmp_path, settings.kafka) == ["accounts.csv: 0 new, 0 changed, 0 gone, 2 as before"]
    assert set(await listed(settings.kafka)) == {"one"}


@pytest.mark.broker
async def test_nothing_is_sent_where_one_file_is_wrong(settings: Settings, tmp_path: Path) -> None:
    """A fault in the sources, or the accounts in two kinds of file: named, and the topics stay as they are."""
    async with Broker(settings.kafka) as broker:
        await broker.make()
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "sources.toml").write_text(SOURCES.replace("https", "gopher"))
    with pytest.raises(BadInput, match=r"sources\.toml"):
        await apply(tmp_path, settings.kafka)
    (tmp_path / "sources.toml").unlink()
    (tmp_path / "accounts.toml").write_text("")
    with pytest.raises(BadInput, match=r"accounts\.toml.*beside accounts\.csv"):
        await apply(tmp_path, settings.kafka)
    assert not (await accounts.read(settings.kafka))[0]
