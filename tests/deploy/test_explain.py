"""`stellwerk explain`: every step's decision, and a reason for every refusal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from deploy.explain import REASONS, explain
from deploy.local import DEMO
from pipeline.alert.step import BESIDE, OUTCOMES
from pipeline.route.step import Routed
from pipeline.settings import AlertSettings, Settings

ROUTES = """
[receivers.kam]
mail = "env:KAM"
[route]
name = "rest"
receivers = ["kam"]
"""
TEXT = "Caldermont has won an order worth 40 million euros for a furnace in Bremen, the company said."


def test_every_refusal_has_a_reason() -> None:
    """Whatever the route and the alert stage refuse by, `explain` has words for; and it invents none."""
    refusals = re.findall(r"`(\w+)`", (Routed.__doc__ or "").split("refused:")[1].split("mentions:")[0])
    assert set(REASONS) == {*refusals, *OUTCOMES, BESIDE[0]}


async def said(folder: Path, capsys: pytest.CaptureFixture[str], title: str, days: float = 1) -> str:
    file = folder / "article.json"
    published = datetime.now(UTC) - timedelta(days=days)
    file.write_bytes(
        orjson.dumps({"title": title, "text": TEXT if "Caldermont" in title else "", "published": published})
    )
    (folder / "routes.toml").write_text(ROUTES)
    await explain(str(file), DEMO / "accounts.csv", Settings(alert=AlertSettings(routes=folder / "routes.toml")))
    return capsys.readouterr().out


async def test_an_alert_is_explained_to_its_receivers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Signal, account, why, the score with its parts, the route and who is told."""
    text = await said(tmp_path, capsys, "Caldermont wins furnace order worth 40 million euros")
    for word in ("contract_win", "Caldermont: alerted", "bank ", "× status", "rest: alerts.rest, tells kam"):
        assert word in text


async def test_a_refusal_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No signal, no account, too old: each says why."""
    assert REASONS["no_signal"] in await said(tmp_path, capsys, "Das Wetter bleibt am Wochenende schön")
    assert REASONS["no_account"] in await said(tmp_path, capsys, "Unbekannte Firma baut neues Werk in Polen")
    old = await said(tmp_path, capsys, "Caldermont wins furnace order worth 40 million euros", days=30)
    assert f"old, {REASONS['old']}" in old.replace("\n", " ")
