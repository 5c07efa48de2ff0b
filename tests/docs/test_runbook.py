"""The runbook is run: every command in it exists with its options, and a day of an operator works as written."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from pipeline import accounts, kafka
from pipeline.cli import app
from pipeline.envelope import Out
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, DEAD_LETTERS
from tests.docs.test_docs import PAGES, ROOT
from tests.pipeline.test_operating import send

RUNBOOK = ROOT / "deploy" / "RUNBOOK.md"
#: Commands that do not end by themselves, or need what a test has not: a model trained for half an hour, a terminal.
_ELSEWHERE = ("worker", "up", "tail", "train", "evaluate", "shadow", "promote", "rollback", "labels")


def lines(page: Path) -> Iterator[str]:
    """Yield the commands of `stellwerk` in a page's blocks, without what stands before or after them on their line."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            found = re.match(r"(?:\w+=\S+ |\S+ exec .* -- |\S*/)*stellwerk (.*)", line)
            if found:
                yield found[1].partition("  #")[0].partition(" # ")[0].strip()


def words(line: str) -> list[str]:
    """Return a line's words up to a pipe or redirection."""
    said = shlex.split(line)
    end = next((at for at, word in enumerate(said) if word in ("|", ">", "<", ";", "&&")), len(said))
    return said[:end]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documented_commands_take_their_options(page: Path) -> None:
    """Each command is parsed as the shell would hand it over: a renamed option or a missing argument is found."""
    for line in lines(page):
        command, rest = get_command(app), words(line)
        while hasattr(command, "commands") and (rest or not command.invoke_without_command):
            assert rest, line
            assert rest[0] in command.commands, line
            command, rest = command.commands[rest[0]], rest[1:]
        context = command.context_class(command, info_name=line)
        # Not the whole `make_context`: that would also look whether the files are there.
        known, _, _ = command.make_parser(context).parse_args(list(rest))
        missing = [one.name for one in command.params if one.required and known.get(str(one.name)) in (None, ())]
        assert not missing, f"{line}: {missing}"


@pytest.mark.broker
async def test_a_day_of_an_operator(settings: Settings, tmp_path: Path) -> None:
    """Topics, accounts, sources, dead letters, rewinding, a backup and back: line for line as the runbook has it."""
    day = [line for line in lines(RUNBOOK) if not line.startswith(_ELSEWHERE) and "exec" not in line]
    assert len(day) > 12
    for name in ("accounts.csv", "sources.toml"):
        shutil.copy(ROOT / "deploy" / "examples" / name, tmp_path / name)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
        "STELLWERK_FOLDER": str(settings.folder),
    }
    for line in day:
        if line.startswith("restore"):
            # Into a Kafka that has nothing of it yet.
            environment["STELLWERK_KAFKA__PREFIX"] = "b" + settings.kafka.prefix
            await _run("topics init", environment, tmp_path)
        if line.startswith("dead list --since"):
            await _bury(settings)
        await _run(line.replace("/srv", str(tmp_path)).replace("/config", str(tmp_path)), environment, tmp_path)
    assert len([one async for one in kafka.whole(settings.kafka, ARTICLES)]) == 1
    restored = settings.kafka.model_copy(update={"prefix": environment["STELLWERK_KAFKA__PREFIX"]})
    there, _, _ = await accounts.read(restored)
    assert there.everybody
    assert there.everybody.ignore_people == ("Erika Dornfeld", "E. Dornfeld")


async def _bury(settings: Settings) -> None:
    about = {"topic": settings.kafka.prefix + ARTICLES.name, "partition": "0", "offset": "0", "stage": "route"}
    headers = tuple((f"dead_{name}", value.encode()) for name, value in about.items())
    await send(settings.kafka, Out(DEAD_LETTERS, b"key", b"{}", headers=headers))


async def _run(line: str, environment: dict[str, str], folder: Path) -> None:
    process = await asyncio.create_subprocess_shell(
        f"stellwerk {line}",
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said, _ = await process.communicate(b"y\n")
    assert process.returncode == 0, f"stellwerk {line}\n{said.decode()[-2000:]}"
