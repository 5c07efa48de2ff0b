"""The customer's tree of accounts: group, business unit, site."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.records import AccountRef


class Level(StrEnum):
    """How deep in the tree an account stands; the order is from the top."""

    GROUP = "group"
    UNIT = "unit"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Account:
    """One row of the account file.

    Attributes:
        id: unique in the file.
        name: as people write it, without legal form where possible.
        parent_id: the account above; empty for a group.
        level: group, unit or site.
        aliases: other names in use now.
        former_names: names that old or careless texts still use.
        legal_name: as in the register.
        domains: web domains, without scheme.
        tickers: `EXCHANGE: SYMBOL` or the symbol alone.
        country: of the headquarters, ISO 3166-1 alpha-2.
        industry: for people.
        owner: who looks after the account; inherited from above where empty.
        teams: who else wants to know; inherited from above where empty.
        regions: sales regions; inherited from above where empty.
    """

    id: str
    name: str
    parent_id: str = ""
    level: Level = Level.GROUP
    aliases: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    legal_name: str = ""
    domains: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    country: str = ""
    industry: str = ""
    owner: str = ""
    teams: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Accounts:
    """All accounts, by id and as a tree.

    Args:
        accounts: with parents that exist and no cycles; `load_accounts` checks that.
    """

    __slots__ = ("_by_id", "_children", "version")

    version: str
    """Changes when any account does; 12 hexadecimal characters."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        """Index the accounts by id and by parent."""
        self._by_id = {account.id: account for account in accounts}
        self._children: dict[str, list[str]] = {}
        digest = hashlib.sha256()
        for account in sorted(self._by_id.values(), key=lambda one: one.id):
            digest.update(repr(account).encode())
            if account.parent_id:
                self._children.setdefault(account.parent_id, []).append(account.id)
        self.version = digest.hexdigest()[:12]

    def __len__(self) -> int:
        """Return how many accounts there are, on all levels."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Account]:
        """Iterate over all accounts, in the order of the file."""
        return iter(self._by_id.values())

    def __contains__(self, account_id: object) -> bool:
        """Say whether there is an account with this id."""
        return account_id in self._by_id

    def __getitem__(self, account_id: str) -> Account:
        """Return the account with this id."""
        return self._by_id[account_id]

    def path(self, account_id: str) -> tuple[Account, ...]:
        """Return the accounts from the group down to this one.

        Raises:
            KeyError: there is no such account.
        """
        way = [self._by_id[account_id]]
        while way[-1].parent_id:
            way.append(self._by_id[way[-1].parent_id])
        return tuple(reversed(way))

    def group(self, account_id: str) -> Account:
        """Return the group that this account belongs to; itself for a group."""
        account = self._by_id[account_id]
        while account.parent_id:
            account = self._by_id[account.parent_id]
        return account

    def below(self, account_id: str) -> tuple[Account, ...]:
        """Return the accounts directly below this one, by id."""
        return tuple(self._by_id[child] for child in self._children.get(account_id, ()))

    def ref(self, account_id: str) -> AccountRef:
        """Return what a match says about this account: its group, and the way down to it."""
        path = self.path(account_id)
        units = [account.id for account in path if account.level is Level.UNIT]
        sites = [account.id for account in path if account.level is Level.SITE]
        upwards = path[::-1]
        return AccountRef(
            id=path[0].id,
            name=path[0].name,
            path=tuple(account.name for account in path),
            level=path[-1].level,
            unit_id=units[-1] if units else "",
            site_id=sites[-1] if sites else "",
            owner=next((account.owner for account in upwards if account.owner), ""),
            teams=next((account.teams for account in upwards if account.teams), ()),
            regions=next((account.regions for account in upwards if account.regions), ()),
        )
