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
from pipeline.route.gazetteer import names as place_names
from pipeline.route.names import LEGAL_AFTER, Form, fold, forms, keys, short_forms
from pipeline.route.passages import Passages
from pipeline.route.tree import Accounts, Level
from pipeline.route.words import CLOSED_HEADS, PLANT

_REST = re.compile(r"[^\W_]*")
_COMPOUND = re.compile(r"[-‐‑][^\W_][\w‐‑-]*")
_PREFIX = re.compile(r"(?:^|(?<=[\s(„“\"‚‘»«/]))[A-ZÄÖÜa-zäöü]{2,12}[-‐‑]$")
_PLANT_WORD = re.compile(r" ([\w-]+)")
_SURE: Final = 0.8
_GENITIVE = re.compile(r"['’‘`´]s?(?!\w)")
_TICKER_AFTER = re.compile(r"\s?\((?:[^()]{0,40}?[,;] ?)?[A-Za-z][A-Za-z .]{1,18}: ?\$?[A-Z0-9][A-Z0-9.-]{0,7}[),;/ ]")
_EXCHANGE = r"(?:NYSE(?: American)?|N(?:ASDAQ|asdaq)(?:GS|CM)?|AMEX|OTC(?:QB|QX|PK|MKTS)?|TSX(?:-?V)?|CSE|FSE|FWB|XETRA|Xetra|ETR|LSE|AIM|ASX|HKEX|SEHK|SIX|TYO|TSE|BSE|NSE|DE|US|EPA|AMS|VIE)"
_SYMBOL = re.compile(rf"{_EXCHANGE}: ?\$?([A-Z][A-Z0-9.]{{0,6}})(?![\w.])")
_SYMBOLS = re.compile(rf" ?\({_EXCHANGE}: ?\$?[A-Z][A-Z0-9.]{{0,6}}(?:[,;/] ?(?:{_EXCHANGE}: ?)?\$?[A-Z][A-Z0-9.]{{0,6}})*\)")
_TICKER_BEFORE = re.compile(r"\([^()]{0,60}:\s?\$?$")
_FORBIDDEN: Final = frozenset('\n,;:()[]/"„“”!?…–—|·•»«')
_KINDS: Final = ("name", "alias", "former", "bare", "legal", "known", "short")
_DEFINED: Final = re.compile(r"([A-ZÄÖÜ][\w-]+)[®™]? \([„“\"‚‘']?$")


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
        """Spell out every name and build the automaton."""
        self._accounts = accounts
        self._group = {account.id: accounts.group(account.id).id for account in accounts}
        entries: dict[str, list[Form]] = {}
        for account in accounts:
            for form in forms(account):
                for key in keys(form.text):
                    self._put(entries, key, form)
        self._put_short(accounts, entries)
        self._forms = [tuple(found) for found in entries.values()]
        self._towns = _site_towns(accounts)
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
        """Add derived names, but none that two groups would share or that somebody has as a full name.

        Inside a group the highest account gets it: `Mercedes` is Mercedes-Benz, not Mercedes-AMG.
        """
        derived: dict[str, list[Form]] = {}
        for account in accounts:
            for form in short_forms(account):
                for key in keys(form.text):
                    if key not in entries:
                        derived.setdefault(key, []).append(form)
        for key, found in derived.items():
            known = [form for form in found if form.kind == "known"] or found
            if len({self._group[form.account_id] for form in known}) == 1:
                self._put(entries, key, min(known, key=lambda form: len(accounts.path(form.account_id))))

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
        hits = [hit for hit in hits if not self._defined_otherwise(hit, hits, body)]
        sure = self._sure(hits, body)
        chosen = [(hit, self._choose(hit, sure, body)) for hit in hits]
        judged = [self._judge(body, passages, hit, form, sure, again=False) for hit, form in chosen]
        certain = {
            (body[hit.start : hit.end], form.account_id)
            for (hit, form), (probability, _) in zip(chosen, judged, strict=True)
            if form.ordinary and probability >= _SURE
        }
        found = []
        for (hit, form), (probability, why) in zip(chosen, judged, strict=True):
            if form.ordinary and probability < _SURE and (body[hit.start : hit.end], form.account_id) in certain:
                probability, why = self._judge(body, passages, hit, form, sure, again=True)
            if probability >= KEEP:
                found.append(self._mention(body, passages, hit, form, probability, why))
        return _with_symbols(body, found)

    def _judge(
        self, body: str, passages: Passages, hit: _Hit, form: Form, sure: dict[str, frozenset[str]], *, again: bool
    ) -> tuple[float, str]:
        """Return how probable it is that this hit is the account, and why."""
        name = body[hit.start : hit.end]
        others = sure.get(self._group[form.account_id], frozenset()) if form.ordinary else frozenset()
        family = min((text for text in others if text.lower() != name.lower()), default="")
        seen = Seen(
            start=hit.start,
            end=hit.end,
            whole=hit.right,
            ordinary=form.ordinary,
            exact=hit.exact,
            legal=hit.legal,
            ticker=hit.ticker,
            single=" " not in name and "-" not in name,
            short=form.kind == "short",
        )
        return judge(
            body, seen, passages.at(hit.start), family=family, again=again, capitals=passages.capitals(hit.start)
        )

    def _mention(self, body: str, passages: Passages, hit: _Hit, form: Form, probability: float, why: str) -> Mention:
        account_id, told = form.account_id, f"{form.kind} '{form.text}': {why}"
        site = self._site(body, passages, hit, account_id)
        if site:
            account_id, told = site[0], f"{told}; the plant at '{site[1]}' is meant"
        return Mention(
            text=body[hit.left : hit.right],
            start=hit.left,
            end=hit.right,
            account_id=account_id,
            probability=round(probability, 3),
            why=told,
        )

    def _site(self, body: str, passages: Passages, hit: _Hit, account_id: str) -> tuple[str, str] | None:
        """Return the site that `Tesla-Werk` means, where the text names its town; else None."""
        towns = self._towns.get(account_id)
        if not towns:
            return None
        following = _PLANT_WORD.match(body, hit.right)
        if not PLANT.search(body[hit.end : hit.right]) and not (following and PLANT.search(following.group(1))):
            return None
        start, end = passages.at(hit.start)
        for area in (body[start:end], body[: passages.title_end], body):
            found = {site: town for town, site in towns.items() if re.search(rf"\b{re.escape(town)}(?:s|er)?\b", area)}
            if found:
                return next(iter(found.items())) if len(found) == 1 else None
        return None

    @staticmethod
    def _defined_otherwise(hit: _Hit, hits: Sequence[_Hit], body: str) -> bool:
        """Say whether the text gives this abbreviation another meaning: `das Arbeitsmarktservice (AMS)`."""
        name = body[hit.start : hit.end]
        if (
            len(name) > 5
            or not name.isupper()
            or hit.ticker
            or all(form.kind == "name" and len(form.text) > 3 for form in hit.forms)
        ):
            return False
        ids = {form.account_id for form in hit.forms}
        for other in hits:
            if body[other.start : other.end] != name or body[other.end : other.end + 1] not in (
                ")",
                '"',
                "“",
                "”",
                "'",
            ):
                continue
            before = _DEFINED.search(body, max(0, other.start - 40), other.start)
            if not before:
                continue
            ours = any(
                one.right >= before.start() - 1
                and one.right <= other.start
                and ids & {form.account_id for form in one.forms}
                for one in hits
            )
            word = before.group(1)
            first = word[0] == name[0] or any(
                part[:1] == name[0]
                for part in body[max(0, before.start() - 60) : before.end(1)].split()[-len(name) - 1 :]
            )
            if not ours and first and before.group(1) != name:
                return True
        return False

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
            fitting = tuple(
                form
                for form in fitting
                if form.ordinary < 2 and not (form.ordinary and form.text.isupper() and not name.isupper())
            )
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
            if form and not (
                form.group().isupper() and form.group().strip(" ,") in ("AS", "SA", "CO") and body[:start].isupper()
            ):
                legal, right = True, form.end()
        ticker = bool(_TICKER_AFTER.match(body, right)) or (
            body[start:end].isupper() and bool(_TICKER_BEFORE.search(body, max(0, start - 60), start))
        )
        exact = any(form.text == name for form in fitting)
        legal = legal or any(
            form.kind == "legal" and form.text != form.text.split(" ")[0] and LEGAL_AFTER.search(name)
            for form in fitting
        )
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

    def _sure(self, hits: Iterable[_Hit], body: str) -> dict[str, frozenset[str]]:
        """Return, per group, the names in this text that are nothing else."""
        names: dict[str, set[str]] = {}
        for hit in hits:
            groups = {self._group[form.account_id] for form in hit.forms}
            if len(groups) == 1 and (hit.legal or hit.ticker or not all(form.ordinary for form in hit.forms)):
                names.setdefault(groups.pop(), set()).add(body[hit.start : hit.right if hit.legal else hit.end])
        return {group: frozenset(found) for group, found in names.items()}

    def _choose(self, hit: _Hit, sure: dict[str, frozenset[str]], body: str) -> Form:
        """Return the form that is meant where several accounts have this name: whose other names are there, then the closest."""
        if len(hit.forms) == 1:
            return hit.forms[0]
        name = body[hit.start : hit.end]

        def rank(form: Form) -> tuple[bool, int, int, int]:
            others = sure.get(self._group[form.account_id], frozenset())
            alone = not any(text != name for text in others)
            return alone, _KINDS.index(form.kind), -self._kindred(form.account_id, body), form.ordinary

        return min(hit.forms, key=rank)

    def _kindred(self, account_id: str, body: str) -> int:
        """Return how many words of the account's other names and industry the text has."""
        account = self._accounts[account_id]
        words = {
            word
            for text in (account.name, account.industry, *account.aliases)
            for word in fold(text).split()
            if len(word) > 2
        }
        folded = fold(body)
        return sum(word in folded for word in words)


def _with_symbols(body: str, found: list[Mention]) -> list[Mention]:
    """Add stock symbols in brackets right after a name, which are that account's whether it lists them or not."""
    out = []
    for index, mention in enumerate(found):
        out.append(mention)
        match = _SYMBOLS.match(body, mention.end)
        if not match:
            continue
        following = found[index + 1].start if index + 1 < len(found) else len(body)
        for symbol in _SYMBOL.finditer(body, *match.span()):
            if symbol.end(1) <= following:
                why = f"symbol '{symbol.group(1)}': it stands in brackets after '{mention.text}'"
                span = {"text": symbol.group(1), "start": symbol.start(1), "end": symbol.end(1)}
                out.append(mention.model_copy(update={**span, "why": why}))
    return out


def _site_towns(accounts: Accounts) -> dict[str, dict[str, str]]:
    """Return, for each account that has sites below it, the words of their names that are towns: town → site."""
    towns: dict[str, dict[str, str]] = {}
    for site in accounts:
        if site.level is not Level.SITE:
            continue
        above = accounts.path(site.id)[:-1]
        for text in (site.name, *site.aliases):
            for word in re.findall(r"[^\W\d_]{3,}", text):
                if (
                    word[0].isupper()
                    and not PLANT.search(word)
                    and word.lower() in place_names()
                    and not any(word in one.name for one in above)
                ):
                    for account in above:
                        towns.setdefault(account.id, {})[word] = site.id
    return towns


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
