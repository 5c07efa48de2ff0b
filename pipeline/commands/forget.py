"""`stellwerk forget`: a person's name taken out of what Kafka and backups hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start
from pipeline.commands.backup import bars

if TYPE_CHECKING:
    from pipeline.forget import Found, Report
    from pipeline.redact import Person
    from pipeline.settings import Settings

_SHORTEST: Final = 3
_SHOWN: Final = 5


def forget(
    names: Annotated[list[str], typer.Argument(help="How the person is called; several spellings are fine.")],
    backup: Annotated[list[Path] | None, typer.Option(help="Also in this backup; may be given again.")] = None,
    now: Annotated[
        bool,
        typer.Option("--now", help="Delete what retention would let go of later, with all older records beside it."),
    ] = False,
    look: Annotated[bool, typer.Option("--look", help="Only look; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per record found, deleted or left.")] = False,
) -> None:
    """Find a person's name in all topics and in backups, and take it out. Alert workers must be stopped.

    Alerts get a revision without the name, labels and dead letters are written again without it, `ignore_people` gets
    it. Articles and what is made of them go by themselves, by a day that is told; `--now` deletes them. Exit code 1
    when something is left that does not go by itself.

    Examples:

        stellwerk forget "Erika Dornfeld" --look

        stellwerk forget "Erika Dornfeld" "E. Dornfeld" --backup /srv/backup/2026-11-28

        stellwerk forget "Erika Dornfeld" --now --yes --json > forgotten.jsonl
    """
    from pipeline import backup as backups
    from pipeline.forget import FILES, find
    from pipeline.forget import forget as take_out
    from pipeline.redact import Person

    if short := [name for name in names if sum(map(str.isalnum, name)) < _SHORTEST]:
        raise typer.BadParameter(f"{short[0]!r} is too short to be a name: it would be found everywhere")
    settings, person, folders = start.connected("forget"), Person.of(names), backup or []
    with bars() as step:
        found = start.run(find(settings.kafka, person, step))
    if found is None:
        raise typer.Exit(130)
    saved = {folder: sum(person.named(value) for _, value in backups.each(folder)) for folder in folders}
    screen = Console(stderr=as_json, soft_wrap=True, highlight=False)
    _tell(screen, found, "found", as_json=as_json)
    for folder, count in saved.items():
        screen.print(f"{count:>8}  {escape(str(folder))}")
    if look or not (yes or typer.confirm("take it out?", err=True)):
        return
    with bars() as step:
        report = start.run(take_out(settings.kafka, person, found, now=now, step=step))
    if report is None:
        raise typer.Exit(130)
    files = {topic.name for topic in FILES}
    for folder in folders:
        changed = backups.rewrite(folder, lambda topic, value: _changed(person, topic in files, value))
        screen.print(f"backup {escape(str(folder))}: {changed} records without the name")
    _report(screen, report, settings, as_json=as_json)
    raise typer.Exit(1 if any(one.until is None for one in report.left) else 0)


def _changed(person: Person, kept: bool, value: bytes) -> bytes:
    return value if kept or not person.named(value) else person.without(value)


def _report(screen: Console, report: Report, settings: Settings, *, as_json: bool) -> None:
    """Print what was done, topic by topic, and what is left."""
    file = settings.route.accounts or "your account file"
    if report.ignored:
        screen.print(f"ignored from now on: put it into `ignore_people` of the row `*` of {escape(str(file))}, too")
    for topic, keys in report.revised.items():
        screen.print(f"{topic}: {len(keys)} revisions without the name follow: {_listed(keys)}")
    for topic, (copies, named) in report.copied.items():
        screen.print(f"{topic}: {copies} records written again, {named} of them had the name")
    for topic, records in report.deleted.items():
        screen.print(f"{topic}: {len(records)} records deleted: {_listed([key for key, _, _ in records])}")
        for key, partition, offset in records if as_json else ():
            start.print_line(
                {"what": "deleted", "topic": topic, "partition": partition, "offset": offset, "key": _text(key)}
            )
    for topic, groups in report.unread.items():
        screen.print(f"[red]{topic}: not deleted where {', '.join(sorted(groups))} has not read it[/]; once more later")
    _tell(screen, report.left, "left", as_json=as_json)


def _tell(screen: Console, found: list[Found], what: str, *, as_json: bool) -> None:
    """Print records that name the person: by topic, how many, which, and when they are gone."""
    for one in found if as_json else ():
        start.print_line(_line(one, what))
    for topic, count in Counter(one.topic for one in found).items():
        those = [one for one in found if one.topic == topic]
        screen.print(f"{count:>8}  {topic}: {_listed([one.key for one in those])}; {_until(those)}")
    screen.print(f"{len(found)} records {what}")


def _until(found: list[Found]) -> str:
    from pipeline.forget import FILES
    from pipeline.topics import TOPICS

    if found[0].topic in {topic.name for topic in FILES}:
        return "says what a file of yours says: change that, and apply it"
    days = [one.until for one in found]
    if None in days:
        compact = any("compact" in topic.cleanup for topic in TOPICS if topic.name == found[0].topic)
        return "kept until Kafka compacts; --now makes it" if compact else "kept for ever"
    return f"gone by themselves by {max(day for day in days if day):%Y-%m-%d %H:%M} UTC"


def _line(one: Found, what: str) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("topic", "partition", "offset", "at", "until")}
    return {"what": what, **told, "key": _text(one.key)}


def _listed(keys: list[bytes]) -> str:
    names = list(dict.fromkeys(map(_text, keys)))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return escape(", ".join(names[:_SHOWN])) + more


def _text(key: bytes) -> str:
    return key.decode(errors="replace")
