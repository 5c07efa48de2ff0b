"""To whom a signal belongs: one passage binds account, signal and place.

    accounts in the passage that carries the signal      each with the role that the passage gives it
    accounts in a passage that supports it               those that act in it or stand in the title
    none there, but a word points back (`der Konzern`)   the account in view: the only one, or the last one named
    none there, and the title says it without a name     the only account of the lead, where it is the subject
    none there, and the item names only one account      that one, where it stands in the title and not in passing
    none at all, but it is an account's own newsroom     that account

Whoever is only named elsewhere gets nothing. What is bound by a pointer keeps a smaller part of its probability.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.records import MatchedSignal, Mention, Place, Role, Signal, Span
from pipeline.route.passages import Capitals, Passages
from pipeline.route.roles import Roles
from pipeline.route.sides import side
from pipeline.route.tree import Accounts
from pipeline.signals import SignalType

IN_VIEW: Final = 0.85
"""What is left of a signal's probability when a pointer leads to the only account near by."""
FAR: Final = 0.7
"""The same, when it leads to the title's account or to the last of several."""
_KINDS = (
    "konzern unternehmen firma hersteller bauer riese kette händler anbieter betreiber versicherer bank gruppe "
    "gesellschaft tochter zulieferer versorger "
    "discounter reederei airline fluglinie fluggesellschaft brauerei start-?up betrieb haus dienst plattform börse "
    "sender verlag marke holding spezialist "
    "produzent entwickler dienstleister logistiker post werft"
)
_KINDS_EN = (
    "company firm group maker chain bank carrier retailer manufacturer giant insurer lender automaker carmaker "
    "chipmaker drugmaker startup operator utility "
    "developer business airline brewer miner producer supplier provider corporation"
)
_POINTER: Final = re.compile(
    r"\b(?:der|die|das|dem|den|des|dieser|dieses|diesem|beim|vom|zum|im) (?:[\w-]+e[nrs]? ){0,2}"
    rf"(?:[\w-]*(?:{_KINDS.replace(' ', '|')}))(?:s|es|en|n)?\b"
    rf"|\b(?:the|this) (?:[\w-]+ ){{0,2}}(?:{_KINDS_EN.replace(' ', '|')})\b"
    r"|^\W*(?:er|sie|es|he|it|they|we|wir|dort|dabei|dafür|dazu|damit|außerdem|zudem|künftig|insgesamt)\b|\b(?:it|"
    r"its|they|their|we|our|seine[rnms]?|ihre[rnms]?|man)\b",
    re.IGNORECASE,
)
#: `US-Konzern`, `britisches KI-Unternehmen`, `U.S. Army`: where somebody is from, not where it happens.
_WHOSE: Final = re.compile(
    r"(?:['’]s)?[ -](?:[\w-]+[ -]){0,2}?[\w-]*(?:"
    rf"{_KINDS.replace(' ', '|')}|konkurrent|milliardär|investor|gericht|kartellamt|behörde|regierung|justiz|aufsicht|"
    rf"kommission|ministerium|militär|army|navy|government|court|department|regulator|{_KINDS_EN.replace(' ', '|')})"
    r"(?:s|es|e|en|n|in|ies)?(?!\w)",
    re.IGNORECASE,
)
_WITHIN: Final = re.compile(r"\b(?:in|nach|into|across|within|im) (?:der |den |dem |the )?$", re.IGNORECASE)
LONE: Final = 0.6
"""The same, without a pointer, in an item about one account alone."""
_BACK: Final = 2
_SOON: Final = 4
_ACTS: Final = frozenset(("verb", "people"))
_ALONE: Final = {Role.MENTIONED: -1.5}
_STRUCK: Final = {Role.TARGET: 1.2, Role.ACTOR: -0.3}


class Bound(NamedTuple):
    """A signal that belongs to an account: the lowest one that its passage names."""

    account_id: str
    matched: MatchedSignal


class Scene(NamedTuple):
    """One text with everything found in it."""

    accounts: Accounts
    body: str
    passages: Passages
    mentions: Sequence[Mention]
    places: Sequence[Place]
    own: Sequence[str]
    roles: Roles


def bind(scene: Scene, signal: Signal) -> list[Bound]:
    """Return the accounts that a signal belongs to; one entry per group."""
    titled = {mention.account_id for mention in scene.mentions if mention.start < scene.passages.title_end}
    for number, span in enumerate(signal.evidence):
        inside = [mention for mention in scene.mentions if mention.start < span.end and span.start < mention.end]
        if number:
            # A later passage only supports the first: whoever stands there must act there, or be in the title.
            inside = [one for one in inside if one.account_id in titled or _ACTS & set(scene.roles.cues(one))]
        if inside:
            return _named(scene, signal, span, inside)
    span = signal.evidence[0]
    account_id, share, why = _in_view(scene, span)
    if not account_id and scene.own:
        account_id, share, why = (
            scene.own[0],
            IN_VIEW,
            "the article is from the account's own newsroom and its passage names nobody",
        )
    if not account_id:
        return []
    group = scene.accounts.group(account_id).id
    names = [mention for mention in scene.mentions if scene.accounts.group(mention.account_id).id == group]
    role = scene.roles.of(names, _lean(signal, alone=True)).role if names else Role.ACTOR
    weaker = signal.model_copy(update={"probability": round(signal.probability * share, 4)})
    return [Bound(account_id, MatchedSignal(signal=weaker, role=role, places=_where(scene, signal), why=why))]


def _named(scene: Scene, signal: Signal, span: Span, inside: Sequence[Mention]) -> list[Bound]:
    """Return the accounts whose names stand in the passage."""
    groups = by_group(scene.accounts, inside)
    lean = _lean(signal, alone=len(groups) == 1)
    bound = []
    for names in groups.values():
        clue = scene.roles.of(names, lean)
        role, told = side(scene.body, names, scene.passages, signal) or (clue.role, clue.why)
        why = (
            f"'{names[0].text}' stands in the passage of the {signal.type} signal, '{_short(span.text)}', as "
            f"{role}: {told}"
        )
        matched = MatchedSignal(signal=signal, role=role, places=_where(scene, signal), why=why)
        bound.append(Bound(deepest(scene.accounts, names), matched))
    return bound


def _lean(signal: Signal, *, alone: bool) -> Mapping[Role, float]:
    """Return what is known besides: who is sued or struck is the target, the only one is not in passing."""
    lean = dict(_ALONE) if alone else {}
    if signal.type in (SignalType.LEGAL, SignalType.DISRUPTION):
        lean |= _STRUCK
    return lean


def _in_view(scene: Scene, span: Span) -> tuple[str, float, str]:
    """Return whom a passage without a name speaks of: account id (or empty), the share of probability kept, and why."""
    passages = scene.passages
    at = passages.index(span.start)
    pointer = _POINTER.search(scene.body[span.start : span.end])
    titled = by_group(scene.accounts, [mention for mention in scene.mentions if mention.start < passages.title_end])
    if span.start < passages.title_end:
        return _after_title(scene)
    if not pointer:
        return _lone(scene, titled, at)
    told = f"'{pointer.group().strip()}' in the passage means"
    first = passages[max(0, at - _BACK)].start
    window = [mention for mention in scene.mentions if first <= mention.start < span.start]
    near = by_group(scene.accounts, window)
    if len(near) == 1 and any(name.role is not Role.MENTIONED for name in window):
        names = next(iter(near.values()))
        return (
            deepest(scene.accounts, names),
            IN_VIEW,
            f"{told} '{names[-1].text}', the only account in the sentences before",
        )
    if len(titled) == 1:
        names = next(iter(titled.values()))
        return deepest(scene.accounts, names), FAR, f"{told} '{names[0].text}', the only account in the title"
    if window and window[-1].role is Role.ACTOR:
        return window[-1].account_id, FAR, f"{told} '{window[-1].text}', the account named last"
    return "", 0.0, ""


def _after_title(scene: Scene) -> tuple[str, float, str]:
    """Return the account that a nameless title is about: the lead's only one, and its sentence's subject."""
    passages = scene.passages
    if passages.capitals(0) is not Capitals.PLAIN:
        return "", 0.0, ""
    last = passages[min(2, len(passages) - 1)].end
    near = by_group(scene.accounts, [one for one in scene.mentions if passages.title_end <= one.start < last])
    if len(near) == 1:
        names = next(iter(near.values()))
        if {"verb", "subject"} & set(scene.roles.cues(names[0])) and names[0].role is not Role.MENTIONED:
            told = f"the title names nobody; '{names[0].text}' is the only account in the lead and its subject"
            return deepest(scene.accounts, names), IN_VIEW, told
    return "", 0.0, ""


def _lone(scene: Scene, titled: Mapping[str, Sequence[Mention]], at: int) -> tuple[str, float, str]:
    """Return the only account of the item, where it heads the title and the passage follows soon."""
    if len(titled) != 1 or at > _SOON or len(by_group(scene.accounts, scene.mentions)) != 1:
        return "", 0.0, ""
    names = next(iter(titled.values()))
    if names[0].role is Role.MENTIONED:
        return "", 0.0, ""
    return (
        deepest(scene.accounts, names),
        LONE,
        f"the item is about '{names[0].text}': it stands in the title, and no other account is named",
    )


def _where(scene: Scene, signal: Signal) -> tuple[Place, ...]:
    """Return the places of the signal's passages, of the first one that has any; datelines and owners' are none."""
    places = [place for place in scene.places if not place.dateline and not _owners(scene.body, place)]
    for span in signal.evidence:
        found = tuple(place for place in places if place.start < span.end and span.start < place.end)
        if found:
            return found
    return ()


def _owners(body: str, place: Place) -> bool:
    """Say whether the place only says where a firm or an authority is from."""
    return bool(_WHOSE.match(body, place.end, place.end + 60)) and not _WITHIN.search(
        body, max(0, place.start - 16), place.start
    )


def by_group(accounts: Accounts, mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    """Return the mentions by the id of their group, in the order of the text."""
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        groups.setdefault(accounts.group(mention.account_id).id, []).append(mention)
    return groups


def deepest(accounts: Accounts, names: Sequence[Mention]) -> str:
    """Return the lowest account among these names; the first of equally low ones."""
    return max(names, key=lambda name: len(accounts.path(name.account_id))).account_id


def _short(text: str) -> str:
    """Return a passage in at most 80 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:79].rstrip()}…"
