"""Where in a text the names of accounts stand.

Every spelling of every name goes into one Aho-Corasick automaton, so the cost hardly depends on their number. What it finds
is filtered by word boundary, case and separators, then the longest wins, then the context decides (`context.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipeline.records import Mention
from pipeline.route.context import KEEP, Seen, judge
from pipeline.route.names import LEGAL_AFTER, Form, fold, forms, keys, short_forms
from pipeline.route.passages import Passages
from pipeline.route.tree import Accounts
from pipeline.route.words import CLOSED_HEADS

_REST = re.compile(r"[^\W_]*")
_COMPOUND = re.compile(r"[-‐‑][^\W_][\w‐‑-]*")
_PREFIX = re.compile(r"(?:^|(?<=[\s(„“\"‚‘»«/]))[A-ZÄÖÜa-zäöü]{2,12}[-‐‑]$")
_GENITIVE = re.compile(r"['’‘`´]s?(?!\w)")
_TICKER_AFTER = re.compile(r"\s?\((?:[^()]{0,40}?[,;] ?)?[A-Za-z][A-Za-z .]{1,18}: ?\$?[A-Z0-9][A-Z0-9.-]{0,7}[),;/ ]")
_TICKER_BEFORE = re.compile(r"\([^()]{0,60}:\s?\$?$")
_FORBIDDEN: Final = frozenset("\n,;:()[]/\"„“”!?…–—|·•»«")
_KINDS: Final = ("name", "alias", "legal", "former", "short")


class _Hit(NamedTuple):
    """A spelling found at word boundaries: `[start, end)` is the name, `[left, right)` the whole word form."""

    start: int
    end: int
    left: int
    right: int
    forms: tuple[Form, ...]
    exact: bool
    legal: bool
    ticker: bool


class Finder:
    """Finds accounts in texts; build it once per account file.

    Args:
        accounts: whom to look for; 100,000 take some seconds.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._group = {account.id: accounts.group(account.id).id for account in accounts}
        entries: dict[str, list[Form]] = {}
        for account in accounts:
            for form in forms(account):
                for key in keys(form.text):
                    self._put(entries, key, form)
        self._put_short(accounts, entries)
        self._forms = [tuple(found) for found in entries.values()]
        self._tickers = {
            ticker.rpartition(":")[2].strip(): account.id for account in accounts for ticker in account.tickers if ticker
        }
        self._search = AhoCorasick(
            [f" {key}" for key in entries],
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )

    @staticmethod
    def _put(entries: dict[str, list[Form]], key: str, form: Form) -> None:
        known = entries.setdefault(key, [])
        if all(other.account_id != form.account_id or other.text != form.text for other in known):
            known.append(form)

    def _put_short(self, accounts: Accounts, entries: dict[str, list[Form]]) -> None:
        """Add derived short names, but none that two groups would share or that somebody has as a full name."""
        derived: dict[str, list[Form]] = {}
        for account in accounts:
            for form in short_forms(account):
                for key in keys(form.text):
                    derived.setdefault(key, []).append(form)
        for key, found in derived.items():
            if key not in entries and len({form.account_id for form in found}) == 1:
                self._put(entries, key, found[0])

    def find(self, body: str, passages: Passages | None = None) -> list[Mention]:
        """Return the mentions in this text, in order, not overlapping in their bare names.

        Args:
            body: `title + "\\n" + text`.
            passages: its sentences, where they are known already.
        """
        hits = self._longest(self._hits(body))
        if not hits:
            return []
        passages = passages or Passages(body)
        sure = self._sure(hits, body)
        found = []
        for hit in hits:
            form = self._choose(hit, sure)
            sentence = passages.at(hit.start)
            family = sure.get(self._group[form.account_id], ("", frozenset()))
            name = body[hit.start : hit.end]
            other = next((text for text in family[1] if text.lower() != name.lower()), "") if form.ordinary else ""
            seen = Seen(
                hit.start, hit.end, hit.right, form.ordinary, hit.exact, hit.legal, hit.ticker, " " not in name and "-" not in name
            )
            shouted = passages.shouted(hit.start)
            probability, why = judge(body, seen, sentence, family=other, shouted=shouted)
            if probability < KEEP:
                continue
            mention = Mention(
                text=body[hit.left : hit.right],
                start=hit.left,
                end=hit.right,
                account_id=form.account_id,
                probability=round(probability, 3),
                why=f"{form.kind} '{form.text}': {why}",
            )
            found.append(mention)
        return found

    def _hits(self, body: str) -> list[_Hit]:
        """Return every spelling that stands there as a word of its own and in a case that fits."""
        padded = f" {fold(body)}"
        hits = []
        for index, start, stop in self._search.find_matches_as_indexes(padded, overlapping=True):
            end = stop - 1
            if end < len(body) and padded[stop].isalnum() and not _ends(padded, stop):
                continue
            hit = self._shape(body, start, end, self._forms[index])
            if hit:
                hits.append(hit)
        return hits

    def _shape(self, body: str, start: int, end: int, entries: tuple[Form, ...]) -> _Hit | None:
        """Return the hit with its whole word form; None where case, separators or surroundings say no."""
        name = body[start:end]
        fitting = tuple(form for form in entries if _fits(form, name))
        if not fitting or _in_address(body, start, end):
            return None
        right = end + len(_REST.match(body, end).group())  # type: ignore[union-attr]
        suffix = body[end:right].lower()
        if suffix not in ("", "s"):
            fitting = tuple(form for form in fitting if not form.ordinary and len(form.text) > 3)
            if not fitting:
                return None
        elif suffix == "s":
            fitting = tuple(form for form in fitting if not (form.ordinary and form.text.isupper() and not name.isupper()))
            if not fitting:
                return None
        left = start
        prefix = _PREFIX.search(body, max(0, start - 14), start) if body[start - 1 : start] in ("-", "‐", "‑") else None
        if prefix:
            left = prefix.start()
        legal = ticker = False
        compound = _COMPOUND.match(body, right)
        genitive = _GENITIVE.match(body, right)
        if compound:
            right = compound.end()
        elif genitive:
            right = genitive.end()
        else:
            form = LEGAL_AFTER.match(body, right)
            if form and not (form.group().isupper() and form.group().strip(" ,") in ("AS", "SA", "CO") and body[:start].isupper()):
                legal, right = True, form.end()
        ticker = bool(_TICKER_AFTER.match(body, right)) or (body[start:end].isupper() and bool(_TICKER_BEFORE.search(body, max(0, start - 60), start)))
        exact = any(form.text == name for form in fitting)
        legal = legal or any(form.kind == "legal" and form.text != form.text.split(" ")[0] and LEGAL_AFTER.search(name) for form in fitting)
        return _Hit(start, end, left, right, fitting, exact, bool(legal), ticker)

    @staticmethod
    def _longest(hits: Sequence[_Hit]) -> list[_Hit]:
        """Return the hits that no longer one covers, in order; forms of the same stretch are put together."""
        merged: dict[tuple[int, int], _Hit] = {}
        for hit in hits:
            other = merged.get((hit.start, hit.end))
            merged[hit.start, hit.end] = hit._replace(forms=other.forms + hit.forms) if other else hit
        kept: list[_Hit] = []
        reach = -1
        for hit in sorted(merged.values(), key=lambda one: (one.start, -one.end)):
            if hit.start >= reach:
                kept.append(hit)
                reach = hit.end
        return kept

    def _sure(self, hits: Iterable[_Hit], body: str) -> dict[str, tuple[str, frozenset[str]]]:
        """Return, per group, the names in this text that are nothing else."""
        names: dict[str, set[str]] = {}
        for hit in hits:
            groups = {self._group[form.account_id] for form in hit.forms}
            if len(groups) == 1 and (hit.legal or hit.ticker or not all(form.ordinary for form in hit.forms)):
                names.setdefault(groups.pop(), set()).add(body[hit.start : hit.end] if not hit.legal else body[hit.start : hit.right])
        return {group: (min(found), frozenset(found)) for group, found in names.items()}

    def _choose(self, hit: _Hit, sure: dict[str, tuple[str, frozenset[str]]]) -> Form:
        """Return the form that is meant where several accounts have this name: whose other names are there, then the closest."""
        return min(
            hit.forms,
            key=lambda form: (self._group[form.account_id] not in sure, _KINDS.index(form.kind), form.ordinary),
        )


def _ends(padded: str, stop: int) -> bool:
    """Say whether the letters from `stop` on are an ending that a name may take."""
    rest = _REST.match(padded, stop).group()  # type: ignore[union-attr]
    return rest == "s" or rest in CLOSED_HEADS


def _fits(form: Form, name: str) -> bool:
    """Say whether the name is written in a way that the form allows: separators, then capitals."""
    text = form.text
    if name == text:
        return True
    if any(character in _FORBIDDEN and character not in text for character in name):
        return False
    if len(text) > 1 and not text[1].isalnum() and name.count(" ") > text.count(" "):
        return False
    if text.islower():
        return name[0].isupper() and name[1:].islower() and len(text) > 3
    if not any(character.isupper() or character.isdigit() for character in name[:1]):
        return False
    if text.isupper() and len(text) <= 3 and not name.isupper() and form.ordinary:
        return False
    capitals = [word[0] for word in re.split(r"[ \-]", text) if word and word[0].isalpha()]
    written = [word[0] for word in re.split(r"[ \-]", name) if word and word[0].isalpha()]
    if len(capitals) == len(written):
        return all(there.isupper() or not here.isupper() for here, there in zip(capitals, written, strict=True))
    return True


def _in_address(body: str, start: int, end: int) -> bool:
    """Say whether the name is part of a web or mail address."""
    before, after = body[max(0, start - 2) : start], body[end : end + 2]
    if before[-1:] in ("/", "@", "_") and (before[:1] != " " or before[-1:] == "@"):
        return before[-1:] == "@" or before == "//" or body[max(0, start - 8) : start].count("/") > 1
    if before[-1:] == "." and before[:1].isalnum() and before[:1].islower():
        return True
    return after[:1] == "@" or (after[:1] == "." and after[1:2].isalpha() and after[1:2].islower())
