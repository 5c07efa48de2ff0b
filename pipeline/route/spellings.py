"""Every name of every account in every spelling, and where in a text they stand.

Names begin and end with words, so only words are looked up: a gate of one byte per hash says of a word, and of two in a
row, whether a name can begin with them, and how many words it may have. What is found is told as forms; they are made
when they are asked for, because of 100,000 accounts a day's news names a few hundred.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from pipeline.route.names import Form, forms, keys, short_forms
from pipeline.route.table import Table
from pipeline.route.tree import Account, Accounts
from pipeline.route.words import CLOSED_HEADS

KINDS: Final = ("name", "alias", "former", "bare", "legal", "known", "short")
"""In the order in which they are trusted; the last two are derived."""
_KNOWN: Final = KINDS.index("known")
_REMEMBERED: Final = 20_000
_PER_ACCOUNT: Final = 8
_SEVERAL: Final = 2
_TAILS: Final = frozenset(head[-4:] for head in CLOSED_HEADS)


Found = tuple[int, int, tuple[Form, ...]]


class Spellings:
    """The names of the accounts.

    Args:
        accounts: whose names; what is derived from a name depends on the others, so all are needed.
    """

    __slots__ = (
        "_accounts",
        "_dull",
        "_ids",
        "_kinds",
        "_owners",
        "_resolved",
        "_starts",
        "_table",
        "_texts",
        "dropped",
    )

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._ids: list[str] = []
        self._owners, self._kinds, self._starts = array("I"), array("B"), array("I", (0,))
        self._texts = bytearray()
        self._table = Table(_PER_ACCOUNT * len(accounts))
        self._resolved: dict[str, tuple[Form, ...]] = {}
        self._dull: set[str] = set()
        self.dropped = 0
        """How many forms are of accounts that are gone; they take up room."""
        for account in accounts:
            self.add(account)

    def _forget(self) -> None:
        """Forget what was found out about words."""
        if self._resolved or self._dull:
            self._resolved.clear()
            self._dull.clear()

    def __len__(self) -> int:
        """Return how many forms there are, those of accounts that are gone among them."""
        return len(self._owners)

    def add(self, account: Account) -> None:
        """Add the names of an account."""
        self._forget()
        self._ids.append(account.id)
        for form in _all(account):
            number = len(self._owners)
            self._owners.append(len(self._ids) - 1)
            self._kinds.append(KINDS.index(form.kind) << 2 | form.ordinary)
            self._texts += form.text.encode()
            self._starts.append(len(self._texts))
            for key in keys(form.text):
                self._table.put(key, number)

    def drop(self, account: Account) -> None:
        """Take the names of an account away; `account` as it was when it was added."""
        self._forget()
        for form in _all(account):
            for key in keys(form.text):
                numbers = frozenset(n for n in self._table.get(key) if self._ids[self._owners[n]] == account.id)
                if numbers:
                    self._table.remove(key, numbers)
            self.dropped += 1

    def find(self, folded: str) -> Iterator[Found]:
        """Yield where names stand, and whose: start, end, forms; in no order that matters.

        Args:
            folded: the text in folded spelling.
        """
        words = folded.split(" ")
        start = 0
        for index, word in enumerate(words):
            if word not in self._dull:
                found = False
                for one in self._begun(folded, words, index, start):
                    found = True
                    yield one
                if not found:
                    self._note(word)
            start += len(word) + 1

    def _note(self, word: str) -> None:
        """Remember a word with which no name begins; most words of most texts are such."""
        if self._table.gate[hash(word) & self._table.gate_mask] < _SEVERAL:
            if len(self._dull) >= _REMEMBERED:
                self._dull.clear()
            self._dull.add(word)

    def _begun(self, folded: str, words: list[str], index: int, start: int) -> Iterator[Found]:
        """Yield the names that begin with one word of a text."""
        gate, mask, word = self._table.gate, self._table.gate_mask, words[index]
        for end in _ends(word):
            if gate[hash(word[:end]) & mask]:
                yield from self._told(folded, start, start + end)
        if gate[hash(word) & mask] >= _SEVERAL:
            yield from self._longer(folded, words, index, start)

    def _longer(self, folded: str, words: list[str], index: int, start: int) -> Iterator[Found]:
        """Yield the names of two and more words that begin here."""
        gate, mask = self._table.gate, self._table.gate_mask
        at = start + len(words[index]) + 1
        reach = 2
        for count, word in enumerate(words[index + 1 :], 2):
            if count > reach:
                return
            for end in _ends(word):
                if count > 2 or gate[hash(folded[start : at + end]) & mask]:
                    yield from self._told(folded, start, at + end)
            at += len(word)
            if count == 2:
                reach = gate[hash(folded[start:at]) & mask]
            at += 1

    def _told(self, folded: str, start: int, end: int) -> Iterator[Found]:
        spelling = folded[start:end]
        found = self._resolved.get(spelling)
        if found is None:
            numbers = self._table.get(spelling)
            if not numbers:
                return
            if len(self._resolved) >= _REMEMBERED:
                self._resolved.clear()
            found = self._resolved[spelling] = self._meant(numbers)
        if found:
            yield start, end, found

    def _meant(self, numbers: tuple[int, ...]) -> tuple[Form, ...]:
        """Return the forms of one spelling, those that names give before those that we derive.

        A derived one is dropped where two groups would share it or somebody has it as a full name. Inside a group the
        highest account gets it: `Mercedes` is Mercedes-Benz, not Mercedes-AMG.
        """
        given = [number for number in numbers if self._kinds[number] >> 2 < _KNOWN]
        if given:
            return tuple(sorted(map(self._form, given)))
        known = [number for number in numbers if self._kinds[number] >> 2 == _KNOWN] or numbers
        if len({self._accounts.group_id(self._ids[self._owners[number]]) for number in known}) > 1:
            return ()
        derived = sorted(map(self._form, known))
        return (min(derived, key=lambda form: self._accounts.depth(form.account_id)),)

    def _form(self, number: int) -> Form:
        kind = self._kinds[number]
        text = self._texts[self._starts[number] : self._starts[number + 1]].decode()
        return Form(self._ids[self._owners[number]], text, KINDS[kind >> 2], kind & 3)


def _all(account: Account) -> Iterator[Form]:
    yield from forms(account)
    yield from short_forms(account)


def _ends(word: str) -> tuple[int, ...] | list[int]:
    """Return where in a word of a text a name may end: at its end, before an `s`, before `…tochter`, before an `&`."""
    size = len(word)
    if "&" in word:
        return [end for part in _parts(word) for end in _ends_plain(word, part)]
    if size and (word[-1] == "s" or word[-4:] in _TAILS):
        return _ends_plain(word, size)
    return (size,)


def _parts(word: str) -> Iterator[int]:
    yield from (at for at, letter in enumerate(word) if letter == "&" and at)
    yield len(word)


def _ends_plain(word: str, size: int) -> list[int]:
    ends = [size]
    if word[size - 1] == "s":
        ends.append(size - 1)
    if word[max(0, size - 4) : size] in _TAILS:
        ends += [size - len(head) for head in CLOSED_HEADS if word.endswith(head, 0, size)]
    return [end for end in ends if end > 0]
