"""Whether an account that a passage names really bears the signal that the passage carries.

The classifier says what a text tells, not of whom. `Maker X launches a tool for Y Cloud` is no launch of Y, and of two
types that one sentence is taken for, the less probable one is mostly wrong. So each signal that has been bound gets a
second look: where the name stands in its sentence, which word governs it, and how sure the classifier was beside its
other answers. The weights were fitted on signals by models that had not seen the items (`bears.txt`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp, log
from typing import Final, NamedTuple

from pipeline.records import MatchedSignal, Mention, Signal
from pipeline.route.passages import Capitals, Passages

LEAST: Final = 0.4
"""Signals that an account bears less probably than this make no match."""
_NAMES: Final = 4
"""Names of an account that are looked at outside the title."""
_SURE_NAME: Final = 0.8
_NEAR: Final = 3
_FAR: Final = 8
"""Words before the name in its sentence."""
_LEFT: Final = 90
_RIGHT: Final = 60

#: Words that govern a name, as the weights call them.
_HEADS: Final = {
    word: kind
    for kind, words in {
        "for": "for für", "on": "on auf", "in": "in im into under unter across inside", "by": "by durch",
        "with": "with mit between zwischen", "from": "from aus", "von": "von vom", "at": "at bei beim",
        "via": "via über through", "of": "of", "to": "to an zu zum zur", "against": "against gegen", "as": "as als",
        "like": "like wie including neben", "than": "than", "vor": "vor", "after": "nach after",
        "because": "wegen trotz", "said": "laut", "about": "about um over", "without": "without ohne",
    }.items()
    for word in words.split()
}  # fmt: skip
_HEAD: Final = re.compile(
    rf".*(?<![\w-])({'|'.join(_HEADS)}) "
    r"(?:(?:the|der|die|das|dem|den|des|its|their|an?|eine?[mnr]?|seine?[nmrs]?|ihre?[nmrs]?) )?"
    r"(?:[\w&.’'-]+(?: [A-Z][\w&.’'-]*){0,2}(?:,|,? (?:and|und|or|oder|sowie)) ){0,4}"
    r"(?:(?:[a-zäöü][\w-]+|[\w-]+[- ]?(?:konzern|hersteller|riesen?|bank|tochter|maker|giant|rival|partner|"
    r"unternehmen|anbieter|bauer|firma|händler)) ){0,2}[„“\"‚]?$",
    re.IGNORECASE | re.DOTALL,
)
_VERB: Final = re.compile(
    r"(?<!\w)(?:will|wollen|plant|planen|baut|bauen|kauft|verkauft|übernimmt|investiert|meldet|streicht|eröffnet|"
    r"steigert|senkt|macht|hat|haben|ist|sind|wird|werden|stellt|startet|zieht|gibt|geht|setzt|verliert|gewinnt|holt|"
    r"bringt|liefert|erhält|bekommt|kündigt|prüft|sucht|wehrt|muss|müssen|kann|soll|sollen|darf|verklagt|wechselt|"
    r"klagt|fordert|hilft|entwickelt|schließt|verhandelt|launch(?:es|ed)?|announce[sd]?|introduce[sd]?|unveil(?:s|ed)?|"
    r"open(?:s|ed)?|acquire[sd]?|buys|bought|sells|sold|signs|signed|partners|teams|joins|joined|raises|raised|reports|"
    r"reported|wins|won|names|named|appoints|appointed|expands|achieves|receive[sd]|is|are|was|were|has|have|to|"
    r"released?|releases|submits|offers|debuts|secure[sd]?|strengthens|completed?|completes|says|said|enhances|"
    r"recognized|becomes|adds|brings|uses|using|sues|sued|hits|plans|gets|makes|takes|creates|provides|delivers|"
    r"reveals|features|celebrates|selects|chooses|integrates)(?!\w)",
    re.IGNORECASE,
)
_ELSE: Final = re.compile(
    r"[-‐ ](?:\w+-)?(?:rival\w*|konkurren\w*|wettbewerber\w*|mitbewerber\w*|lieferant\w*|zuliefer\w*|supplier\w*|"
    r"competitor\w*|partner\w*|backed|alternative\w*|investor\w*|(?:groß)?aktionär\w*|nachfolger\w*|händler\w*|"
    r"fertiger\w*|auftragsfertiger\w*|kund\w+|seller\w*|user\w*|nutzer\w*|fan\w*)\b",
    re.IGNORECASE,
)
_PRODUCT: Final = re.compile(
    r"(?:[’']s)?[ -](?:cloud|play|maps|store|apps?\b|azure|alexa|aws|prime|marketplace|teams|workspace|ads|pay\b|tv\b|"
    r"watch|music|office|windows|search|chrome|android|bedrock|copilot|dynamics|platforms?|plattform\w*|reviews?|"
    r"bestseller\w*|best seller\w*|magic quadrant|cup|arena|stock|index|overviews)",
    re.IGNORECASE,
)
_NAME_GOES_ON: Final = re.compile(r" [A-Z][a-z]")
_GENITIVE: Final = ("'s", "’s", "'", "’")
_WHY: Final = {
    "before_verb": "it stands before the verb",
    "near": "its sentence begins with it",
    "possessive": "something is called its own",
    "object_bare": "the verb is done to it",
    "only": "the item has no other signal",
    "chance": "the classifier is sure of the type",
    "role_target": "it is the target",
}


class Look(NamedTuple):
    """How probable it is that the account bears the signal, and the clue that counts most."""

    chance: float
    why: str


def look(
    body: str,
    passages: Passages,
    own: Sequence[Mention],
    matched: MatchedSignal,
    signals: Sequence[Signal],
    language: str,
) -> Look:
    """Return how probable it is that an account bears a signal.

    Args:
        body: the whole text.
        passages: its sentences.
        own: the account's names that are looked at, at least one.
        matched: the signal as it was bound.
        signals: all of the item, as the classifier gave them.
        language: of the text.
    """
    weights = _weights()
    found = clues(body, passages, own, matched, signals, language)
    speaks = {name: value * weights[name] for name, value in found.items() if name in weights}
    chance = 1 / (1 + exp(-weights["bias"] - sum(speaks.values())))
    best = max((name for name in speaks if name in _WHY), key=lambda name: speaks[name], default="")
    return Look(chance, _WHY[best] if best and speaks[best] > 0 else "nothing speaks against it")


def clues(
    body: str,
    passages: Passages,
    own: Sequence[Mention],
    matched: MatchedSignal,
    signals: Sequence[Signal],
    language: str,
) -> dict[str, float]:
    """Return the clues: name → how strong it is."""
    found: set[str] = set()
    for number, mention in enumerate(own):
        titled = mention.start < passages.title_end
        if number < _NAMES or titled:
            found |= set(_stands(body, passages, mention, titled=titled, english=language == "en"))
    if language == "en":
        found |= {f"en_{name}" for name in found} | {"english"}
    found |= _beside(matched.signal, signals) | {f"role_{matched.role}"}
    if max(mention.probability for mention in own) < _SURE_NAME:
        found.add("name_doubt")
    given = next((one.probability for one in signals if one.type == matched.signal.type), matched.signal.probability)
    others = [_logit(one.probability) for one in signals if one.type != matched.signal.type]
    return {
        **dict.fromkeys(found, 1.0),
        "chance": _logit(given),
        "kept": log(max(matched.signal.probability, 1e-6) / max(given, 1e-6)),
        "gap": max(0.0, max(others, default=-9.0) - _logit(given)) / 2,
    }


def _stands(body: str, passages: Passages, mention: Mention, *, titled: bool, english: bool) -> list[str]:
    """Return the clues of one name: what governs it, where it stands from the verb, what it goes on as."""
    start, end = passages.at(mention.start)
    before, after = body[start : mention.start], body[mention.end : min(end, mention.end + _RIGHT)]
    cut = mention.text.find("-")
    goes_on = (mention.text[cut:] if cut > 0 else "") + after
    head = _HEAD.match(before[-_LEFT:])
    verb = _VERB.search(before)
    found = [f"head_{_HEADS[head.group(1).lower()]}"] if head else []
    if verb and any(letter.isupper() for letter in before[: verb.start()]):
        found += ["after_verb", *(["title_after_verb"] if titled else []), *([] if head else ["object_bare"])]
    elif not head and _VERB.search(after):
        found.append("before_verb")
    words = len(before.split())
    holds = {
        "somebody_else": _ELSE.match(goes_on),
        "product": _PRODUCT.match(goes_on),
        "named_thing": english and _NAME_GOES_ON.match(after) and passages.capitals(mention.start) is Capitals.PLAIN,
        "possessive": mention.text.endswith(_GENITIVE),
        "compound": cut > 0,
        "near": words < _NEAR,
        "far": words > _FAR,
    }
    return found + [name for name, true in holds.items() if true]


def _beside(signal: Signal, signals: Sequence[Signal]) -> set[str]:
    """Return how the signal stands beside the item's others."""
    others = [one for one in signals if one.type != signal.type]
    given = max((one.probability for one in signals if one.type == signal.type), default=signal.probability)
    same = [one.probability for one in others if one.evidence[0].start == signal.evidence[0].start]
    holds = {
        "only": not others,
        "not_best": any(one.probability > given for one in others),
        "shared": bool(same),
        "shared_weaker": any(chance > given for chance in same),
    }
    return {name for name, true in holds.items() if true}


def _logit(chance: float) -> float:
    bounded = min(max(chance, 0.02), 0.98)
    return log(bounded / (1 - bounded))


@cache
def _weights() -> dict[str, float]:
    """Return the logit of each clue."""
    lines = files("pipeline.route").joinpath("bears.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in rows}
