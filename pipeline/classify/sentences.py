"""Where sentences begin and end, in German and English news text.

One expression finds every place that could be an end; a few checks on the words around it say whether it is one.
Offsets count characters of the body, so that evidence can be cut out again. The title is always a sentence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONGEST: Final = 800
"""Characters after which a sentence is cut at a space: tables and lists without stops are no evidence for anybody."""


class Sentence(NamedTuple):
    """A stretch `[start, end)` of a body, without white space around it."""

    start: int
    end: int


_END = re.compile(
    # One class at the beginning: the engine leaps to the next of these characters.
    r"""[\n!?….] (?:
        (?<=\n) \n*                                   # a line break always ends
      | (?<=[!?…]) [!?…]* ["'’»«“”)\]]* \s+ (?=[^\sa-zäöüß])  # a shout or a question, unless it goes on in lower case
      | (?<=\.) \.* ["'’»«“”)\]]* \s+ (?=["'‘„“”»«(\[]*[^\W_a-zäöüß])  # a stop, and what can begin a sentence
    )""",
    re.VERBOSE,
)
_BREAK = re.compile(r"[\s(\[„“\"']")
_AFTER = re.compile(r"[\"'‘„“”»«(\[]*([^\W_]+)")

_NEVER: Final = frozenset(
    """abb abs allg art az bd best betr bsp bspw bzgl bzw ca chr dgl dipl dr ehem eigtl einschl entspr erg etc evtl exkl
    ff geb gegr geg ggf ggü hg hl hrsg inkl ing insb int jh kap kfm lt max med min mind mio mrd bio mtl nr nrn op pers
    prof publ qm rd red resp s sog st std stv tel tsd u usw v verf vgl vors vs vorm z zt zzgl
    approx assoc asst capt col dept det dist ed eds est exec fig gen gov hon lt maj mgr mr mrs ms mt pp rep rev sen
    sgt sr supt univ vol jan feb mär apr jun jul aug sep sept okt oct nov dez dec mon tue wed thu fri sat sun""".split()
)
"""Words that a stop shortens; a sentence hardly ever ends with them."""

_SOMETIMES: Final = frozenset(
    "no nos inc corp co ltd plc bros llc cie jr usw etc ag kg gmbh mbh a.m p.m d.c u.s u.k u.n e.v".split()
)
"""Short forms that stand at the end of a sentence often enough to look at the word that follows."""

_STARTERS: Final = frozenset(
    """the a an it its in on at by for from this that these those he she we they i you our their his her as if when
    while with since after before although however meanwhile under both all there but and to more not no
    der die das ein eine einer es er sie wir ich im am in auf bei mit von vom zum zur nach seit für aus um als wenn da
    doch dies diese dieser dieses damit dabei dazu zudem außerdem auch aber und man so nun bis über unter durch wie was
    wer insgesamt allein künftig laut zuvor derzeit bereits noch ihr ihre sein seine""".split()
)
"""Words that begin sentences and, with a capital, hardly anything else."""


def sentences(body: str) -> list[Sentence]:
    """Return the sentences of `title + "\\n" + text`, in order, not overlapping; empty for a body of white space."""
    head = body.find("\n")
    title = len(body) if head < 0 else head
    found = list(_pieces(body, 0, title))
    start = title
    for match in _END.finditer(body, title):
        if body[match.start()] == "." and not _ends(body, start, match.start(), match.end()):
            continue
        found.extend(_pieces(body, start, match.end()))
        start = match.end()
    found.extend(_pieces(body, start, len(body)))
    return found


def _ends(body: str, start: int, stop: int, after: int) -> bool:
    """Say whether the stop at `stop` ends a sentence that began at `start` or later."""
    word = _BREAK.split(body[max(start, stop - 30) : stop])[-1].lower()
    if body.startswith("..", stop) or not word:
        return True
    following = _AFTER.match(body, after)
    starts = following is not None and following.group(1).lower() in _STARTERS
    if word in _SOMETIMES:
        return starts
    if word[-1].isdigit():
        return starts or not _ordinal(word)
    if len(word) == 1 or (len(word) > 2 and word[-2] == "."):
        return starts and word[-1].isalpha() and "." in word
    return word.rpartition(".")[2] not in _NEVER and word.rpartition("-")[2] not in _NEVER


def _ordinal(word: str) -> bool:
    """Say whether `3` or `24.12` may be the start of `3. Quartal` or `24.12. Uhr`; years and sums are not."""
    last = word.rpartition(".")[2]
    return len(last) <= 2 and last.isdigit()


def _pieces(body: str, start: int, end: int) -> Iterator[Sentence]:
    """Yield `[start, end)` without white space around it, in pieces of at most `LONGEST` characters."""
    piece = body[start:end].lstrip()
    start = end - len(piece)
    end = start + len(piece.rstrip())
    while end - start > LONGEST:
        cut = body.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = start + LONGEST if cut < 0 else cut
        yield Sentence(start, cut)
        start = cut
        while start < end and body[start].isspace():
            start += 1
    if end > start:
        yield Sentence(start, end)
