"""What the words around a name say for and against its being the company.

A name that is nothing else starts as nearly sure, an ordinary word as rather not; each clue moves that up or down and
leaves a reason. The weights are logits set by hand on real headlines: a clue of 3 alone turns doubt into near
certainty.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.route.passages import Capitals
from pipeline.route.verdicts import Judged
from pipeline.route.words import (
    BUSINESS,
    ENDING,
    EXCHANGES,
    FIRST_NAMES,
    HEADS,
    KIND_BEFORE,
    NO_COMPANY_AFTER,
    OTHERS,
    PERSON_BEFORE,
    PERSON_TITLES,
    WHOLE,
)

_TEXT: Final = 700
"""Characters on each side that count as the same text."""
_BUSINESS: Final = AhoCorasick(BUSINESS, matchkind=MatchKind.LeftmostFirst)
KEEP: Final = 0.5
"""Names less probable than this are no mentions."""


class Seen(NamedTuple):
    """A name as it stands in a text.

    Attributes:
        start: of the bare name.
        end: of the bare name.
        whole: where the word form ends: genitive, compound, legal form.
        ordinary: 0 where the name is nothing else, 1 where it may be a word, 2 where it mostly is.
        exact: written in exactly the case that the account gives.
        legal: a legal form follows.
        ticker: a stock symbol in brackets follows, or the name is one.
        single: one word.
        short: a part of the name that was derived, not given.
    """

    start: int
    end: int
    whole: int
    ordinary: int
    exact: bool
    legal: bool
    ticker: bool
    single: bool
    short: bool


_WORD_BEFORE = re.compile(r"([\w&.’'-]+)[ \u00a0][„“\"‚‘'»«(]?$")
_PAIR = re.compile(r"\b(?:Bus(?:se)? und|Bus &|Venus und|Mond und|Apfel und) $")
_WORD_AFTER = re.compile(r"[ \u00a0]([\w&][\w&’'-]*)")
#: `(NASDAQ: ABC)`, `Nasdaq Capital Market: ABC`; `on the Nasdaq`, `an der Nasdaq`; `Nasdaq-listed`, `Nasdaq 100`.
_SYMBOL_AFTER = re.compile(r"(?: ?(?:GS|CM|GM)| (?:Capital|Global(?: Select)?) Market)?: ?\$?[A-Z]{1,6}\b")
_LISTED_ON = re.compile(r"\b(?:on|at|via|onto|an|auf|am)(?: (?:the|der|die|das))?[ \u00a0][„“\"‚‘]?$")
_LISTED_AFTER = re.compile(
    r"[- ](?:listed|listing|gelistet\w*|notiert\w*|notierung|börsengang|debut|debüt|composite|jones|100|500|index|"
    r"futures?|closing|capital market|global (?:select )?market)\b",
    re.IGNORECASE,
)
#: What somebody who is listed has to do with the exchange.
_RULES = re.compile(r"complian|delist|minimum bid|deficien|bid price", re.IGNORECASE)
_ARTICLE: Final = frozenset(
    """das dem den des ein eine einen einem einer eines kein keine keinen keiner diese dieser dieses diesen jede jeder
    jedes jeden viele mehr manche alle ihre ihrer ihren ihr sein seine seiner seinen unsere unserer mein meine dein
    deine welche welcher zur zum im am a an the this that these those every each no any some my your our their its his
    her more many all another""".split()
)
_SOFT_ARTICLE: Final = frozenset(("die", "der"))
_PREPOSITION: Final = frozenset(
    """bei von mit für gegen an durch über laut wie und oder auch nach trotz ohne als wegen um bis
    at by from with for to and or says like versus against via of on joins buys acquires""".split()
)
_ADJECTIVE = re.compile(r"^[a-zäöü]{3,}(?:e|en|er|es|em)$")
_VERB = re.compile(
    r"[ \u00a0](?:will|soll|muss|kann|darf|plant|baut|kauft|verkauft|übernimmt|investiert|meldet|schließt|streicht|"
    r"eröffnet|steigt|steigert|senkt|erhöht|"
    r"macht|hat|hatte|ist|wird|stellt|startet|zieht|gibt|geht|setzt|verliert|gewinnt|holt|bringt|liefert|erhält|"
    r"bekommt|droht|wehrt|kündigt|prüft|"
    r"sucht|trennt|schafft|verdient|rechnet|bleibt|steht|verlässt|erwartet|warnt|hebt|legt|sieht|wächst|"
    r"to|is|has|will|plans|says|said|announces|announced|launches|launched|opens|opened|buys|bought|acquires|"
    r"acquired|sells|sold|cuts|reports|reported|"
    r"wins|won|signs|signed|names|named|appoints|expands|raises|unveils|invests|builds|joins|sees|posts|faces|gets|"
    r"takes|makes|adds)\b"
)


def judge(
    body: str,
    seen: Seen,
    sentence: tuple[int, int],
    *,
    family: str,
    again: bool,
    capitals: Capitals,
    business: Sequence[tuple[int, str]],
    judged: Judged | None = None,
) -> tuple[float, str]:
    """Return how probable it is that this name is the company, and why.

    Args:
        body: the whole text.
        seen: the name in it.
        sentence: where its sentence begins and ends.
        family: another, certain name of the same group in this text; empty where there is none.
        again: the same name is surely the company elsewhere in this text.
        business: the business words of the text, with their places (`business_words`).
        capitals: how the sentence uses capitals; where every word has one, they say little.
        judged: what labels said of this name.
    """
    reasons: list[tuple[float, str]] = []
    _name(body, seen, reasons, family)
    if again:
        reasons.append((1.5, "the same name is surely the company elsewhere in the text"))
    if judged and judged.weight:
        reasons.append((judged.weight, judged.why))
    _market(body, seen, reasons)
    _before(body, seen, sentence, reasons)
    _after(body, seen, sentence, reasons, capitals)
    if seen.ordinary:
        _around(body, seen, sentence, reasons, capitals, business)
    start = (3.0, -0.5, -1.3)[seen.ordinary] - 1.2 * (seen.short and not family)
    total = start + sum(weight for weight, _ in reasons)
    probability = 1 / (1 + math.exp(-total))
    return probability, _told(reasons, bool(seen.ordinary), probability)


def business_words(body: str) -> list[tuple[int, str]]:
    """Return the words that speak of business, in order, each with its place."""
    low = body.lower()
    # Lower case may be longer than the text (`İ`); places are then somewhat off, and only nearness counts.
    return [
        (start, BUSINESS[index])
        for index, start, end in _BUSINESS.find_matches_as_indexes(low)
        if not (BUSINESS[index] in ENDING and low[end : end + 1].isalnum())
        and not (BUSINESS[index] in WHOLE and low[max(0, start - 1) : start].isalnum())
    ]


def _within(business: Sequence[tuple[int, str]], start: int, end: int) -> Sequence[tuple[int, str]]:
    return business[bisect_left(business, (start, "")) : bisect_left(business, (end, ""))]


def _told(reasons: list[tuple[float, str]], ordinary: bool, probability: float) -> str:
    """Return the clues that decided, the strongest first."""
    kept = probability >= KEEP
    decided = sorted((reason for reason in reasons if (reason[0] > 0) is kept), key=lambda reason: -abs(reason[0]))[:3]
    told = ", ".join(why for _, why in decided)
    if not ordinary and kept:
        return told or "the name is nothing else"
    return told or ("an ordinary word without a clue" if not kept else "no clue against it")


def _name(body: str, seen: Seen, reasons: list[tuple[float, str]], family: str) -> None:
    """Clues in the name's own form."""
    if seen.legal:
        reasons.append((3.5, f"the legal form in '{body[seen.start : seen.whole]}'"))
    elif seen.ordinary and body[seen.start : seen.end].lower() in BUSINESS:
        reasons.append((-2.5, "a word that business news is full of"))
    if seen.ticker:
        reasons.append((3.5, "a stock symbol beside it"))
    if family:
        reasons.append((2.5, f"'{family}' stands in the same text"))
    tail = body[seen.end : seen.whole]
    if tail[:1] in "-‐‑" and tail:
        head = tail.rpartition(tail[0])[2].lower()
        if head in HEADS or head.endswith(
            ("chef", "chefin", "konzern", "aktie", "tochter", "werk", "werke", "vorstand", "sparte", "manager")
        ):
            reasons.append((2.6 if seen.ordinary < 2 else 0.8, f"the compound '{body[seen.start : seen.whole]}'"))
        elif seen.ordinary < 2 and seen.end - seen.start > 1:
            reasons.append((0.4, f"the compound '{body[seen.start : seen.whole]}'"))
    elif tail[:1] in "'’‘" and tail:
        reasons.append((0.6, "a genitive"))


def _market(body: str, seen: Seen, reasons: list[tuple[float, str]]) -> None:
    """An exchange where shares are listed is rarely the company that runs it: it has to do something to be meant."""
    if body[seen.start : seen.end].lower() not in EXCHANGES or seen.legal:
        return
    before, after = body[max(0, seen.start - 24) : seen.start], body[seen.end : seen.end + 24]
    rules = _RULES.search(body, max(0, seen.start - 80), seen.end + 80)
    if rules or _SYMBOL_AFTER.match(after) or _LISTED_ON.search(before) or _LISTED_AFTER.match(after):
        reasons.append((-8.0, "the exchange, not the company that runs it"))
    elif seen.whole == seen.end and not _VERB.match(body, seen.end):
        reasons.append((-4.0, "an exchange that does nothing here"))


def _before(body: str, seen: Seen, sentence: tuple[int, int], reasons: list[tuple[float, str]]) -> None:
    """Clues in the word before the name."""
    found = _WORD_BEFORE.search(body, max(sentence[0], seen.start - 40), seen.start)
    if not found:
        return
    word = found.group(1)
    low = word.lower().rstrip(".")
    if _PAIR.search(body, max(sentence[0], seen.start - 12), seen.start):
        reasons.append((-4.0, "a pair of ordinary words"))
        return
    if KIND_BEFORE.search(word) and len(word) > 3:
        reasons.append((2.6, f"'{word}' stands before it"))
    elif low in PERSON_TITLES and seen.single:
        reasons.append((-6.0, f"a person: '{word}' stands before it"))
    elif low in FIRST_NAMES and word[0].isupper() and seen.single and not seen.legal:
        reasons.append((-6.0, f"a person: '{word}' is a first name"))
    elif PERSON_BEFORE.search(low) and seen.single and seen.end == seen.whole:
        reasons.append((-4.0, f"a person: '{word}' stands before it"))
    elif seen.ordinary and body[seen.end : seen.end + 1] != "-":
        _before_ordinary(word, low, reasons)


def _before_ordinary(word: str, low: str, reasons: list[tuple[float, str]]) -> None:
    if low in _ARTICLE:
        reasons.append((-1.8, f"the article '{word}'"))
    elif low in _SOFT_ARTICLE:
        reasons.append((-0.2, f"the article '{word}'"))
    elif low in _PREPOSITION:
        reasons.append((0.9, f"'{word}' without an article before it"))
    elif _ADJECTIVE.match(word):
        reasons.append((-1.2, f"'{word}' before it"))
    elif word[0].isupper() and word[-1].isalpha() and not word.isupper():
        reasons.append((-0.6, f"part of '{word} …'"))


def _after(
    body: str, seen: Seen, sentence: tuple[int, int], reasons: list[tuple[float, str]], capitals: Capitals
) -> None:
    """Clues in the word after the name."""
    name = body[seen.start : seen.end].lower()
    found = _WORD_AFTER.match(body, seen.whole, sentence[1])
    if not found:
        return
    word = found.group(1)
    if word.lower() in OTHERS.get(name, "").split() or (word == "&" and name == "merck"):
        reasons.append((-7.0, f"'{body[seen.start : found.end()]}' is somebody else"))
    low = word.lower()
    if low in NO_COMPANY_AFTER:
        reasons.append((-5.0, f"'{word}' follows: a venue, club, prize or place"))
    elif (
        seen.ordinary
        and word[0].isupper()
        and capitals is Capitals.PLAIN
        and not seen.legal
        and seen.end == seen.whole
        and low not in HEADS
    ):
        reasons.append((-0.8, f"'{word}' follows"))


def _around(
    body: str,
    seen: Seen,
    sentence: tuple[int, int],
    reasons: list[tuple[float, str]],
    capitals: Capitals,
    business: Sequence[tuple[int, str]],
) -> None:
    """Clues in the sentence, for ordinary words."""
    start, end = sentence
    first = seen.start - start <= 1
    if _VERB.match(body, seen.whole):
        reasons.append((1.2, "the verb after it"))
    if body.startswith(":", seen.whole) and first and seen.whole == seen.end:
        reasons.append((1.0, "it heads the title"))
    count = len({word for at, word in _within(business, start, end) if not seen.start <= at < seen.whole})
    if count:
        reasons.append((0.7 if count == 1 else 1.2, "business words in the sentence"))
    elif _within(business, seen.start - _TEXT, seen.end + _TEXT):
        reasons.append((0.3, "business words in the text"))
    name = body[seen.start : seen.end]
    if (
        seen.ordinary
        and body[seen.start - 1 : seen.start] in ("-", "‑")
        and not body[max(0, seen.start - 3) : seen.start].lower().startswith(("ex", "us", "eu"))
    ):
        reasons.append((-2.0, "the end of another word"))
    if len(name) == 1:
        reasons.append((-1.0, "a single letter"))
    elif name.isupper() and capitals is not Capitals.SHOUTED:
        reasons.append(
            (1.6, "written in capitals as the company does")
            if seen.exact
            else (-1.5, "written in capitals, unlike the company")
        )
    elif capitals is not Capitals.PLAIN:
        reasons.append((-0.6, "in a headline with capitals throughout"))
