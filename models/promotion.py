"""Who went into service when, and why: the trail of promotions in the registry, and the way back.

The topic `promotions` says what is in service; it is compacted and so forgets. The trail keeps every promotion with its
author and reason, one file each under `promotions/`, which any kind of registry can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from models import registry
from models.store import Store
from pipeline.errors import BadModel, Undecodable
from pipeline.records import Promotion

MODEL: Final = "classifier"
"""The model's name: key on the topic."""
FOLDER: Final = "promotions"
_MOST: Final = 100_000


def note(place: registry.Place, promotion: Promotion) -> None:
    """Add a promotion to the trail.

    Raises:
        BadModel: the registry may not be written.
        Transient: it does not answer.
    """
    name = f"{promotion.at:%Y%m%dT%H%M%S.%fZ}-{promotion.version}.json"
    Store.at(place).below(FOLDER).write(name, promotion.encode() + b"\n")


def trail(place: registry.Place) -> list[Promotion]:
    """Return all promotions, the oldest first.

    Raises:
        BadModel: a file of the trail is no promotion.
    """
    store = Store.at(place).below(FOLDER)
    found = []
    for name in store.names():
        if not name.endswith(".json"):
            continue
        try:
            found.append(Promotion.decode(store.read(name, _MOST)))
        except Undecodable as error:
            raise BadModel(f"{store}/{name} is no promotion: {error}") from None
    return sorted(found, key=lambda one: one.at)


def before(trail: Sequence[Promotion], current: str) -> str:
    """Return the version to go back to from `current`; empty when there was none.

    Going back to a version forgets those that came after it, so that going back twice goes back two steps, and does
    not return to what has just been given up.
    """
    stack = _stack(promotion.version for promotion in trail)
    if current in stack:
        stack = stack[: stack.index(current)]
    return stack[-1] if stack else ""


def _stack(versions: Iterable[str]) -> list[str]:
    stack: list[str] = []
    for version in versions:
        if version in stack:
            del stack[stack.index(version) :]
        stack.append(version)
    return stack
