"""Records on the wire, settings and logs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline import log
from pipeline.errors import BadInput, Undecodable
from pipeline.records import Article, stable_id
from pipeline.settings import LogSettings, Settings, load
from pipeline.signals import Direction, SignalType, Status, direction_of

ARTICLE = Article(
    id="a",
    source_id="s",
    url="https://example.com/",
    title="Grüße \u2028 🚂",
    published=datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    fetched=datetime(2026, 11, 1, tzinfo=UTC),
)


def test_a_record_survives_the_wire() -> None:
    """What is decoded equals what was encoded; times are in UTC."""
    assert Article.decode(ARTICLE.encode()) == ARTICLE
    assert ARTICLE.published == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_a_newer_writer_may_add_fields() -> None:
    """A reader passes over fields that it does not know."""
    assert Article.decode(ARTICLE.encode()[:-1] + b',"new": 1}') == ARTICLE


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "empty value"),
        (b"{", "not JSON"),
        (b"3", "a JSON int"),
        (b'{"schema_version": 7}', "schema version 7, this reader knows 1"),
        (b'{"schema_version": 1}', "Article.id: Field required"),
        (ARTICLE.encode().replace(b"2026-11-01T10:00:00Z", b"2026-11-01T10:00:00"), "time has no zone"),
    ],
)
def test_what_cannot_be_decoded_says_why(value: bytes | None, said: str) -> None:
    """Each kind of bad bytes has its own reason, and the reason holds no content."""
    with pytest.raises(Undecodable, match=said):
        Article.decode(value)


def test_ids_do_not_collide_by_joining() -> None:
    """`ab` + `c` and `a` + `bc` are different."""
    assert stable_id("ab", "c") != stable_id("a", "bc")
    assert stable_id("ab", "c") == stable_id("ab", "c")


def test_direction_follows_status() -> None:
    """A plant called off is decline; cuts called off are no growth."""
    assert direction_of(SignalType.NEW_SITE, Status.PLANNED) is Direction.GROWTH
    assert direction_of(SignalType.NEW_SITE, Status.CANCELLED) is Direction.DECLINE
    assert direction_of(SignalType.LAYOFFS, Status.CANCELLED) is Direction.NEUTRAL


def test_environment_beats_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A setting comes from the environment, else from the file, else from its default; secrets from files."""
    file, secret = tmp_path / "stellwerk.toml", tmp_path / "secret"
    file.write_text('[kafka]\nbootstrap = "file:1"\nprefix = "f."\n')
    secret.write_text("geheim\n")
    monkeypatch.setenv("STELLWERK_FILE", str(file))
    monkeypatch.setenv("STELLWERK_KAFKA__BOOTSTRAP", "env:1")
    monkeypatch.setenv("STELLWERK_KAFKA__PASSWORD_FILE", str(secret))
    monkeypatch.delenv("STELLWERK_KAFKA__PASSWORD", raising=False)
    settings = load()
    assert (settings.kafka.bootstrap, settings.kafka.prefix, settings.kafka.partitions) == ("env:1", "f.", 4)
    assert settings.kafka.password.get_secret_value() == "geheim"
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(("name", "value"), [("KAFKA__PARTITIONS", "many"), ("KAFKA__PARTITION", "4")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value that does not fit, or a name that does not exist, is refused by its name."""
    monkeypatch.setenv(f"STELLWERK_{name}", value)
    with pytest.raises(BadInput, match=f"STELLWERK_{name}"):
        load()


def test_logs_of_a_lost_broker_are_sparse(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a warning that a library repeats ten times a second, one a second is written, to standard error."""
    log.start(LogSettings(form="json"))
    for _ in range(50):
        logging.getLogger("aiokafka.client").warning("broker away")
    captured = capsys.readouterr()
    assert captured.err.count("broker away") == 1
    assert captured.out == ""


def test_settings_need_no_environment() -> None:
    """The defaults are a working set."""
    assert Settings().stream.batch > 0
