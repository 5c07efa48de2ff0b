"""Which forms have which spelling, for a million spellings in a few megabytes.

Spellings are not kept: 64 bits of their hash stand for them, in arrays that are searched from the place to which the
hash points. Nothing is built that a change would have to build anew, so an account comes and goes in a millisecond.

    gate      one byte per hash of a name's first word, and of its first two: how many words it may have; 0 for none
    slots     the hashes        numbers     the form that has this spelling
    shared    hash → forms, where several have it
"""

from __future__ import annotations

from array import array
from typing import Final

_HASH: Final = 0xFFFF_FFFF_FFFF_FFFF
_NONE: Final = 0xFFFF_FFFF
_SHARED: Final = 0xFFFF_FFFE
_FULL: Final = 0.66
_LONGEST: Final = 255


class Table:
    """Spellings with the numbers of their forms.

    Args:
        expected: about how many spellings there will be; more are taken too.
    """

    __slots__ = ("_mask", "_numbers", "_shared", "_slots", "_used", "gate", "gate_mask")

    def __init__(self, expected: int) -> None:
        self._room(1 << max(10, int(expected / _FULL).bit_length()))
        self._used = 0
        self._shared: dict[int, array[int]] = {}
        size = 1 << max(14, (8 * expected).bit_length())
        self.gate = bytearray(size)
        self.gate_mask = size - 1

    def _room(self, size: int) -> None:
        self._slots = array("Q", bytes(8 * size))
        self._numbers = array("I", bytes(4 * size))
        self._mask = size - 1

    def put(self, spelling: str, number: int) -> None:
        """Add a form to a spelling."""
        if self._used > _FULL * len(self._slots):
            self._grow()
        key = hash(spelling) & _HASH or 1
        at = self._place(key)
        there = self._numbers[at] if self._slots[at] else _NONE
        if not self._slots[at]:
            self._slots[at] = key
            self._used += 1
        if there == _NONE:
            self._numbers[at] = number
        elif there == _SHARED:
            self._shared[key].append(number)
        else:
            self._numbers[at] = _SHARED
            self._shared[key] = array("I", (there, number))
        self._open(spelling)

    def remove(self, spelling: str, numbers: frozenset[int]) -> None:
        """Take forms from a spelling; its place stays for who comes next."""
        key = hash(spelling) & _HASH or 1
        at = self._place(key)
        left = [number for number in self.get(spelling) if number not in numbers]
        self._shared.pop(key, None)
        if self._slots[at]:
            self._numbers[at] = left[0] if len(left) == 1 else _SHARED if left else _NONE
        if len(left) > 1:
            self._shared[key] = array("I", left)

    def get(self, spelling: str) -> tuple[int, ...]:
        """Return the forms of a spelling."""
        key = hash(spelling) & _HASH or 1
        slots, mask, at = self._slots, self._mask, key & self._mask
        while found := slots[at]:
            if found == key:
                number = self._numbers[at]
                if number < _SHARED:
                    return (number,)
                return tuple(self._shared[key]) if number == _SHARED else ()
            at = (at + 1) & mask
        return ()

    def _open(self, spelling: str) -> None:
        """Let the gate pass what begins as this spelling does."""
        words = spelling.split(" ")
        count = min(len(words), _LONGEST)
        first = hash(words[0]) & self.gate_mask
        self.gate[first] = max(self.gate[first], min(count, 2))
        if count > 1:
            pair = hash(f"{words[0]} {words[1]}") & self.gate_mask
            self.gate[pair] = max(self.gate[pair], count)

    def _place(self, key: int) -> int:
        """Return where a hash stands, or where it may be put."""
        slots, mask, at = self._slots, self._mask, key & self._mask
        while (found := slots[at]) and found != key:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        slots, numbers = self._slots, self._numbers
        self._room(2 * len(slots))
        for key, number in zip(slots, numbers, strict=True):
            if key:
                at = self._place(key)
                self._slots[at], self._numbers[at] = key, number
