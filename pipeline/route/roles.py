"""What an account has to do with a thing: actor, target, partner, or only mentioned.

The clues around its names (`cues.py`), where they stand in the item and in the tree, and which signals' passages name
it, each speak for one role or another. Their weights were fitted on hand-labelled items by a small regularised
regression and are kept as a table (`roles.txt`), one logit per role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import exp
from types import MappingProxyType
from typing import Final, NamedTuple

from pipeline.records import Mention, Role, Signal
from pipeline.route.cues import WHY, cues
from pipeline.route.frames import framed
from pipeline.route.passages import Passages
from pipeline.route.tree import Accounts, Level

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
    "low": "a unit or a site is named",
    "site": "a site is named",
    "under": "a part of it is named, and the account above too",
    "over": "it is named, and an account below it too",
    "owner": "it is named as owner of another account",
    "bears": "a signal's passage names it",
    "beside": "no signal's passage names it",
    "no_signal": "the item has no signal",
}
_LAW: Final = re.compile(
    r"klage|gericht|kartell|verfahren|urteil|prozess|ermittl|staatsanwalt|strafe|bußgeld|richter|bgh|eugh|\bolg\b|"
    r"razzia|durchsuch|aufsicht|verbot|bann\b|"
    r"verklag|betrug|vorw[uü]rf|lawsuit|court|\bsues?\b|sued|\bfine[sd]?\b|probe|investigat|regulator|antitrust|"
    r"charges|verdict"
)
_SALE: Final = re.compile(
    r"übern[ae]hm|übernimm|übernomm|verkauf|kauft|börsengang|fusion|beteilig|einstieg|steigt .{0,40} ein|"
    r"investiert in|abspalt|merger|acqui|takeover|\bipo\b|stake|bid\b|buys|sells"
)
_STRIFE: Final = re.compile(
    r"streik|unfall|explosion|protest|verdi|ig metall|gewerkschaft|cyberangriff|hacker|störung|ausfall|strike|"
    r"union|outage|hack|breach"
)
_JOINT: Final = re.compile(
    r"kooper|partner|zusammen|gemeinsam|joint|allianz|hilft|und \w+ (?:geben|bauen|wollen|planen|entwickeln)|"
    r"cooperat|collaborat|alliance|team up"
)
_CONSUMER: Final = re.compile(
    r"verbraucher|was sich ändert|ändert sich|tipps|ratgeber|museum|novel|ebook|book\b|podcast|konjunktur|"
    r"bruttoinlands|inflation|studie|umfrage|dax\b|börse"
)
_OWNER: Final = re.compile(r"tochter|mutter|sparte|marke")
_LATE: Final = 3
_ACTED_ON: Final = frozenset(("against", "object", "deal", "authority", "passive", "workers", "trouble"))
_PLAIN: Final = 2.0
"""Value of the clues that say it outright; larger than 1, so that the fit may trust them although they are rare."""


class Clue(NamedTuple):
    """A role, how sure it is (0 to 1), and why."""

    role: Role
    weight: float
    why: str


class Roles:
    """The roles in one text; what is found out once about a name, a sentence or the title is kept.

    Args:
        body: the whole text.
        mentions: everybody's names in it.
        passages: its sentences.
        accounts: whose names they are.
        signals: what the classifier found in it.
    """

    __slots__ = (
        "_accounts",
        "_body",
        "_cues",
        "_law",
        "_mentions",
        "_passages",
        "_sale",
        "_signals",
        "_title",
        "_titled",
    )

    def __init__(
        self,
        body: str,
        mentions: Sequence[Mention],
        passages: Passages,
        accounts: Accounts,
        signals: Sequence[Signal] = (),
    ) -> None:
        """Look at nothing yet but the title's names."""
        self._accounts, self._signals = accounts, signals
        self._body, self._mentions, self._passages = body, mentions, passages
        self._cues: dict[int, tuple[str, ...]] = {}
        self._law: dict[int, bool] = {}
        self._sale: dict[int, bool] = {}
        self._title: dict[str, bool] | None = None
        self._titled = [mention for mention in mentions if mention.start < passages.title_end]

    def all(self) -> dict[str, Clue]:
        """Return the role of each account over the whole item."""
        names: dict[str, list[Mention]] = {}
        for mention in self._mentions:
            names.setdefault(mention.account_id, []).append(mention)
        return {account_id: self.of(own) for account_id, own in names.items()}

    def of(self, own: Sequence[Mention], lean: Mapping[Role, float] = MappingProxyType({})) -> Clue:
        """Return the role that one account's names give it.

        Args:
            own: the names that are to be judged, at least one; all of an account's, or those of one passage.
            lean: logits that are added to roles, for what is known besides the text.
        """
        found = self.features(own)
        weights = _weights()
        told = framed(self._body, own, self._passages)
        if told:
            lean = {**lean, told.role: max(lean.get(told.role, 0.0), 0.0) + told.weight}
        totals = [bias + lean.get(role, 0.0) for role, bias in zip(ORDER, weights["bias"], strict=True)]
        for name, value in found.items():
            if name in weights:
                for index, weight in enumerate(weights[name]):
                    totals[index] += value * weight
        best = max(range(len(ORDER)), key=lambda index: totals[index])
        probability = 1 / sum(exp(total - totals[best]) for total in totals)
        speaks = {name: value * weights[name][best] for name, value in found.items() if name in weights}
        reasons = sorted((name for name in speaks if speaks[name] > 0), key=lambda name: -speaks[name])[:2]
        why = [told.why] if told and told.role is ORDER[best] else []
        why += map(_told, reasons)
        return Clue(ORDER[best], probability, " and ".join(dict.fromkeys(why[:2])) or "nothing speaks against it")

    def cues(self, mention: Mention) -> tuple[str, ...]:
        """Return the names of the clues that one name's surroundings give."""
        if mention.start not in self._cues:
            self._cues[mention.start] = tuple(cues(self._body, mention, self._passages))
        return self._cues[mention.start]

    def features(self, own: Sequence[Mention]) -> dict[str, float]:
        """Return the clues for one account: name of the clue → how strong it is."""
        found: dict[str, float] = {}
        for mention in own:
            inside = mention.start < self._passages.title_end
            for name in self.cues(mention):
                found[name] = 1.0
                if inside:
                    found[f"title_{name}"] = 1.0
        places = {**self._stands(own), **self._tells(own), **self._related(own), **self._bears(own)}
        places["law_subject"] = (places["law"] or places["title_law"]) and "verb" in found
        joint = places.pop("joint")
        if _ACTED_ON & found.keys() and "by" not in found:
            found["acted_on"] = _PLAIN
        elif ("partner" in found or joint) and (places["second"] or places["behind"]):
            found["joined"] = _PLAIN
        found.update({name: 1.0 for name, holds in places.items() if holds})
        return found

    def _stands(self, own: Sequence[Mention]) -> dict[str, bool]:
        """Return where the account's names stand among the others."""
        account, first = own[0].account_id, own[0]
        mine = [mention for mention in own if mention.start < self._passages.title_end]
        others = any(mention.account_id != account for mention in self._titled)
        count = len({mention.account_id for mention in self._mentions})
        start, end = self._passages.at(first.start)
        beside = [one.start for one in self._mentions if start <= one.start < end and one.account_id != account]
        return {
            "titled": bool(mine),
            "leads": bool(mine) and mine[0].start < 3,
            "second": bool(mine) and others and self._titled[0].account_id != account,
            "overshadowed": not mine and others,
            "lone": count == 1,
            "many": count >= 4,
            "late": self._passages.index(first.start) >= _LATE,
            "often": len(own) >= 3,
            "untitled": not self._titled,
            "once": len(own) == 1 and not mine,
            "opening": any(self._passages.index(mention.start) == 1 for mention in own),
            "behind": any(other < first.start for other in beside),
            "ahead": any(other > first.start for other in beside),
        }

    def _related(self, own: Sequence[Mention]) -> dict[str, bool]:
        """Return where the account stands in the tree, among those that are named."""
        account = own[0].account_id
        named = {mention.account_id for mention in self._mentions} - {account}
        above = {one.id for one in self._accounts.path(account)[:-1]}
        over = any(account in {one.id for one in self._accounts.path(other)[:-1]} for other in named)
        return {
            "low": bool(above),
            "site": self._accounts[account].level is Level.SITE,
            "under": bool(above & named),
            "over": over,
            "owner": over and any(_OWNER.search(mention.text.lower()) for mention in own),
        }

    def _bears(self, own: Sequence[Mention]) -> dict[str, bool]:
        """Return which signals the item has, and which of them have the account in the sentence that decided."""
        found: dict[str, bool] = {"no_signal": not self._signals}
        for signal in self._signals:
            span = signal.evidence[0]
            found[f"any_{signal.type}"] = found[f"any_{signal.family}"] = True
            if any(mention.start < span.end and span.start < mention.end for mention in own):
                found[f"in_{signal.type}"] = found[f"in_{signal.family}"] = found["bears"] = True
        found["beside"] = bool(self._signals) and "bears" not in found
        return found

    def _tells(self, own: Sequence[Mention]) -> dict[str, bool]:
        """Return what the title and the account's sentences tell of."""
        if self._title is None:
            title = self._body[: self._passages.title_end].lower()
            searched = (
                ("title_law", _LAW),
                ("title_sale", _SALE),
                ("strife", _STRIFE),
                ("consumer", _CONSUMER),
                ("joint", _JOINT),
            )
            self._title = {name: bool(pattern.search(title)) for name, pattern in searched}
        told = dict(self._title)
        for name, pattern, known in (("law", _LAW, self._law), ("sale", _SALE, self._sale)):
            told[name] = any(self._sentence_tells(mention, pattern, known) for mention in own)
        return told

    def _sentence_tells(self, mention: Mention, pattern: re.Pattern[str], known: dict[int, bool]) -> bool:
        index = self._passages.index(mention.start)
        if index not in known:
            start, end = self._passages[index]
            known[index] = bool(pattern.search(self._body[start:end].lower()))
        return known[index]


def _told(name: str) -> str:
    """Return a clue's sentence."""
    kind, _, type_ = name.partition("_")
    if kind in ("in", "any") and name not in _PLACES:
        return f"its sentence tells of {type_}" if kind == "in" else f"the item tells of {type_}"
    return _PLACES.get(name) or WHY[name.removeprefix("title_")]


@cache
def _weights() -> dict[str, tuple[float, ...]]:
    """Return the logits of each clue, in the order of `ORDER`."""
    lines = files("pipeline.route").joinpath("roles.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: tuple(float(value) for value in values) for name, *values in rows}
