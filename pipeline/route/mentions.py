"""Where in a text the names of accounts stand.

Every spelling of every name goes into one table (`spellings.py`), so the cost hardly depends on their number. What it
finds is filtered by case and separators, then the longest wins, then the context decides (`context.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.records import Mention
from pipeline.route.context import KEEP, Seen, business_words, judge
from pipeline.route.hits import Hit, longest, redefined, shape
from pipeline.route.names import Form, fold
from pipeline.route.passages import Passages
from pipeline.route.sites import Sites
from pipeline.route.spellings import KINDS, Spellings
from pipeline.route.symbols import with_symbols
from pipeline.route.tree import Account, Accounts
from pipeline.route.verdicts import on
from pipeline.route.wider import whole

_MOST: Final = 2_000
"""Names looked at in one text; nothing with more of them is an article."""
_NEAR: Final = 240
"""Characters on each side in which clues count; a sentence may be endless."""
_SURE: Final = 0.8


class Finder:
    """Finds accounts in texts; build it once per account file, and tell it what changes.

    Args:
        accounts: whom to look for; 100,000 take some seconds.
    """

    __slots__ = ("_accounts", "_sites", "_spellings")

    def __init__(self, accounts: Accounts) -> None:
        """Spell out every name."""
        self._accounts = accounts
        self._spellings = Spellings(accounts)
        self._sites = Sites(accounts)

    @property
    def worn(self) -> bool:
        """Whether a quarter of what is kept is of accounts that are gone."""
        return self._spellings.dropped > max(1_000, len(self._spellings) // 4)

    def change(self, old: Account | None, new: Account | None) -> None:
        """Take an account's old names away and add its new ones; a millisecond, and the same as building anew."""
        if old:
            self._spellings.drop(old)
        if new:
            self._spellings.add(new)
        self._sites = Sites(self._accounts)

    def find(self, body: str, passages: Passages | None = None) -> list[Mention]:
        """Return the mentions in this text, in order, not overlapping in their bare names.

        Args:
            body: `title + "\\n" + text`.
            passages: its sentences, where they are known already.
        """
        hits = longest(self._hits(body))[:_MOST]
        if not hits:
            return []
        passages = passages or Passages(body)
        others = redefined(hits, body)
        hits = whole(body, [hit for hit in hits if hit.ticker or body[hit.start : hit.end] not in others])
        sure = self._sure(hits, body)
        chosen = [(hit, self._choose(hit, sure, body)) for hit in hits]
        business = business_words(body) if any(form.ordinary for _, form in chosen) else []

        def judged_as(hit: Hit, form: Form, *, again: bool) -> tuple[float, str]:
            return self._judge(body, passages, hit, form, sure, business, again=again)

        judged = [judged_as(hit, form, again=False) for hit, form in chosen]
        certain = {
            (body[hit.start : hit.end], form.account_id)
            for (hit, form), (probability, _) in zip(chosen, judged, strict=True)
            if form.ordinary and probability >= _SURE
        }
        found = []
        for (hit, form), (probability, why) in zip(chosen, judged, strict=True):
            if form.ordinary and probability < _SURE and (body[hit.start : hit.end], form.account_id) in certain:
                found.append((hit, form, *judged_as(hit, form, again=True)))
            else:
                found.append((hit, form, probability, why))
        kept = [self._mention(body, passages, *one) for one in found if one[2] >= KEEP]
        return with_symbols(body, kept)

    def named(self, body: str) -> frozenset[tuple[str, str]]:
        """Return whose names stand in this text, and how the accounts write them, whatever the context says."""
        hits = longest(self._hits(body))[:_MOST]
        sure = self._sure(hits, body)
        chosen = (self._choose(hit, sure, body) for hit in hits)
        return frozenset((form.account_id, form.text) for form in chosen)

    def _judge(
        self,
        body: str,
        passages: Passages,
        hit: Hit,
        form: Form,
        sure: dict[str, frozenset[str]],
        business: Sequence[tuple[int, str]],
        *,
        again: bool,
    ) -> tuple[float, str]:
        """Return how probable it is that this hit is the account, and why."""
        name = body[hit.start : hit.end]
        others = sure.get(self._accounts.group_id(form.account_id), frozenset()) if form.ordinary else frozenset()
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
        start, end = passages.at(hit.start)
        sentence = max(start, hit.start - _NEAR), min(end, hit.right + _NEAR)
        capitals = passages.capitals(hit.start)
        said = on(form.text, self._accounts[form.account_id].judged)
        return judge(
            body, seen, sentence, family=family, again=again, capitals=capitals, business=business, judged=said
        )

    def _mention(self, body: str, passages: Passages, hit: Hit, form: Form, probability: float, why: str) -> Mention:
        account_id, told = form.account_id, f"{form.kind} '{form.text}': {why}"
        site = self._sites.meant(body, passages, hit, account_id)
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

    def _hits(self, body: str) -> list[Hit]:
        """Return every spelling that stands there as a word of its own and in a case that fits."""
        found = (shape(body, *one) for one in self._spellings.find(fold(body)))
        return [hit for hit in found if hit]

    def _sure(self, hits: Iterable[Hit], body: str) -> dict[str, frozenset[str]]:
        """Return, per group, the names in this text that are nothing else."""
        names: dict[str, set[str]] = {}
        for hit in hits:
            groups = {self._accounts.group_id(form.account_id) for form in hit.forms}
            if len(groups) == 1 and (hit.legal or hit.ticker or not all(form.ordinary for form in hit.forms)):
                names.setdefault(groups.pop(), set()).add(body[hit.start : hit.right if hit.legal else hit.end])
        return {group: frozenset(found) for group, found in names.items()}

    def _choose(self, hit: Hit, sure: dict[str, frozenset[str]], body: str) -> Form:
        """Return the form that is meant where several accounts have this name: whose other names are there."""
        if len(hit.forms) == 1:
            return hit.forms[0]
        name = body[hit.start : hit.end]

        def rank(form: Form) -> tuple[bool, int, int, int]:
            others = sure.get(self._accounts.group_id(form.account_id), frozenset())
            alone = not any(text != name for text in others)
            return alone, KINDS.index(form.kind), -self._kindred(form.account_id, body), form.ordinary

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
