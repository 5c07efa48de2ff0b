"""Who is told of a route's alerts, and when: at once, a moment later together, or as a digest.

    [receivers.kam]
    mail = "file:/run/secrets/mail"       # smtp://user:password@host:587?from=…&to=…
    [receivers.chat]
    apprise = "env:CHAT_URL"              # slack://…, msteams://…, any URL of Apprise
    [receivers.crm]
    webhook = "https://crm.example/alerts"
    secret = "file:/run/secrets/crm"      # whsec_…, signed as Standard Webhooks says

Addresses with passwords in them are named here and kept elsewhere: `env:NAME` and `file:PATH` are read by the worker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import BadInput

KINDS: Final = ("mail", "apprise", "webhook")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES: Final = ("en", "de")
#: Seconds that the alerts of a route wait for others, where it does not say.
WAIT: Final = 30.0
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SPAN: Final = re.compile(r"(\d+)(s|m|h)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True, slots=True)
class Receiver:
    """One address.

    Attributes:
        name: as in the file.
        kind: one of `KINDS`.
        address: the URL, or `env:` or `file:` and where it is.
        secret: of a webhook, likewise.
        language: one of `LANGUAGES`.
    """

    name: str
    kind: str
    address: str
    secret: str = ""
    language: str = "en"

    @property
    def keyed(self) -> bool:
        """Whether what is sent bears an id by which the other side knows it again."""
        return self.kind != "apprise"


@dataclass(frozen=True, slots=True)
class Digest:
    """Times of the day at which everything that has come is told together.

    Attributes:
        times: of the zone.
        zone: IANA name.
        days: numbers of the weekdays, Monday is 0.
    """

    times: tuple[time, ...]
    zone: ZoneInfo
    days: frozenset[int]

    def after(self, now: datetime) -> datetime:
        """Return the first of its times after now, UTC like now."""
        here = now.astimezone(self.zone)
        for ahead in range(8):
            day = here.date() + timedelta(days=ahead)
            if day.weekday() not in self.days:
                continue
            for at in self.times:
                found = datetime.combine(day, at, self.zone).astimezone(now.tzinfo)
                if found > now:
                    return found
        raise AssertionError("unreachable: a digest has a day of the week")


def read_receivers(table: Any, file: str) -> dict[str, Receiver]:
    """Return the receivers of a route file, by name.

    Raises:
        BadInput: an unknown key or kind, or a password where it does not belong.
    """
    if not isinstance(table, dict):
        raise BadInput("must be tables [receivers.NAME]", file=file, field="receivers")
    return {name: _receiver(name, one, file) for name, one in table.items()}


def _receiver(name: str, table: Any, file: str) -> Receiver:
    where = f"receivers.{name}"
    if not isinstance(table, dict) or not _NAME.fullmatch(name):
        raise BadInput("must be a table; its name small letters, digits and hyphens", file=file, field=where)
    if unknown := sorted(set(table) - {*KINDS, "secret", "language"}):
        raise BadInput("unknown key", file=file, field=f"{where}.{unknown[0]}")
    if any(not isinstance(value, str) or not value for value in table.values()):
        raise BadInput("every value is a text", file=file, field=where)
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise BadInput(f"needs exactly one of {', '.join(KINDS)}", file=file, field=where)
    (kind,) = kinds
    for key in {kind, "secret"} & set(table):
        if not (kind == key == "webhook" or table[key].startswith(("env:", "file:"))):
            raise BadInput("holds secrets: write env:NAME or file:PATH", file=file, field=f"{where}.{key}")
    if (kind == "webhook") != ("secret" in table):
        raise BadInput("a webhook needs one, others have none", file=file, field=f"{where}.secret")
    language = table.get("language", "en")
    if language not in LANGUAGES:
        raise BadInput(f"one of {', '.join(LANGUAGES)}", file=file, field=f"{where}.language")
    return Receiver(name, kind, table[kind], table.get("secret", ""), language)


def read_wait(value: Any, where: str, file: str) -> float:
    """Return the seconds of a time such as `30s` or `5m`.

    Raises:
        BadInput: written otherwise.
    """
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise BadInput("a time such as 30s, 5m or 1h", file=file, field=where)
    return float(found[1]) * _UNITS[found[2]]


def read_digest(table: Mapping[str, Any], where: str, file: str) -> Digest | None:
    """Return the digest of a route's table, where it has one.

    Raises:
        BadInput: a time, zone or day that is none.
    """
    if "digest" not in table:
        return None
    said = table["digest"]
    listed = said if isinstance(said, list) else [said]
    times = [_TIME.fullmatch(one) if isinstance(one, str) else None for one in listed]
    if not times or not all(times):
        raise BadInput('a time of the day such as "07:30", or several', file=file, field=f"{where}.digest")
    try:
        zone = ZoneInfo(table.get("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise BadInput("no time zone; write one such as Europe/Berlin", file=file, field=f"{where}.zone") from None
    days = table.get("days", list(DAYS))
    if not isinstance(days, list) or not days or any(day not in DAYS for day in days):
        raise BadInput(f"some of {', '.join(DAYS)}", file=file, field=f"{where}.days")
    clock = sorted(time(int(one[1]), int(one[2])) for one in times if one)
    return Digest(tuple(clock), zone, frozenset(DAYS.index(day) for day in days))
