"""What people's labels said of a name, as it stands in an account file, and how much it counts.

Linde: 1 of 8        seven of eight verdicts said that this name did not mean the account
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_WRITTEN: Final = re.compile(r"(\S.*): (\d{1,6}) of (\d{1,6})")
_FEWEST: Final = 3
"""Verdicts; fewer may be a slip."""
_MOST: Final = 2.5
"""Logits: a name that is nothing else stays a mention, whatever labels say of the alerts that it led to."""


class Judged(NamedTuple):
    """The verdicts on one name of one account.

    Attributes:
        name: as the account file writes it.
        right: how many said that it meant the account.
        total: how many there are.
    """

    name: str
    right: int
    total: int

    def __str__(self) -> str:
        """Return it as the account file has it."""
        return f"{self.name}: {self.right} of {self.total}"

    @property
    def weight(self) -> float:
        """Logits for the name's being the account: one verdict of each kind is thought in; 0 where there are few."""
        if self.total < _FEWEST:
            return 0.0
        odds = math.log((self.right + 1) / (self.total - self.right + 1))
        return max(-_MOST, min(_MOST, odds))

    @property
    def why(self) -> str:
        """Say the weight in words."""
        wrong = self.total - self.right
        if wrong > self.right:
            return f"people said {wrong} of {self.total} times that this name is not the account"
        return f"people said {self.right} of {self.total} times that this name is the account"


def parse(written: str) -> Judged | None:
    """Return what an entry of an account file says; None where it is none."""
    found = _WRITTEN.fullmatch(written)
    if not found or not int(found[2]) <= int(found[3]) or not int(found[3]):
        return None
    return Judged(found[1], int(found[2]), int(found[3]))


def on(name: str, entries: Iterable[str]) -> Judged | None:
    """Return the verdicts on this name among these entries; None where nobody has judged it."""
    return next((one for one in map(parse, entries) if one and one.name == name), None)
