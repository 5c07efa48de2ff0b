"""A folder of files as a deployment's configuration: what of it belongs on topics is put there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from pipeline.errors import BadInput
from pipeline.records import AppliedFile, ProfileFile, RouteFile, RuleFile
from pipeline.settings import Settings
from pipeline.topics import PROFILES, ROUTES, RULES, Topic

if TYPE_CHECKING:
    from agents import control
    from pipeline import accounts as whom

_ACCOUNTS: Final = ("accounts.csv", "accounts.toml", "accounts.jsonl")
_SOURCES: Final = ("sources.toml", "sources.csv", "sources.opml")


File = TypeVar("File", bound=AppliedFile)


class _Versioned(Protocol):
    @property
    def version(self) -> str:
        """Hash of what the file says."""


Found = TypeVar("Found", bound=_Versioned)


async def apply(folder: Path, settings: Settings) -> list[str]:
    """Make the topics say what the files of a folder say: accounts, keyword rules, profiles, routes, sources.

    A file that is not there changes nothing. All are read before anything is sent. The second time nothing changes.

    Args:
        folder: with `accounts` and `sources`, each as one of the kinds of file that can be, `rules.toml`,
            `profiles.toml`, `routes.toml`.
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
    from pipeline import applied
    from pipeline.route.accounts import load_accounts

    accounts, sources = _only(folder, _ACCOUNTS), _only(folder, _SOURCES)
    listen = load_accounts(accounts) if accounts else None
    poll = load_sources(sources) if sources else None
    whole = [(topic, read(folder / name)) for name, topic, read in _WHOLE if (folder / name).exists()]
    await _suited(folder, settings)
    told = []
    # Sources last: so the first articles meet those whom they are about, and what is wanted of them.
    if accounts and listen is not None:
        told.append(_line(accounts, await whom.apply(settings.kafka, listen)))
    for topic, (file, what) in whole:
        changed = await applied.put(settings.kafka, topic, file)
        told.append(f"{file.name}: {what}, version {file.version}, {'applied' if changed else 'as before'}")
    if sources and poll is not None:
        told.append(_line(sources, await control.apply(settings.kafka, poll)))
    return told


async def _suited(folder: Path, settings: Settings) -> None:
    """Refuse routes that ask for profiles which are not there, as both will be in the end; make the routes' topics."""
    from pipeline import applied
    from pipeline.alert.profiles import load_profiles
    from pipeline.alert.routes import load_routes

    mine, wanted = folder / "profiles.toml", folder / "routes.toml"
    if not (mine.exists() or wanted.exists()):
        return
    there = load_profiles(mine) if mine.exists() else await applied.profiles_in_force(settings)
    tree = load_routes(wanted) if wanted.exists() else await applied.routes_in_force(settings)
    applied.known(tree, there, str(wanted if wanted.exists() else mine))
    if tree and wanted.exists():
        await applied.make(settings.kafka, tree)


def _line(file: Path, of: whom.Changes | control.Changes) -> str:
    return f"{file.name}: {len(of.new)} new, {len(of.changed)} changed, {len(of.gone)} gone, {of.same} as before"


def _only(folder: Path, names: tuple[str, ...]) -> Path | None:
    """Return the one file that has one of the names; None where there is none."""
    found = [folder / name for name in names if (folder / name).exists()]
    if len(found) > 1:
        raise BadInput(f"stands beside {found[0].name}, and only one can count; take one away", file=str(found[1]))
    return found[0] if found else None


def rules(path: Path) -> tuple[RuleFile, str]:
    """Return a rule file, checked, as it goes onto its topic, and what it holds, for people.

    Raises:
        BadInput: it is wrong.
    """
    from pipeline.rules.files import read_rules

    return _checked(path, RuleFile, read_rules, lambda found: f"{len(found.rules)} rules")


def profiles(path: Path) -> tuple[ProfileFile, str]:
    """Return a profile file, checked, as it goes onto its topic, and what it holds, for people.

    Raises:
        BadInput: it is wrong.
    """
    from pipeline.alert.profiles import read_profiles

    return _checked(
        path, ProfileFile, read_profiles, lambda found: f"profiles {', '.join(one.name for one in found.all)}"
    )


def routes(path: Path) -> tuple[RouteFile, str]:
    """Return a route file, checked but for its profiles, as it goes onto its topic, and what it holds, for people.

    Raises:
        BadInput: it is wrong.
    """
    from pipeline.alert.routes import read_routes

    return _checked(path, RouteFile, read_routes, lambda found: f"{len(list(found.walk()))} routes")


def _checked(
    path: Path, record: type[File], read: Callable[[str, str], Found], words: Callable[[Found], str]
) -> tuple[File, str]:
    """Return a file as it goes onto its topic, and what it holds in words, when `read` finds nothing wrong."""
    from pipeline.toml import read_text

    text = read_text(path)
    found = read(text, str(path))
    return record(name=path.name, version=found.version, at=datetime.now(UTC), text=text), words(found)


_WHOLE: Final[tuple[tuple[str, Topic, Callable[[Path], tuple[AppliedFile, str]]], ...]] = (
    ("rules.toml", RULES, rules),
    ("profiles.toml", PROFILES, profiles),
    ("routes.toml", ROUTES, routes),
)
