"""Text to tokens: words in lower case, and signs that stand for sums, shares, years, numbers and quotation marks."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LEAD: Final = 1200
"""Characters of text, after the title, that are read: news says its news first, and training text is short."""
_REMEMBER: Final = 200_000

Tokens = list[str]


class Document(NamedTuple):
    """A text as the model reads it.

    Attributes:
        runs: tokens of the title, tokens of the lead; pairs of words never cross from one to the next.
        names: those of the tokens that name a company here.
        cues: what else is known of the text (`models.cues`); nothing where only the words are asked.
    """

    runs: tuple[Tokens, ...]
    names: frozenset[str] = frozenset()
    cues: tuple[float, ...] = ()


_AMOUNT: Final = r"""
    (?=[$€£UEC])(?:[$€£]|US\$|EUR|USD|CHF)\s?\d[\d.,]*(?:\s?(?:bn|billion|million|m|k|Mio|Mrd)\b\.?)?
  | \d[\d.,]*\s?(?:Mrd|Mio|Bio|Millionen|Milliarden?|Million|Billionen|billion|million|bn)\b\.?
    (?:\s?(?:Euro|Dollar|Franken|euros?|dollars?|pounds?|US-Dollar|EUR|USD|CHF|€|\$))?
  | \d[\d.,]*\s?(?:Euro|Dollar|Franken|€|euros?|dollars?)\b"""
_SHARE: Final = r"\d[\d.,]*\s?(?:%|Prozent\b|percent\b|per\ cent\b)"
_QUOTES: Final = '„“"”»«'
_TOKEN = re.compile(
    # A few characters that begin nothing first: the engine leaps over them. A year stands outside the group, so that
    # `findall` gives it as an empty string.
    rf"""[^\w$€£{_QUOTES}?!:]{{0,3}}+
    (?:({_AMOUNT} | [^\W\d_]\w{{0,59}} | {_SHARE} | (?!\b(?:19|20)\d\d\b)\d[\d.,]* | [{_QUOTES}?!:]) | \d{{4}})""",
    re.VERBOSE,
)
_FORMS: Final = tuple(
    (re.compile(pattern, re.VERBOSE), form)
    for pattern, form in (
        (r"\Z", "<year>"),
        (_AMOUNT, "<amount>"),
        (_SHARE, "<pct>"),
        (r"\d.*", "<num>"),
        (rf"[{_QUOTES}]", "<quote>"),
    )
)


class _Known(dict[str, str]):
    """What stands in a text → its token; fills itself."""

    def __missing__(self, found: str) -> str:
        if len(self) > _REMEMBER:
            self.clear()
        self[found] = token = next((form for kind, form in _FORMS if kind.fullmatch(found)), found.lower())
        return token


_KNOWN: Final = _Known()


def tokens(text: str) -> Tokens:
    """Return the words in lower case, with `<amount>`, `<pct>`, `<year>`, `<num>`, `<quote>` for what varies."""
    return [_KNOWN[found] for found in _TOKEN.findall(text)]


def document(body: str) -> Document:
    """Return title and lead of a body, nothing known of names."""
    title, _, text = body.partition("\n")
    return Document((tokens(title), tokens(text[:LEAD])))
