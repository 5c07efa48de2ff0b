"""What to write into the account file: names that are also words, and names and units that articles use.

word     a name that is also an ordinary word, a place, a first name or a short acronym, and what would help it
alias    an abbreviation in brackets after a name: `Nordhaff Holding (NHH)`
unit     a longer name that begins with an account's and is in no row: `Nordhaff Cargo`
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pipeline.route.mentions import Finder
from pipeline.route.names import LEGAL_AFTER, Form, forms, is_place
from pipeline.route.passages import Capitals, Passages
from pipeline.route.tree import Account, Accounts
from pipeline.route.words import FIRST_NAMES, HEADS, ordinary

_LEAST: Final = 2
"""Articles in which a name must stand: once is a slip."""
_BRACKET: Final = re.compile(r" ?\(([A-ZÄÖÜ][A-Za-zÄÖÜ]{1,7})\)")
_LONGER: Final = re.compile(r"(?: [A-ZÄÖÜ][a-zäöüß]{3,}\w*){1,2}")
#: What stands after a name in capitals and makes no other name of it: offices, days, months, forms of address.
_NO_UNIT: Final = frozenset(
    """vorstand vorstandschef chef chefin manager sprecher sprecherin president chairman director chief vice montag
    dienstag mittwoch donnerstag freitag samstag sonntag monday tuesday wednesday thursday friday saturday sunday januar
    februar märz april juni juli august september oktober november dezember january february march june july october
    december""".split()
)


class Suggestion(NamedTuple):
    """One thing to look at.

    Attributes:
        kind: word, alias or unit.
        account_id: whose row it concerns.
        name: the name in question.
        articles: in how many it was seen; 0 for words.
        why: what speaks for it, and what to write.
    """

    kind: str
    account_id: str
    name: str
    articles: int
    why: str


def words(accounts: Accounts) -> Iterator[Suggestion]:
    """Yield the names that need context to count and whose rows give little of it, with what would help."""
    for account in accounts:
        for form in forms(account):
            advice = _help(account, form) if form.ordinary and form.kind != "bare" else ""
            if advice:
                yield Suggestion("word", account.id, form.text, 0, f"{_also(form)}; {advice}")


def _also(form: Form) -> str:
    low = form.text.strip(".").lower()
    if low in FIRST_NAMES:
        return "also a first name"
    if is_place(low):
        return "also a place"
    if low in ordinary():
        return "also an ordinary word" if ordinary()[low] == 1 else "also a word of every day"
    return "short enough to mean other things"


def _help(account: Account, form: Form) -> str:
    missing = [name for name in ("legal_name", "domains", "industry") if not getattr(account, name)]
    if form.ordinary > 1 and form.kind in ("alias", "former"):
        return "as an alias it counts only beside a legal form or a stock symbol: write a longer one, or take it out"
    if missing:
        return f"it counts only with context: fill in {', '.join(missing)}"
    return ""


def seen(accounts: Accounts, bodies: Iterable[str]) -> list[Suggestion]:
    """Return names in articles that no row has, the most frequent first.

    Args:
        accounts: whose names are known.
        bodies: articles as `title + "\\n" + text`.
    """
    finder, found = Finder(accounts), defaultdict[tuple[str, str, str], int](int)
    for body in bodies:
        passages = Passages(body)
        here = set()
        for mention in finder.find(body, passages):
            here |= set(_after(body, mention.account_id, mention.start, mention.end, passages))
        for one in here:
            found[one] += 1
    known = {form.text.lower() for account in accounts for form in forms(account)}
    return [
        Suggestion(kind, account_id, name, count, _WHY[kind])
        for (kind, account_id, name), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        if count >= _LEAST and name.lower() not in known
    ]


_WHY: Final = {
    "alias": "stands in brackets after the name; add it to aliases",
    "unit": "a longer name that no row has; add a row with level unit below this account, or an alias",
}


def _after(body: str, account_id: str, start: int, end: int, passages: Passages) -> Iterator[tuple[str, str, str]]:
    """Yield what follows one mention: kind, account, name."""
    bracket = _BRACKET.match(body, end)
    if bracket and sum(letter.isupper() for letter in bracket[1]) > 1:
        yield "alias", account_id, bracket[1]
    longer = _LONGER.match(body, end)
    if not longer or passages.capitals(start) is not Capitals.PLAIN or LEGAL_AFTER.match(body, end):
        return
    tail = longer[0].split()
    if tail[0].lower() not in _NO_UNIT | HEADS and tail[0].lower() not in FIRST_NAMES:
        yield "unit", account_id, f"{body[start:end]} {tail[0]}"
