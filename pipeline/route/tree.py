"""The customer's tree of accounts: group, business unit, site."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import islice
from operator import attrgetter
from typing import Final

import orjson

from pipeline.records import AccountRef

_REMEMBERED: Final = 4_096
_DEEPEST: Final = 20
EVERYBODY: Final = "*"
"""The id of the row whose `ignore_people` and `never` count for all accounts; it is no account itself."""


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
        ignore_people: persons whose names in a passage make no match; those above count too.
        never: signal types, and words in a passage, that make no match; those above count too.
        judged: what labels said of the account's names, as `verdicts.py` reads it.
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
    ignore_people: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()

    def pack(self) -> bytes:
        """Return the account in a quarter of its room."""
        # Copied, because what orjson returns keeps the room of its buffer.
        return bytes(memoryview(orjson.dumps(_VALUES(self))))

    @classmethod
    def unpack(cls, packed: bytes) -> Account:
        """Return the account that was packed."""
        id_, name, parent, level, *rest = orjson.loads(packed)
        values = (tuple(value) if isinstance(value, list) else value for value in rest)
        return cls(id_, name, parent, Level(level), *values)  # type: ignore[arg-type]


_VALUES: Final = attrgetter(*(field.name for field in fields(Account)))


class Accounts:
    """All accounts, by id and as a tree; packed, because of 100,000 only few are looked at.

    Args:
        accounts: with parents that exist and no cycles; `load_accounts` checks that.
    """

    __slots__ = ("_children", "_packed", "_parents", "_seen", "_sum", "everybody")

    def __init__(self, accounts: Iterable[Account]) -> None:
        """Index the accounts by id and by parent."""
        self._packed: dict[str, bytes] = {}
        self._parents: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self._seen: dict[str, Account] = {}
        self._sum = 0
        self.everybody: Account | None = None
        """The row of `EVERYBODY`, where there is one."""
        for account in accounts:
            self.put(account)

    @property
    def version(self) -> str:
        """Changes when any account does, and not with their order; 12 hexadecimal characters."""
        return hashlib.sha256(self._sum.to_bytes(16)).hexdigest()[:12]

    def put(self, account: Account) -> None:
        """Add an account, or replace the one of this id."""
        self.drop(account.id)
        packed = account.pack()
        if account.id == EVERYBODY:
            self.everybody = account
        else:
            self._packed[account.id] = packed
        self._sum = (self._sum + _digest(packed)) % 2**128
        if account.parent_id:
            self._parents[account.id] = account.parent_id
            self._children.setdefault(account.parent_id, []).append(account.id)

    def drop(self, account_id: str) -> None:
        """Take an account away, where there is one."""
        packed = self._packed.pop(account_id, None)
        if account_id == EVERYBODY and self.everybody:
            packed, self.everybody = self.everybody.pack(), None
        if packed is None:
            return
        self._seen.pop(account_id, None)
        self._sum = (self._sum - _digest(packed)) % 2**128
        parent = self._parents.pop(account_id, None)
        if parent is not None:
            self._children[parent].remove(account_id)

    def copy(self) -> Accounts:
        """Return the same accounts, to be changed apart from these."""
        made = Accounts(())
        made._packed, made._parents, made._sum = self._packed.copy(), self._parents.copy(), self._sum
        made._children = {parent: children.copy() for parent, children in self._children.items()}
        made.everybody = self.everybody
        return made

    def rows(self) -> Iterator[Account]:
        """Iterate over what a file of these accounts holds: all accounts, and the row for everybody."""
        if self.everybody:
            yield self.everybody
        yield from self

    def __len__(self) -> int:
        """Return how many accounts there are, on all levels."""
        return len(self._packed)

    def __iter__(self) -> Iterator[Account]:
        """Iterate over all accounts, in the order of the file."""
        return map(Account.unpack, self._packed.values())

    def __contains__(self, account_id: object) -> bool:
        """Say whether there is an account with this id."""
        return account_id in self._packed

    def __getitem__(self, account_id: str) -> Account:
        """Return the account with this id."""
        account = self._seen.get(account_id)
        if account is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            account = self._seen[account_id] = Account.unpack(self._packed[account_id])
        return account

    def get(self, account_id: str) -> Account | None:
        """Return the row with this id, or None."""
        if account_id == EVERYBODY:
            return self.everybody
        return self[account_id] if account_id in self._packed else None

    def _way(self, account_id: str) -> Iterator[str]:
        """Yield the ids from this account up to its group; one whose parent is not there is taken for a group."""
        return islice(self._upwards(account_id), _DEEPEST)

    def _upwards(self, account_id: str) -> Iterator[str]:
        above: str | None = account_id
        while above is not None:
            yield above
            above = self._parents.get(above)
            above = above if above in self._packed else None

    def path(self, account_id: str) -> tuple[Account, ...]:
        """Return the accounts from the group down to this one.

        Raises:
            KeyError: there is no such account.
        """
        return tuple(self[one] for one in self._way(account_id))[::-1]

    def depth(self, account_id: str) -> int:
        """Return how many accounts the path to this one has."""
        return sum(1 for _ in self._way(account_id))

    def group_id(self, account_id: str) -> str:
        """Return the id of the group that this account belongs to; its own for a group."""
        for one in self._way(account_id):
            account_id = one
        return account_id

    def group(self, account_id: str) -> Account:
        """Return the group that this account belongs to; itself for a group."""
        return self[self.group_id(account_id)]

    def below(self, account_id: str) -> tuple[Account, ...]:
        """Return the accounts directly below this one, by id."""
        return tuple(self[child] for child in sorted(self._children.get(account_id, ())))

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


def _digest(packed: bytes) -> int:
    return int.from_bytes(hashlib.sha256(packed).digest()[:16])
