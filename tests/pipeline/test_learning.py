"""`stellwerk accounts learn` on the real broker: labels and alerts in, an account file out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.envelope import Out
from pipeline.settings import Settings
from pipeline.topics import ALERTS, LABELS
from tests.pipeline.test_operating import environment, made, send
from tests.route.test_learn import DOUBTFUL_DE, _alert, _label


@pytest.mark.broker
async def test_labels_on_the_broker_teach_the_account_file(settings: Settings, tmp_path: Path) -> None:
    """Three verdicts on one name stand in the file that is written, and are told with what they weigh."""
    await made(settings.kafka)
    for n in range(3):
        alert, label = _alert(f"a{n}", "linde", (f"i{n}", DOUBTFUL_DE)), _label(f"a{n}", f"i{n}", right=False)
        await send(
            settings.kafka,
            Out(ALERTS, alert.id.encode(), alert.encode(), partition=0),
            Out(LABELS, label.article_id.encode(), label.encode()),
        )
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,name\nlinde,Linde\n")
    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["accounts", "learn", str(file)], env=environment(settings)
    )
    assert result.exit_code == 0, result.output
    assert "Linde: 0 of 3" in result.stdout
    assert "3 verdicts counted, 0 could not" in result.stderr
