"""The accounts in service stand on the compacted topic `accounts`: one record each, and one that ends an apply.

file ── apply ──▶ accounts (what is new or changed; a tombstone for what is no longer in the file; then `!applied`)
                     └──▶ route workers, live (`stream/accounts.py`)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from pipeline import kafka
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import Undecodable
from pipeline.records import AccountRecord, AccountsApplied
from pipeline.route.tree import Account, Accounts, Level
from pipeline.settings import KafkaSettings
from pipeline.topics import ACCOUNTS

log = structlog.get_logger()
APPLIED: Final = b"!applied"
"""The key of the record that ends an apply."""
_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What a file would change, or has changed.

    Attributes:
        new: ids that were not there before.
        changed: id → the fields that differ.
        gone: ids that were there and are not in the file.
        same: how many are as they were.
    """

    new: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    gone: tuple[str, ...]
    same: int

    def __bool__(self) -> bool:
        """Say whether anything differs."""
        return bool(self.new or self.changed or self.gone)


def compare(there: Accounts, wanted: Accounts) -> Changes:
    """Return what must change to get from one to the other."""
    new, changed = [], {}
    for account in wanted.rows():
        before = there.get(account.id)
        if before is None:
            new.append(account.id)
        elif before != account:
            old, now = asdict(before), asdict(account)
            changed[account.id] = tuple(name for name in now if old[name] != now[name])
    gone = tuple(account.id for account in there.rows() if wanted.get(account.id) is None)
    return Changes(tuple(new), changed, gone, sum(1 for _ in wanted.rows()) - len(new) - len(changed))


def decode(value: bytes) -> Account:
    """Return the account in a record.

    Raises:
        Undecodable: no account, or a level that this version does not know.
    """
    fields = AccountRecord.decode(value).model_dump(exclude={"schema_version"})
    try:
        level = Level(fields.pop("level"))
    except ValueError as error:
        raise Undecodable(str(error)) from None
    return Account(level=level, **fields)


async def read(settings: KafkaSettings) -> tuple[Accounts, str, int]:
    """Return the accounts on the topic, the version of the last whole apply, and the offset after what was read.

    Raises:
        Transient: no broker answers.
    """
    accounts, applied, following = Accounts(()), "", 0
    async for record in kafka.whole(settings, ACCOUNTS):
        following = record.offset + 1
        if record.key == APPLIED:
            applied = AccountsApplied.decode(record.value).version if record.value else ""
            continue
        take(accounts, record.key, record.value)
    return accounts, applied, following


def take(accounts: Accounts, key: bytes, value: bytes | None) -> None:
    """Put one record of the topic into the accounts; what cannot be read is told and changes nothing."""
    try:
        if value is None:
            accounts.drop(key.decode())
        else:
            accounts.put(decode(value))
    except (Undecodable, UnicodeDecodeError) as error:
        log.warning("account that cannot be read", key=key[:100], error=str(error)[:200])


async def apply(settings: KafkaSettings, wanted: Accounts, advance: Callable[[int], None] = lambda _: None) -> Changes:
    """Make the topic say what the accounts say; return when the broker has all of it.

    Args:
        settings: which broker.
        wanted: all accounts that there should be.
        advance: called with how many records have been written.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings, (ACCOUNTS,))
    there, applied, _ = await read(settings)
    changes = compare(there, wanted)
    if not changes and applied == wanted.version:
        return changes
    ids = (*changes.new, *changes.changed, *changes.gone)
    name = kafka.full_name(settings, ACCOUNTS)
    async with kafka.sending(settings, linger_ms=20) as producer:

        async def send(key: bytes, value: bytes | None) -> asyncio.Future[object]:
            out = Out(ACCOUNTS, key, value or b"")
            headers = headers_for(out, source="/stellwerk/accounts", trace=new_trace())
            return await producer.send(name, value, key=key, headers=headers)  # type: ignore[no-any-return]

        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            await asyncio.gather(*[await send(id_.encode(), _value(wanted.get(id_))) for id_ in some])
            advance(len(some))
        # Only when all of it is there: workers take into service what stands before this record.
        count = sum(1 for _ in wanted.rows())
        end = AccountsApplied(version=wanted.version, accounts=count, at=datetime.now(UTC))
        await (await send(APPLIED, end.encode()))
    return changes


def _value(account: Account | None) -> bytes | None:
    return AccountRecord(**asdict(account)).encode() if account else None
