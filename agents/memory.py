"""What is remembered of each source, encoded, and how the sources are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from pipeline.records import PollState

#: The word in an encoded memory: decoding a million of them for a figure would take minutes.
_HEALTH: Final = re.compile(rb'"health":"([a-z_]+)"')


class Memory:
    """Source id -> memory, as bytes: a million of them as objects would be gigabytes.

    Attributes:
        health: sources by health, of those that have a memory.
    """

    def __init__(self, states: Mapping[str, PollState]) -> None:
        self._states: dict[str, bytes] = {}
        self.health: Counter[str] = Counter()
        for id, state in states.items():
            self.put(id, state.encode())

    def put(self, id: str, state: bytes | None) -> None:
        """Take over what was saved of a source; None forgets it."""
        if (before := self._states.pop(id, None)) is not None:
            self.health[_health(before)] -= 1
        if state is not None:
            self._states[id] = state
            self.health[_health(state)] += 1

    def get(self, id: str) -> PollState | None:
        """Return what was saved last of a source.

        Raises:
            Undecodable: the memory that was taken over is none.
        """
        known = self._states.get(id)
        return PollState.decode(known) if known else None


def _health(state: bytes) -> str:
    found = _HEALTH.search(state)
    return found[1].decode() if found else "new"
