"""Which site is meant where only the group is named: `Tesla-Werk`, and the town stands in the text."""

from __future__ import annotations

import re

from pipeline.route.gazetteer import names
from pipeline.route.hits import Hit
from pipeline.route.passages import Passages
from pipeline.route.tree import Accounts, Level
from pipeline.route.words import PLANT

_PLANT_WORD = re.compile(r" ([\w-]+)")


class Sites:
    """The towns of the sites below each account.

    Args:
        accounts: with their sites.
    """

    __slots__ = ("_towns",)

    def __init__(self, accounts: Accounts) -> None:
        """Collect the towns in the sites' names."""
        self._towns = _site_towns(accounts)

    def meant(self, body: str, passages: Passages, hit: Hit, account_id: str) -> tuple[str, str] | None:
        """Return the site that `Tesla-Werk` means, where the text names its town; else None."""
        towns = self._towns.get(account_id)
        if not towns:
            return None
        following = _PLANT_WORD.match(body, hit.right)
        if not PLANT.search(body[hit.end : hit.right]) and not (following and PLANT.search(following.group(1))):
            return None
        start, end = passages.at(hit.start)
        for area in (body[start:end], body[: passages.title_end], body):
            found = {site: town for town, site in towns.items() if re.search(rf"\b{re.escape(town)}(?:s|er)?\b", area)}
            if found:
                return next(iter(found.items())) if len(found) == 1 else None
        return None


def _site_towns(accounts: Accounts) -> dict[str, dict[str, str]]:
    """Return, for each account that has sites below it, the words of their names that are towns: town → site."""
    towns: dict[str, dict[str, str]] = {}
    for site in accounts:
        if site.level is not Level.SITE:
            continue
        above = accounts.path(site.id)[:-1]
        for text in (site.name, *site.aliases):
            for word in re.findall(r"[^\W\d_]{3,}", text):
                if (
                    word[0].isupper()
                    and not PLANT.search(word)
                    and word.lower() in names()
                    and not any(word in one.name for one in above)
                ):
                    for account in above:
                        towns.setdefault(account.id, {})[word] = site.id
    return towns
