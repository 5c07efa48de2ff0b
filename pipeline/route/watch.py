"""Compliance watch: of whom and of what there shall never be an alert, as the account file says.

`never` holds signal types and words, `ignore_people` names; both count for the account, for what is below it, and
in the row `*` for all. A signal is stopped when its type, or a word or name in its passages, is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline.route.binding import Bound
from pipeline.route.names import fold
from pipeline.route.tree import Accounts
from pipeline.signals import SignalType

_TYPES: Final = frozenset(kind.value for kind in SignalType)


class Watch:
    """What is stopped.

    Args:
        accounts: with their lists.
    """

    __slots__ = ("_accounts", "_known")

    def __init__(self, accounts: Accounts) -> None:
        """Look at nothing yet."""
        self._accounts = accounts
        self._known: dict[str, tuple[frozenset[str], re.Pattern[str] | None]] = {}

    def stops(self, bound: Bound) -> bool:
        """Say whether this signal of this account makes no match."""
        types, words = self._of(bound.account_id)
        signal = bound.matched.signal
        if signal.type.value in types:
            return True
        return bool(words) and any(words.search(_plain(span.text)) for span in signal.evidence)  # type: ignore[union-attr]

    def _of(self, account_id: str) -> tuple[frozenset[str], re.Pattern[str] | None]:
        if account_id not in self._known:
            rows = [*self._accounts.path(account_id)]
            rows += [self._accounts.everybody] if self._accounts.everybody else []
            never = {word for row in rows for word in row.never}
            people = {name for row in rows for name in row.ignore_people}
            self._known[account_id] = frozenset(never & _TYPES), _any_of((never - _TYPES) | people)
        return self._known[account_id]


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern for any of these words, with an `s` where German and English put one."""
    plain = sorted(filter(None, map(_plain, words)))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, plain))})s?\b") if plain else None
