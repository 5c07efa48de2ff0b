"""Times as newsrooms write them, to times in UTC.

Only absolute ones: `vor 3 Stunden` depends on when it was fetched, and the time of fetching is what an article without
a date gets anyway.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from dateparser.date import DateDataParser

_ZONES: Final = {"MEZ": 1, "CET": 1, "MET": 1, "MESZ": 2, "CEST": 2, "MEST": 2, "BST": 1, "IST": 5.5, "JST": 9}
_ZONED: Final = re.compile(rf"\s+({'|'.join(_ZONES)})$")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{8}(T|$)")
_FRACTION: Final = re.compile(r"(:\d\d)[.,]\d+")
#: Longer ones are sentences; dateparser's cost grows with them.
_LONGEST: Final = 60
_LAST_RESORT: Final = DateDataParser(
    languages=["de", "en"],
    use_given_order=True,
    settings={
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RETURN_AS_TIMEZONE_AWARE": True,
        "TIMEZONE": "UTC",
        "TO_TIMEZONE": "UTC",
    },
)


#: How nearly all feeds write times; anything else takes the long way.
_MAIL: Final = re.compile(
    r"(?:[^\W\d_]{2,3}\.?,? )?(\d\d?)\.? ([^\W\d_]{3})\.? (\d{4}) (\d\d):(\d\d)(?::(\d\d))? "
    r"(GMT|UTC|UT|Z|[+-]\d\d:?\d\d)"
)
_FULL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)")
#: Year first, whatever stands between.
_SLASHED: Final = re.compile(r"(\d{4})/(\d\d?)/(\d\d?)(?: (\d\d?):(\d\d)(?::(\d\d))?)?")
#: Also as servers in other countries write them: German, French, Italian, Portuguese, Spanish.
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "jan jän gen ene|feb fev fév|mar mär mrz|apr abr avr|may mai mag|jun giu|jul lug|aug ago aoû|sep set"
        "|oct okt ott out|nov|dec dez dic déc".split("|"),
        1,
    )
    for name in names.split()
}


def when(text: str) -> datetime | None:
    """Return the time that is written here, in UTC; None where none can be read.

    A time without zone counts as UTC. Days that do not exist are no times: nothing is rolled over to the next month.
    """
    text = " ".join(text.split())
    usual = _MAIL.fullmatch(text)
    if usual and usual[2].lower() in _MONTHS:
        return _usual(usual)
    if _FULL.fullmatch(text):
        time = _iso(text)
        return time.astimezone(UTC) if time and time.year > 1 else None
    if not 8 <= len(text) <= _LONGEST or not any(char.isdigit() for char in text):
        return None
    found = _ZONED.search(text)
    zone = timezone(timedelta(hours=_ZONES[found[1]])) if found else UTC
    bare = text[: found.start()] if found else text
    time = _iso(bare) if _ISO.match(bare) else _slashed(bare) or _mail(bare) or _written(bare)
    if time is None:
        return None
    try:
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _usual(found: re.Match[str]) -> datetime | None:
    """Read `Wed, 05 Mar 2025 10:00:00 +0100`."""
    day, month, year, hour, minute, second, zone = found.groups()
    ahead = int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:])) if zone[0] in "+-" else 0
    try:
        time = datetime(
            int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
        return time - timedelta(minutes=ahead)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    """Read `2025-03-05T10:00:00+01:00` and its shorter forms."""
    try:
        return datetime.fromisoformat(
            _FRACTION.sub(r"\1", text).replace(" +", "+").replace(" UTC", "Z").replace(" Z", "Z")
        )
    except ValueError:
        return None


def _slashed(text: str) -> datetime | None:
    """Read `2025/3/5 10:00:00`."""
    found = _SLASHED.fullmatch(text)
    try:
        return datetime(*(int(number or 0) for number in found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    """Read `Wed, 05 Mar 2025 10:00:00 +0100`."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@lru_cache(maxsize=2048)
def _written(text: str) -> datetime | None:
    """Read `Mi, 5. März 2025, 10:00 Uhr`; milliseconds each, so what was read is remembered."""
    try:
        found = _LAST_RESORT.get_date_data(text.removesuffix(" Uhr")).date_obj
    except (ValueError, OverflowError, TypeError):
        return None
    return found if isinstance(found, datetime) else None
