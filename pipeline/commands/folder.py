"""A folder of files as a deployment's configuration: what of it belongs on topics is put there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.errors import BadInput
from pipeline.settings import KafkaSettings

_ACCOUNTS: Final = ("accounts.csv", "accounts.toml", "accounts.jsonl")
_SOURCES: Final = ("sources.toml", "sources.csv", "sources.opml")


async def apply(folder: Path, settings: KafkaSettings) -> list[str]:
    """Make the topics of accounts and sources say what the files of a folder say.

    A file that is not there changes nothing. Both are read before anything is sent. The second time nothing changes.

    Args:
        folder: with `accounts` and `sources`, each as one of the kinds of file that can be.
        settings: which broker.

    Returns:
        A line for each file, on what has changed.

    Raises:
        BadInput: a file is wrong, or stands there in two kinds.
        NotReady: topics are missing.
        Transient: no broker answers.
    """
    from agents import control
    from agents.sources import load_sources
    from pipeline import accounts as whom
    from pipeline.route.accounts import load_accounts

    accounts, sources = _only(folder, _ACCOUNTS), _only(folder, _SOURCES)
    listen = load_accounts(accounts) if accounts else None
    poll = load_sources(sources) if sources else None
    changes: dict[Path, whom.Changes | control.Changes] = {}
    # Accounts first: so the first articles meet those whom they are about.
    if accounts and listen is not None:
        changes[accounts] = await whom.apply(settings, listen)
    if sources and poll is not None:
        changes[sources] = await control.apply(settings, poll)
    return [
        f"{file.name}: {len(of.new)} new, {len(of.changed)} changed, {len(of.gone)} gone, {of.same} as before"
        for file, of in changes.items()
    ]


def _only(folder: Path, names: tuple[str, ...]) -> Path | None:
    """Return the one file that has one of the names; None where there is none."""
    found = [folder / name for name in names if (folder / name).exists()]
    if len(found) > 1:
        raise BadInput(f"stands beside {found[0].name}, and only one can count; take one away", file=str(found[1]))
    return found[0] if found else None
