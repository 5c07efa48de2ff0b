"""What an account has to do with a thing: actor, target, partner, or only mentioned.

The clues around its names (`cues.py`) and where they stand in the item each speak for one role or another. Their weights were
fitted on hand-labelled items by a small regularised regression and are kept as a table (`roles.txt`), one logit per role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import exp
from types import MappingProxyType
from typing import Final, NamedTuple

from pipeline.records import Mention, Role
from pipeline.route.cues import WHY, cues
from pipeline.route.passages import Passages

ORDER: Final = (Role.ACTOR, Role.TARGET, Role.PARTNER, Role.MENTIONED)
_PLACES: Final = {
    "titled": "its name stands in the title",
    "leads": "the title begins with it",
    "second": "another account comes before it in the title",
    "overshadowed": "others stand in the title, it does not",
    "lone": "no other account is named",
    "many": "many accounts are named",
    "late": "its name comes late in the text",
    "often": "its name comes several times",
    "untitled": "no account stands in the title",
    "once": "its name comes once, and not in the title",
    "opening": "the text's first sentence names it",
    "title_law": "the title tells of a court or an authority",
    "law": "its sentence tells of a court or an authority",
    "law_subject": "a court or an authority, and it is the subject",
    "title_sale": "the title tells of a takeover, a sale or a flotation",
    "sale": "its sentence tells of a takeover, a sale or a flotation",
    "strife": "the title tells of a strike, an accident or a protest",
    "behind": "other accounts come before it in its sentence",
    "acted_on": "it is bought, sued or struck",
    "joined": "it is a partner of another account",
    "ahead": "other accounts come after it in its sentence",
    "consumer": "the item gives advice or tells of prices, not of a company",
}
_LAW: Final = re.compile(
    r"klage|gericht|kartell|verfahren|urteil|prozess|ermittl|staatsanwalt|strafe|bußgeld|richter|bgh|eugh|\bolg\b|razzia|durchsuch|aufsicht|verbot|bann\b|"
    r"verklag|betrug|vorw[uü]rf|lawsuit|court|\bsues?\b|sued|\bfine[sd]?\b|probe|investigat|regulator|antitrust|charges|verdict",
    re.IGNORECASE,
)
_SALE: Final = re.compile(
    r"übern[ae]hm|übernimm|übernomm|verkauf|kauft|börsengang|fusion|beteilig|einstieg|steigt .{0,40} ein|investiert in|abspalt|merger|acqui|takeover|\bipo\b|stake|bid\b|buys|sells",
    re.IGNORECASE,
)
_STRIFE: Final = re.compile(
    r"streik|unfall|explosion|protest|verdi|ig metall|gewerkschaft|cyberangriff|hacker|störung|ausfall|strike|union|outage|hack|breach",
    re.IGNORECASE,
)
_JOINT: Final = re.compile(r"kooper|partner|zusammen|gemeinsam|joint|allianz|hilft|und \w+ (?:geben|bauen|wollen|planen|entwickeln)|cooperat|collaborat|alliance|team up", re.IGNORECASE)
_CONSUMER: Final = re.compile(
    r"verbraucher|was sich ändert|ändert sich|tipps|ratgeber|museum|novel|ebook|book\b|podcast|konjunktur|bruttoinlands|inflation|studie|umfrage|dax\b|börse",
    re.IGNORECASE,
)
FEATURES: Final = (*WHY, *(f"title_{name}" for name in WHY), *_PLACES)
_LATE: Final = 3
_ACTED_ON: Final = frozenset(("against", "object", "deal", "authority", "passive", "workers", "trouble"))
_PLAIN: Final = 2.0
"""Value of the clues that say it outright; larger than 1, so that the fit may trust them although they are rare."""


class Clue(NamedTuple):
    """A role, how sure it is (0 to 1), and why."""

    role: Role
    weight: float
    why: str


def roles(body: str, mentions: Sequence[Mention], passages: Passages) -> dict[str, Clue]:
    """Return the role of each account named in these mentions, over the whole item."""
    names: dict[str, list[Mention]] = {}
    for mention in mentions:
        names.setdefault(mention.account_id, []).append(mention)
    return {account_id: role_of(body, own, mentions, passages) for account_id, own in names.items()}


def role_of(
    body: str,
    own: Sequence[Mention],
    mentions: Sequence[Mention],
    passages: Passages,
    lean: Mapping[Role, float] = MappingProxyType({}),
) -> Clue:
    """Return the role that one account's names give it.

    Args:
        body: the whole text.
        own: the account's names that are to be judged, at least one; all of them, or those of one passage.
        mentions: everybody's names in the text.
        passages: the text's sentences.
        lean: logits that are added to roles, for what is known besides the text.
    """
    found = features(body, own, mentions, passages)
    weights = _weights()
    totals = [bias + lean.get(role, 0.0) for role, bias in zip(ORDER, weights["bias"], strict=True)]
    for name, value in found.items():
        for index, weight in enumerate(weights.get(name, (0.0,) * 4)):
            totals[index] += value * weight
    best = max(range(len(ORDER)), key=lambda index: totals[index])
    probability = 1 / sum(exp(total - totals[best]) for total in totals)
    reasons = sorted(found, key=lambda name: -found[name] * weights.get(name, (0.0,) * 4)[best])[:2]
    told = [_told(name) for name in reasons if weights.get(name, (0.0,) * 4)[best] > 0]
    return Clue(ORDER[best], probability, " and ".join(dict.fromkeys(told)) or "nothing speaks against it")


def _told(name: str) -> str:
    return _PLACES.get(name) or WHY[name.removeprefix("title_")]


def features(body: str, own: Sequence[Mention], mentions: Sequence[Mention], passages: Passages) -> dict[str, float]:
    """Return the clues for one account: name of the clue → how strong it is."""
    title = passages.title_end
    found: dict[str, float] = {}
    for mention in own:
        inside = mention.start < title
        for name in cues(body, mention, passages):
            found[name] = 1.0
            if inside:
                found[f"title_{name}"] = 1.0
    account = own[0].account_id
    titled = [mention for mention in mentions if mention.start < title]
    mine = [mention for mention in own if mention.start < title]
    others = {mention.account_id for mention in titled} - {account}
    count = len({mention.account_id for mention in mentions})
    places = {
        "titled": bool(mine),
        "leads": bool(mine) and mine[0].start < 3,
        "second": bool(mine) and bool(others) and titled[0].account_id != account,
        "overshadowed": not mine and bool(others),
        "lone": count == 1,
        "many": count >= 4,
        "late": passages.index(own[0].start) >= _LATE,
        "often": len(own) >= 3,
        "untitled": not titled,
        "once": len(own) == 1 and not mine,
        "opening": any(passages.index(mention.start) == 1 for mention in own),
        "title_law": bool(_LAW.search(body, 0, title)),
        "law": any(_LAW.search(body, *passages.at(mention.start)) for mention in own),
        "title_sale": bool(_SALE.search(body, 0, title)),
        "sale": any(_SALE.search(body, *passages.at(mention.start)) for mention in own),
        "strife": bool(_STRIFE.search(body, 0, title)),
        "consumer": bool(_CONSUMER.search(body, 0, title)),
        "behind": _beside(own, mentions, passages, before=True),
        "ahead": _beside(own, mentions, passages, before=False),
    }
    places["law_subject"] = (places["law"] or places["title_law"]) and ("title_verb" in found or "verb" in found)
    if _ACTED_ON & found.keys() and "by" not in found:
        found["acted_on"] = _PLAIN
    elif ("partner" in found or _JOINT.search(body, 0, title)) and (places["second"] or places["behind"]):
        found["joined"] = _PLAIN
    found.update({name: 1.0 for name, holds in places.items() if holds})
    return found


def _beside(own: Sequence[Mention], mentions: Sequence[Mention], passages: Passages, *, before: bool) -> bool:
    """Say whether another account stands before (or after) this one's first name in the same sentence."""
    start, end = passages.at(own[0].start)
    account = own[0].account_id
    return any(
        other.account_id != account and start <= other.start < end and (other.start < own[0].start) is before
        for other in mentions
    )


@cache
def _weights() -> dict[str, tuple[float, ...]]:
    """Return the logits of each clue, in the order of `ORDER`."""
    lines = files("pipeline.route").joinpath("roles.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: tuple(float(value) for value in values) for name, *values in rows}
