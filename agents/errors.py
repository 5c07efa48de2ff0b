"""What can go wrong between a source and its articles.

Fault (mixed into Transient or Permanent: says its `kind`, the word it is counted under)
├── Refused      we do not go there: address, scheme, redirect, encoding   Permanent
├── TooBig       more bytes than we take                                   Permanent
├── Gone         404, 410                                                  Permanent
├── Blocked      401, 403, 451 and other 4xx                               Permanent
├── Disallowed   robots.txt asks us to leave this page alone               Permanent
├── Soft         408, 425, 429, 5xx: not now                               Transient
├── Unreachable  no address, no connection, no whole answer in time        Transient
├── Garbled      an answer that is no HTTP or does not decode              Transient
├── NotAFeed     an answer that is no feed, and what it is instead         Permanent
├── Walled       a consent wall, login or check for robots in its place    Permanent
├── NoText       a page without an article, and why                        Permanent
├── Unparsable   a parser broke on it                                      Permanent
└── Exhausted    a parser used up its time or memory                       Permanent
"""

from __future__ import annotations

from typing import ClassVar

from pipeline.errors import Permanent, Transient


class Fault(Exception):
    """A fault of a source or a page, never of ours.

    Attributes:
        kind: one word from a closed list, for counting.
        status: the HTTP status, 0 where there was none.
        retry_after: seconds the server asks us to wait, None where it does not.
    """

    kind: ClassVar[str] = "fault"
    status: int = 0
    retry_after: float | None = None


class Refused(Fault, Permanent):
    """We do not open this: its address, scheme, redirect or encoding is not for us."""

    kind = "refused"


class TooBig(Fault, Permanent):
    """More bytes than we take, as sent or after decoding."""

    kind = "too_big"


class Gone(Fault, Permanent):
    """The server says that nothing is there (404, 410)."""

    kind = "gone"


class Blocked(Fault, Permanent):
    """The server does not want us (401, 403, 451 and other 4xx)."""

    kind = "blocked"


class Disallowed(Fault, Permanent):
    """The host's robots.txt asks us to leave this page alone, or could not be asked."""

    kind = "robots"


class Soft(Fault, Transient):
    """The server cannot just now, or we ask too often (408, 425, 429, 5xx)."""

    kind = "soft"


class Unreachable(Fault, Transient):
    """No address, no connection, or no whole answer in time."""

    kind = "unreachable"


class Garbled(Fault, Transient):
    """An answer that is not HTTP, or a body that does not decode."""

    kind = "garbled"


class NotAFeed(Fault, Permanent):
    """An answer that is no feed; the message says what it is instead."""

    kind = "not_a_feed"


class Walled(Fault, Permanent):
    """Something stands before what we asked for: a consent wall, a login, a check for robots."""

    kind = "wall"


class NoText(Fault, Permanent):
    """A page without an article; the message says what it is instead."""

    kind = "no_text"


class Unparsable(Fault, Permanent):
    """A parser raised; the message carries the type of what it raised."""

    kind = "unparsable"


class Exhausted(Fault, Permanent):
    """A parser used up its CPU time or memory, or its process died."""

    kind = "exhausted"
