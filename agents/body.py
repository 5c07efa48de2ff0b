"""The body of an answer, counted before it is memory.

One gzip at most, undone piece by piece: libraries undo what the server names, however often, and hand out what five
hundred bytes have become in one piece of two hundred megabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from agents.errors import Garbled, Refused, TooBig
from pipeline.settings import FetchSettings

_PIECE: Final = 65_536
#: Small answers may be as regular as they like; the ratio counts from here, in decoded bytes.
_RATIO_FROM: Final = 1_000_000


class Reader:
    """Takes a body in pieces, and stops at the first limit it breaks.

    Attributes:
        wire: bytes as sent, until now.
    """

    def __init__(self, settings: FetchSettings, gzipped: bool) -> None:
        self._settings, self._gzipped = settings, gzipped
        self._zip = zlib.decompressobj(wbits=31)
        self._body = bytearray()
        self.wire = 0

    @property
    def size(self) -> int:
        """Bytes after decoding, until now."""
        return len(self._body)

    def feed(self, piece: bytes) -> None:
        """Take a piece as sent."""
        self.wire += len(piece)
        if self.wire > self._settings.wire_most:
            raise TooBig(f"more than {self._settings.wire_most} bytes sent")
        if not self._gzipped:
            self._keep(piece)
            return
        try:
            while piece:
                if self._zip.eof:
                    # Another member, or padding that some servers send.
                    if not piece.startswith(b"\x1f"):
                        return
                    self._zip = zlib.decompressobj(wbits=31)
                self._keep(self._zip.decompress(piece, _PIECE))
                piece = self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail
        except zlib.error:
            raise Garbled("the body is not the gzip that its header says") from None

    def _keep(self, decoded: bytes) -> None:
        self._body += decoded
        size = len(self._body)
        if size > self._settings.body_most:
            raise TooBig(f"more than {self._settings.body_most} bytes after decoding")
        if size > max(_RATIO_FROM, self._settings.ratio_most * self.wire):
            raise TooBig(f"decodes to more than {self._settings.ratio_most:g} times what was sent")

    def done(self) -> bytes:
        """Return the whole body."""
        if self._gzipped and self.wire and not self._zip.eof:
            raise Garbled("the gzip body breaks off")
        return bytes(self._body)


def is_gzip(headers: Mapping[str, str]) -> bool:
    """Say whether the body is gzip; refuse everything that we did not ask for."""
    codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if not codings:
        return False
    if codings in (["gzip"], ["x-gzip"]):
        return True
    raise Refused(f"content encoding {', '.join(codings)[:80]!r} was not asked for")
