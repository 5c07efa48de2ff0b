"""How much a kind of supplier wants an alert: profiles are data, a score is a product of parts.

    value = 100 × type × status × direction × role × probability × credibility × sources × region × size × age

Each part lies between 0 and 1 and stands in the score, so that a reader sees which one pulls it down. The first three
come from the profile (`profiles.toml`), region from the profile where it names some; the others are the same for all.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.records import Alert, Fact, FactKind, ProfileFile, Role, Score
from pipeline.signals import Direction, SignalType, Status
from pipeline.toml import placed, read, read_text

#: Who acts counts most; an alert keeps its best role.
_ROLES: Final = {Role.ACTOR: 1.0, Role.TARGET: 0.9, Role.PARTNER: 0.8, Role.MENTIONED: 0.3}
#: Days after which an alert is worth half.
_HALF_LIFE: Final = 14.0
#: What is left of a score outside the profile's regions, and for an amount that is small or unknown.
_ELSEWHERE, _NO_SIZE = 0.3, 0.85
#: Euros (or the like) and jobs from which size counts in full.
_LARGE_AMOUNT, _MANY_JOBS = 100e6, 500.0
_CLOSED: Final[dict[str, type]] = {"types": SignalType, "status": Status, "direction": Direction}


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of supplier finds relevant.

    Attributes:
        name: as in the file.
        reason: who this is, in a sentence.
        types: weight of each signal type.
        status: weight of each status.
        direction: weight of each direction.
        regions: countries (two letters) and sales regions that count in full; empty means everywhere.
    """

    name: str
    reason: str
    types: Mapping[str, float]
    status: Mapping[str, float]
    direction: Mapping[str, float]
    regions: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles of a deployment, and the version of the file that they come from."""

    all: tuple[Profile, ...]
    version: str


def load_profiles(file: Path | None = None) -> Profiles:
    """Return the profiles in a file, or those that ship.

    Raises:
        BadInput: as `read_profiles`, or the file cannot be read.
    """
    return read_profiles(read_text(file), str(file)) if file else _shipped()


@cache
def _shipped() -> Profiles:
    return read_profiles((files("pipeline.alert") / "profiles.toml").read_text("utf-8"), "profiles.toml")


def opened(value: bytes | None) -> Profiles:
    """Return the profiles in a record; one without value (a tombstone) means those that ship.

    Raises:
        Permanent: no profile file, or one that this version cannot read.
    """
    if value is None:
        return _shipped()
    file = ProfileFile.decode(value)
    return read_profiles(file.text, file.name)


def read_profiles(text: str, file: str) -> Profiles:
    """Return the profiles in a file's text; `file` is its name for errors.

    Raises:
        BadInput: no TOML, an unknown name, or a weight outside 0 to 1; with line and field.
    """
    raw = read(text, file)
    if not raw:
        raise BadInput("no profile in it", file=file)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    try:
        return Profiles(tuple(_profile(name, table, file) for name, table in raw.items()), version)
    except BadInput as error:
        raise placed(error, text) from None


def _profile(name: str, table: Any, file: str) -> Profile:
    if not isinstance(table, dict):
        raise BadInput("must be a table", file=file, field=name)
    if unknown := sorted(set(table) - {"reason", "regions", *_CLOSED}):
        raise BadInput("unknown key", file=file, field=f"{name}.{unknown[0]}")
    if not table.get("reason"):
        raise BadInput("every profile needs a reason: whom is it for?", file=file, field=f"{name}.reason")
    weights = {key: _weights(table.get(key), kinds, f"{name}.{key}", file) for key, kinds in _CLOSED.items()}
    regions = table.get("regions", [])
    if not isinstance(regions, list) or not all(isinstance(one, str) for one in regions):
        raise BadInput("must be a list of texts", file=file, field=f"{name}.regions")
    return Profile(name, table["reason"], **weights, regions=frozenset(regions))


def _weights(table: Any, kinds: Any, where: str, file: str) -> dict[str, float]:
    if not isinstance(table, dict):
        raise BadInput("missing, or not a table", file=file, field=where)
    known = {str(kind) for kind in kinds}
    other: Any = table.get("other", 0.0)
    for key, value in table.items():
        if key not in known | {"other", "reason"}:
            raise BadInput(f"unknown; one of {', '.join(sorted(known))}", file=file, field=f"{where}.{key}")
        if key != "reason" and not (_is_number(value) and 0 <= value <= 1):
            raise BadInput("must be a number from 0 to 1", file=file, field=f"{where}.{key}")
    return {key: float(table.get(key, other)) for key in known}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def score(profile: Profile, alert: Alert, now: datetime) -> Score:
    """Return how much a profile wants an alert, 0 to 100, with its parts."""
    signal = alert.signal
    parts = {
        "type": profile.types[signal.type],
        "status": profile.status[signal.status],
        "direction": profile.direction[signal.direction],
        "role": max((_ROLES[one.role] for one in alert.evidence), default=_ROLES[Role.MENTIONED]),
        "probability": 0.5 + 0.5 * signal.probability,
        "credibility": 0.7 + 0.3 * max((article.credibility for article in alert.articles), default=0.0),
        "sources": min(1.0, 0.85 + 0.075 * (independent(alert) - 1)),
        "region": _region(profile, alert),
        "size": _size(alert.facts),
        "age": 0.5 ** (max(0.0, (now - alert.published).total_seconds()) / 86_400 / _HALF_LIFE),
    }
    return Score(
        value=round(100 * math.prod(parts.values()), 1), parts={name: round(part, 3) for name, part in parts.items()}
    )


def scores(profiles: Profiles, alert: Alert, now: datetime) -> dict[str, Score]:
    """Return the alert's score for each profile, by name."""
    return {profile.name: score(profile, alert, now) for profile in profiles.all}


def independent(alert: Alert) -> int:
    """Return how many publishers report it; one article printed word for word by two counts once."""
    titles = {article.title.casefold() for article in alert.articles}
    return min(len({article.publisher for article in alert.articles}), len(titles))


def _region(profile: Profile, alert: Alert) -> float:
    """Return 1 where the alert happens in the profile's regions; unknown places lie between."""
    if not profile.regions:
        return 1.0
    where = {name for place in alert.places for name in (place.country, place.region) if name}
    if not where:
        return (1.0 + _ELSEWHERE) / 2
    return 1.0 if where & profile.regions else _ELSEWHERE


def _size(facts: Iterable[Fact]) -> float:
    """Return how large it is by its largest amount or number of jobs; unknown counts as small."""
    largest = 0.0
    for fact in facts:
        whole = {FactKind.AMOUNT: _LARGE_AMOUNT, FactKind.JOBS: _MANY_JOBS}.get(fact.kind)
        if whole and fact.value and fact.value > 0:
            largest = max(largest, min(1.0, math.log1p(fact.value) / math.log1p(whole)))
    return _NO_SIZE + (1 - _NO_SIZE) * largest


def best(alert: Alert) -> tuple[str, float] | None:
    """Return the profile that wants the alert most, and how much."""
    if not alert.scores:
        return None
    name = max(alert.scores, key=lambda one: alert.scores[one].value)
    return name, alert.scores[name].value
