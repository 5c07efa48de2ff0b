"""Which site is meant where only the group is named: `Tesla-Werk`, and the town stands in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.route.gazetteer import names
from pipeline.route.hits import Hit
from pipeline.route.passages import Passages
from pipeline.route.tree import Account, Accounts, Level
from pipeline.route.words import PLANT

_PLANT_WORD = re.compile(r" ([\w-]+)")


class Sites:
    """The towns of the sites below each account.

    Args:
        accounts: with their sites.
    """

    __slots__ = ("_accounts", "_towns")

    def __init__(self, accounts: Accounts) -> None:
        """Look at nothing yet."""
        self._accounts = accounts
        self._towns: dict[str, dict[str, str]] = {}

    def meant(self, body: str, passages: Passages, hit: Hit, account_id: str) -> tuple[str, str] | None:
        """Return the site that `Tesla-Werk` means, where the text names its town; else None."""
        if not self._accounts.below(account_id):
            return None
        if account_id not in self._towns:
            self._towns[account_id] = _towns_below(self._accounts, account_id)
        towns = self._towns[account_id]
        following = _PLANT_WORD.match(body, hit.right)
        if not PLANT.search(body[hit.end : hit.right]) and not (following and PLANT.search(following.group(1))):
            return None
        start, end = passages.at(hit.start)
        for area in (body[start:end], body[: passages.title_end], body):
            found = {site: town for town, site in towns.items() if re.search(rf"\b{re.escape(town)}(?:s|er)?\b", area)}
            if found:
                return next(iter(found.items())) if len(found) == 1 else None
        return None


def _towns_below(accounts: Accounts, account_id: str) -> dict[str, str]:
    """Return the words in the names of the sites below an account that are towns: town → site."""
    towns: dict[str, str] = {}
    for one in accounts.below(account_id):
        if one.level is Level.SITE:
            above = accounts.path(one.id)[:-1]
            words = {word for text in (one.name, *one.aliases) for word in re.findall(r"[^\W\d_]{3,}", text)}
            towns |= {word: one.id for word in sorted(words) if _is_town(word) and not _inside(word, above)}
        towns |= _towns_below(accounts, one.id)
    return towns


def _is_town(word: str) -> bool:
    return word[0].isupper() and not PLANT.search(word) and word.lower() in names()


def _inside(word: str, above: Sequence[Account]) -> bool:
    return any(word in one.name for one in above)
