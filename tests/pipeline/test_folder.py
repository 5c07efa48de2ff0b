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
RULES = '[[rule]]\nid = "a"\ntype = "tender"\nquery = "crane"\n'
PROFILES = """[cranes]
reason = "rents out cranes"
types = { other = 1.0 }
status = { other = 1.0 }
direction = { other = 1.0 }
"""


@pytest.mark.broker
async def test_what_is_there_is_applied_and_what_is_missing_stays(settings: Settings, tmp_path: Path) -> None:
    """Twice the same changes nothing; a file that has gone takes nothing off its topic."""
    async with Broker(settings.kafka) as broker:
        await broker.make()
    assert await apply(tmp_path, settings) == []
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "sources.toml").write_text(SOURCES)
    assert await apply(tmp_path, settings) == [
        "accounts.csv: 2 new, 0 changed, 0 gone, 0 as before",
        "sources.toml: 1 new, 0 changed, 0 gone, 0 as before",
    ]
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "profiles.toml").write_text(PROFILES)
    said = [line.rpartition(", ") for line in (await apply(tmp_path, settings))[1:3]]
    assert [(line.partition(",")[0], what) for line, _, what in said] == [
        ("rules.toml: 1 rules", "applied"),
        ("profiles.toml: profiles cranes", "applied"),
    ]
    assert [line.rpartition(", ")[2] for line in (await apply(tmp_path, settings))[1:3]] == ["as before"] * 2
    for name in ("sources", "rules", "profiles"):
        (tmp_path / f"{name}.toml").unlink()
    assert await apply(tmp_path, settings) == ["accounts.csv: 0 new, 0 changed, 0 gone, 2 as before"]
    assert set(await listed(settings.kafka)) == {"one"}


@pytest.mark.broker
async def test_nothing_is_sent_where_one_file_is_wrong(settings: Settings, tmp_path: Path) -> None:
    """A fault in the sources, or the accounts in two kinds of file: named, and the topics stay as they are."""
    async with Broker(settings.kafka) as broker:
        await broker.make()
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "sources.toml").write_text(SOURCES.replace("https", "gopher"))
    with pytest.raises(BadInput, match=r"sources\.toml"):
        await apply(tmp_path, settings)
    (tmp_path / "sources.toml").unlink()
    (tmp_path / "accounts.toml").write_text("")
    with pytest.raises(BadInput, match=r"accounts\.toml.*beside accounts\.csv"):
        await apply(tmp_path, settings)
    assert not (await accounts.read(settings.kafka))[0]
