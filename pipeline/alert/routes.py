"""Which routes an alert takes: a tree with a mandatory root, as in Alertmanager.

An alert enters at the root and goes down to the first child that matches, and to later ones where it says `continue`.
A route none of whose children matches is where the alert ends; so the root gets what nobody else wants.

    [route]                        # the root matches everything
    name = "rest"
    [[route.routes]]
    name = "poland"
    match = { region = ["PL", "CEE"], profile = "capital-goods", score = 30 }
    continue = true                # go on to the routes below
    topic = "east"                 # alerts.east; without it the parent's, the root's is its name
    receivers = ["kam"]            # told by `stellwerk worker notify`; see receivers.py
    group_wait = "2m"              # or digest = "07:30", zone = "Europe/Berlin", days = ["mon", "fri"]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pipeline.alert.profiles import best
from pipeline.alert.receivers import WAIT, Digest, Receiver, read_digest, read_receivers, read_wait
from pipeline.errors import BadInput
from pipeline.records import Alert, AlertState, RouteFile, stable_id
from pipeline.signals import Family, SignalType
from pipeline.toml import placed, read, read_text

_TOPIC: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_TELLS: Final = {"receivers", "group_wait", "digest", "zone", "days"}
_KEYS: Final = {"name", "topic", "match", "continue", "routes", *_TELLS}
_LISTS: Final = ("account", "unit", "owner", "region", "type", "family", "profile", "state")
_CLOSED: Final[dict[str, frozenset[str]]] = {
    "type": frozenset(map(str, SignalType)),
    "family": frozenset(map(str, Family)),
    "state": frozenset(map(str, AlertState)),
}


@dataclass(frozen=True, slots=True)
class Matchers:
    """What an alert must be; each list means any of its words, an empty one everything.

    Attributes:
        lists: words by matcher: account, unit, owner, region, type, family, profile, state.
        score: the least score, of the named profiles or else of any.
    """

    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    score: float = 0.0

    def fit(self, alert: Alert) -> bool:
        """Say whether the alert fits all of them."""
        words = _words(alert)
        named = self.lists.get("profile", frozenset())
        for name, wanted in self.lists.items():
            if name != "profile" and wanted.isdisjoint(words[name]):
                return False
        if not self.score:
            favourite = best(alert)
            return not named or (favourite is not None and favourite[0] in named)
        return any(one.value >= self.score for name, one in alert.scores.items() if not named or name in named)


def _words(alert: Alert) -> dict[str, set[str]]:
    """Return what each matcher looks at."""
    account = alert.account
    return {
        "account": {account.id, account.name},
        "unit": {account.unit_id, account.site_id, *account.path[1:]} - {""},
        "owner": {account.owner} - {""},
        "region": {word for place in alert.places for word in (place.country, place.region) if word},
        "type": {str(alert.signal.type)},
        "family": {str(alert.signal.family)},
        "state": {str(alert.state)},
    }


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree.

    Attributes:
        name: for people; unique in the tree.
        topic: alerts go to `alerts.<topic>`.
        match: what an alert must be.
        goes_on: whether later siblings are asked too when this one matched.
        routes: its children.
        receivers: who is told of its alerts; children have their own.
        wait: seconds that its alerts wait for others, to be told together.
        digest: tells them at times of the day instead.
        version: of the root: hash of the file.
    """

    name: str
    topic: str
    match: Matchers = field(default_factory=Matchers)
    goes_on: bool = False
    routes: tuple[Route, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    wait: float = WAIT
    digest: Digest | None = None
    version: str = ""

    def walk(self) -> Iterator[Route]:
        """Yield this route and all below."""
        yield self
        for route in self.routes:
            yield from route.walk()

    def topics(self) -> tuple[str, ...]:
        """Return the names of all topics below, each once."""
        return tuple(dict.fromkeys(route.topic for route in self.walk()))

    def told(self) -> dict[str, Receiver]:
        """Return everybody who is told of alerts below, by name."""
        return {one.name: one for route in self.walk() for one in route.receivers}

    def profiles(self) -> frozenset[str]:
        """Return the names of all profiles that are asked for below."""
        return frozenset(name for route in self.walk() for name in route.match.lists.get("profile", ()))


def choose(routes: Route, alert: Alert) -> list[Route]:
    """Return the routes that an alert takes, in the order of the file; at least one, in the end the root."""
    chosen: list[Route] = []
    for child in routes.routes:
        if child.match.fit(alert):
            chosen += choose(child, alert)
            if not child.goes_on:
                break
    return chosen or [routes]


def topics_for(routes: Route, alert: Alert) -> tuple[str, ...]:
    """Return the topics of the routes that an alert takes, each once."""
    return tuple(dict.fromkeys(route.topic for route in choose(routes, alert)))


def load_routes(file: Path, profiles: Iterable[str] | None = None) -> Route:
    """Return the tree in a file.

    Args:
        file: TOML with one table `route`, and `receivers` where routes name some.
        profiles: the names that a matcher `profile` may use; None where they are not known here.

    Raises:
        BadInput: as `read_routes`, or the file cannot be read.
    """
    return read_routes(read_text(file), str(file), profiles)


def opened(value: bytes | None) -> Route | None:
    """Return the tree in a record; one without value (a tombstone) means that there is none.

    Raises:
        Permanent: no route file, or one that this version cannot read.
    """
    if value is None:
        return None
    file = RouteFile.decode(value)
    return read_routes(file.text, file.name)


def read_routes(text: str, file: str, profiles: Iterable[str] | None = None) -> Route:
    """Return the tree in a file's text; `file` is its name for errors.

    Raises:
        BadInput: no TOML, no root, an unknown key or word, a name twice; with line and field.
    """
    raw = read(text, file)
    try:
        return replace(_root(raw, file, None if profiles is None else frozenset(profiles)), version=_version(text))
    except BadInput as error:
        raise placed(error, text) from None


def _version(text: str) -> str:
    return stable_id("routes", text)[:12]


def _root(raw: dict[str, Any], file: str, profiles: frozenset[str] | None) -> Route:
    if set(raw) - {"receivers"} != {"route"} or not isinstance(raw["route"], dict):
        raise BadInput("needs exactly one table [route], the root", file=file, field="route")
    receivers = read_receivers(raw.get("receivers", {}), file)
    if raw["route"].get("match"):
        raise BadInput("the root matches everything: no matchers here", file=file, field="route.match")
    root = _route(raw["route"], "route", None, _Known(file, profiles, receivers))
    names = [route.name for route in root.walk()]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadInput(f"two routes are named {twice!r}", file=file, field="name")
    return root


@dataclass(frozen=True, slots=True)
class _Known:
    """What a route may name, and the file that it stands in."""

    file: str
    profiles: frozenset[str] | None
    receivers: dict[str, Receiver]


def _route(table: Any, where: str, parent: str | None, known: _Known) -> Route:
    file = known.file
    if not isinstance(table, dict):
        raise BadInput("must be a table", file=file, field=where)
    if unknown := sorted(set(table) - _KEYS):
        raise BadInput(f"unknown; one of {', '.join(sorted(_KEYS))}", file=file, field=f"{where}.{unknown[0]}")
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise BadInput("every route needs a name", file=file, field=f"{where}.name")
    topic = table.get("topic", name if parent is None else parent)
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise BadInput("a topic is small letters, digits and hyphens", file=file, field=f"{where}.topic")
    goes_on, below = table.get("continue", False), table.get("routes", [])
    if not isinstance(goes_on, bool):
        raise BadInput("true or false", file=file, field=f"{where}.continue")
    if not isinstance(below, list):
        raise BadInput("must be tables [[…routes]]", file=file, field=f"{where}.routes")
    match = _matchers(table.get("match", {}), f"{where}.match", file, known.profiles)
    children = tuple(_route(one, f"{where}.routes[{at}]", topic, known) for at, one in enumerate(below, 1))
    told = _told(table.get("receivers", []), f"{where}.receivers", known)
    if not told and (without := sorted(_TELLS & set(table) - {"receivers"})):
        raise BadInput("says when, but nobody is told: name receivers", file=file, field=f"{where}.{without[0]}")
    wait = read_wait(table["group_wait"], f"{where}.group_wait", file) if "group_wait" in table else WAIT
    digest = read_digest(table, where, file)
    return Route(name, topic, match, goes_on, children, told, wait, digest)


def _told(names: Any, where: str, known: _Known) -> tuple[Receiver, ...]:
    if not isinstance(names, list) or any(name not in known.receivers for name in names):
        there = ", ".join(sorted(known.receivers)) or "none"
        raise BadInput(f"names of tables [receivers.NAME]; there are {there}", file=known.file, field=where)
    return tuple(known.receivers[name] for name in dict.fromkeys(names))


def _matchers(table: Any, where: str, file: str, profiles: frozenset[str] | None) -> Matchers:
    if not isinstance(table, dict):
        raise BadInput("must be a table", file=file, field=where)
    lists: dict[str, frozenset[str]] = {}
    for key, value in table.items():
        if key == "score":
            continue
        words = [value] if isinstance(value, str) else value
        if key not in _LISTS or not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise BadInput(f"a text or texts for one of {', '.join(_LISTS)}", file=file, field=f"{where}.{key}")
        known = profiles if key == "profile" else _CLOSED.get(key)
        if known is not None and (wrong := [word for word in words if word not in known]):
            raise BadInput(f"{wrong[0]!r} is none of {', '.join(sorted(known))}", file=file, field=f"{where}.{key}")
        lists[key] = frozenset(words)
    score = table.get("score", 0)
    if not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 100:
        raise BadInput("a number from 0 to 100", file=file, field=f"{where}.score")
    return Matchers(lists, float(score))
