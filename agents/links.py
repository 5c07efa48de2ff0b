"""Links as strangers write them, to links that may be kept, followed and shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

#: Longer ones are not addresses but data.
LONGEST: Final = 2000
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
#: What may stand in a path or query as it is; everything else is percent-encoded, so that equal links compare equal.
_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"
#: Most links are written as they should be; taking them apart costs twenty times as much as seeing that.
_FINE: Final = re.compile(
    r"https?://(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}/[\w%/:.=&?~+!$,;'@()*-]*(?<!\?)", re.ASCII
)


def clean(url: str, base: str = "") -> str:
    """Return the link, absolute and without user name or password; "" where it is none that we keep.

    Args:
        url: as found; relative ones are resolved.
        base: the URL of the document it stood in.
    """
    if len(url) <= LONGEST and _FINE.fullmatch(url):
        return url
    url = _UNSEEN.sub("", url).strip() if len(url) < 4 * LONGEST else ""
    if not url:
        return ""
    try:
        parts = urlsplit(urljoin(base, url))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or any(char in host for char in "%\\<>\"' "):
        return ""
    name = f"[{host}]" if ":" in host else _ascii(host)
    default = {"http": 80, "https": 443}[parts.scheme]
    place = name if port in (None, default) else f"{name}:{port}"
    made = urlunsplit(
        (parts.scheme, place, _encoded(parts.path) or "/", _encoded(parts.query), _encoded(parts.fragment))
    )
    return made if name and len(made) <= LONGEST else ""


def shown(url: str) -> str:
    """Return the URL as it may stand in a log: no user, no query (keys hide there), no line breaks, 200 characters."""
    try:
        parts = urlsplit(_UNSEEN.sub("", url))
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(no URL)"
    return f"{parts.scheme}://{place}{parts.path}{'?…' if parts.query else ''}"[:200]


def host_of(url: str) -> str:
    """Return the host in lower case, "" where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _ascii(host: str) -> str:
    """Return the host as DNS writes it; "" where it cannot be a name."""
    try:
        return host.strip(".").encode("idna").decode().lower()
    except UnicodeError:
        # The standard library knows IDNA 2003 only; what it refuses may still be a name in ASCII.
        return host.strip(".") if host.isascii() and ".." not in host and len(host) <= 253 else ""


def _encoded(part: str) -> str:
    """Percent-encode what must be, without touching what already is."""
    return quote(part, safe=_SAFE, errors="ignore")
