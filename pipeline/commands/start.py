"""What every command of these groups begins with: settings, a broker, something to read, somewhere to print."""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
import typer

from pipeline import log
from pipeline.errors import BadInput, NotReady, Undecodable
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from pipeline.records import Alert, AppliedFile, Article
    from pipeline.topics import Topic

#: Stands for the broker's topic where a file may be named; a file of that name is `./topic`.
TOPIC: Final = "topic"
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
_T = TypeVar("_T")
_UNITS: Final = {None: "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def plain(role: str = "", folder: Path | None = None) -> Settings:
    """Start the log and return the settings as they are, but for the folder where one is given."""
    settings = load()
    settings = settings.model_copy(update={"folder": folder}) if folder else settings
    log.start(settings.log, role, settings.secrets())
    return settings


def begin(role: str) -> Settings:
    """Start the log and return the settings; without a broker named, that of a running `stellwerk up` is taken."""
    settings = plain(role)
    if settings.kafka.bootstrap:
        return settings
    from deploy.local import ADDRESS

    file = settings.folder / ADDRESS
    if not file.exists():
        return settings
    kafka = settings.kafka.model_copy(update={"bootstrap": file.read_text().strip()})
    return settings.model_copy(update={"kafka": kafka})


def connected(role: str) -> Settings:
    """Start the log and return settings that lead to a broker.

    Raises:
        NotReady: none is named and none runs here.
    """
    settings = begin(role)
    need_broker(settings)
    return settings


def run(work: Coroutine[Any, Any, _T]) -> _T | None:
    """Run a coroutine; Ctrl-C ends it quietly."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return None


def need_broker(settings: Settings) -> None:
    """Refuse to go on without a broker.

    Raises:
        NotReady: none is named and none runs here.
    """
    if not settings.kafka.bootstrap:
        raise NotReady("no broker: set STELLWERK_KAFKA__BOOTSTRAP, or start one with `stellwerk up`")


def content(file: Path) -> bytes:
    """Return a file's bytes; `-` is standard input.

    Raises:
        BadInput: it cannot be read.
    """
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None


def articles(file: Path) -> Iterator[Article]:
    """Yield the articles of a file of JSON lines with id, title, text.

    Raises:
        BadInput: the file or a line cannot be read; with file, line and field.
    """
    from pipeline.lines import numbered
    from pipeline.process import read_article

    for number, line in numbered(content(file).splitlines()):
        yield read_article(line, number, str(file))


def alerts(data: bytes, file: Path) -> Iterator[Alert]:
    """Yield the alerts of JSON lines, as `tail alerts --json` prints them.

    Raises:
        BadInput: a line is no alert; with file and line.
    """
    from pipeline.records import Alert

    for number, line in enumerate(data.splitlines(), 1):
        try:
            yield Alert.decode(line)
        except Undecodable as error:
            raise BadInput(str(error), file=str(file), line=number) from None


def duration(value: str) -> timedelta:
    """Return a time span written as 7d, 12h, 30m, 60s, or a number of seconds.

    Raises:
        BadParameter: written otherwise; ends with exit code 2.
    """
    found = _DURATION.fullmatch(value.strip())
    if not found:
        raise typer.BadParameter(f"{value!r} is no duration; write 60s, 30m, 12h or 7d")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def put(settings: Settings, topic: Topic, file: AppliedFile | None, what: str) -> None:
    """Put a checked file onto its topic and say whether that changes anything; None takes away what is there.

    Args:
        settings: which broker.
        topic: which topic.
        file: what is put there.
        what: what it holds, for people.

    Raises:
        NotReady: the topic is missing.
        BadInput: the file is larger than the topic takes.
    """
    from pipeline import applied

    changed = run(applied.put(settings.kafka, topic, file))
    if changed is None:
        raise typer.Exit(130)
    version = f", version {file.version}" if file else ""
    print(f"applied {what}{version}" if changed else f"nothing changes: {what}{version}, as before")


def warn(what: str) -> None:
    """Say on standard error what the user should know beside the result."""
    print(what, file=sys.stderr)


def user() -> str:
    """Return who runs this, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def print_line(line: Any) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
    sys.stdout.buffer.flush()
