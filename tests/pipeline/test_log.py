"""Log lines: JSON that a machine reads, with what they are about, and never with a secret."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from pydantic import SecretStr

from pipeline import log
from pipeline.settings import KafkaSettings, LogSettings, PushSettings, Section, Settings

SECRET = 'pa"ss/wörd'


def lines(captured: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.splitlines()]


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_are_blacked_out_whoever_writes(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A password in a message, a field, a URL or a library's traceback never reaches the log."""
    settings = Settings(
        kafka=KafkaSettings.model_validate({"password": SECRET}),
        push=PushSettings.model_validate({"token": "t0ken-t0ken-t0ken"}),
        log=LogSettings(form=form),
    )
    log.start(settings.log, "test", settings.secrets())
    structlog.get_logger().warning(f"refused {SECRET}", url="kafka://user:pa%22ss%2Fw%C3%B6rd@host", password=SECRET)
    try:
        raise ValueError(f"login with {SECRET} failed")
    except ValueError:
        logging.getLogger("somebody").exception("trouble: %s", "t0ken-t0ken-t0ken")
    written = capsys.readouterr().err
    assert written.count("***") >= 5
    for part in (SECRET, json.dumps(SECRET)[1:-1], "pa%22ss", "t0ken-t0ken"):
        assert part not in written
    if form == "json":
        assert [line["level"] for line in lines(written)] == ["warning", "error"]


def test_every_secret_of_the_settings_is_known() -> None:
    """Whatever is declared as a secret in any section is among those that are blacked out."""
    sections = [part for part in vars(Settings()).values() if isinstance(part, Section)]
    secret = [value for part in sections for value in vars(part).values() if isinstance(value, SecretStr)]
    assert len(Settings().secrets()) == len(secret) >= 3
    assert "one1" in Settings(kafka=KafkaSettings.model_validate({"password": "one1"})).secrets()
