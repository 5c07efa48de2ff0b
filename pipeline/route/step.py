"""One classified article in, a match per account that its signals belong to out.

no signals at all                          -> no_signal
no account named                           -> no_account
more than 12 groups named, none of them    -> too_many_accounts
  the actor of the title
no signal's passage belongs to an account  -> not_bound
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.records import ArticleRef, Classified, Match, MatchedSignal, Mention, Place, Role, Signal
from pipeline.route.mentions import Finder
from pipeline.route.passages import Passages
from pipeline.route.places import Gazetteer
from pipeline.route.roles import Clue, role_of, roles
from pipeline.route.tree import Accounts, Level

MOST: Final = 12
"""Groups in one article from which it counts as a ranking or an index."""
LEAD: Final = 400
"""Characters of the text that a match carries on."""
_IN_VIEW: Final = 0.85
_TITLE_ONLY: Final = 0.7
_ANAPHOR: Final = re.compile(
    r"\b(?:(?:der|die|das|dem|den|des|dieser?|dieses|seine?[rnms]?|ihre?[rnms]?) (?:[a-zäöü]+ )?(?:[A-Z]\w*)?(?:konzern|unternehmen|firma|hersteller|bauer|riese|kette|"
    r"händler|anbieter|betreiber|versicherer|bank|gruppe|gesellschaft|tochter|zulieferer|versorger|discounter|reederei|airline|fluglinie|"
    r"brauerei|start-?up|betrieb|haus|institut|dienst|plattform)(?:s|es|en|n)?|er|sie|es|man|wir|"
    r"the (?:company|firm|group|maker|chain|bank|carrier|retailer|manufacturer|giant|insurer|lender|automaker|carmaker|chipmaker|drugmaker|"
    r"startup|operator|utility|developer|business|bank)|it|its|they|their|we|our)\b",
    re.IGNORECASE,
)


class Router:
    """What routing needs, built once per account file.

    Args:
        accounts: whom we listen for.
    """

    __slots__ = ("accounts", "finder", "places")

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.finder = Finder(accounts)
        self.places = Gazetteer()


@dataclass(frozen=True, slots=True)
class Routed:
    """What became of one classified article.

    Attributes:
        matches: one per group whose signals are in it, in the order of the text.
        refused: why there is no match: `no_signal`, `no_account`, `too_many_accounts` or `not_bound`; empty where there is one.
        mentions: every account's name in the text, with its role.
        places: every place in the text; empty where no account is named.
    """

    matches: tuple[Match, ...] = ()
    refused: str = ""
    mentions: tuple[Mention, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bound:
    """A signal that belongs to an account, and how it came to it."""

    account_id: str
    matched: MatchedSignal


def annotate(router: Router, body: str) -> tuple[tuple[Mention, ...], tuple[Place, ...]]:
    """Return all mentions, with roles, and all places of a body (`title + "\\n" + text`)."""
    passages = Passages(body)
    mentions = _named(router, body, passages)
    return mentions, _placed(router, body, mentions)


def route(router: Router, classified: Classified) -> Routed:
    """Return the matches of one article: which signal belongs to which account, where, and why."""
    if not classified.signals:
        return Routed(refused="no_signal")
    body = classified.article.body
    passages = Passages(body)
    mentions = _named(router, body, passages)
    own = tuple(account for account in classified.article.accounts if account in router.accounts)
    if not mentions and not own:
        return Routed(refused="no_account")
    places = _placed(router, body, mentions)
    bound = [
        one for signal in classified.signals for one in _bind(router, body, passages, mentions, places, own, signal)
    ]
    if len({router.accounts.group(mention.account_id).id for mention in mentions}) > MOST:
        bound = [one for one in bound if _leads(one, passages)]
        if not bound:
            return Routed((), "too_many_accounts", mentions, places)
    if not bound:
        return Routed((), "not_bound", mentions, places)
    return Routed(_matches(router, classified, mentions, bound), "", mentions, places)


def _named(router: Router, body: str, passages: Passages) -> tuple[Mention, ...]:
    """Return the mentions, each with its account's role in the whole item."""
    found = router.finder.find(body, passages)
    judged = roles(body, found, passages)
    return tuple(mention.model_copy(update={"role": judged[mention.account_id].role}) for mention in found)


def _placed(router: Router, body: str, mentions: Sequence[Mention]) -> tuple[Place, ...]:
    """Return the places, without those that are part of a group's or unit's name; a site is a place itself."""
    names = [
        (mention.start, mention.end)
        for mention in mentions
        if router.accounts[mention.account_id].level is not Level.SITE
    ]
    return tuple(
        place
        for place in router.places.find(body)
        if not any(place.start < end and start < place.end for start, end in names)
    )


def _bind(
    router: Router,
    body: str,
    passages: Passages,
    mentions: Sequence[Mention],
    places: Sequence[Place],
    own: Sequence[str],
    signal: Signal,
) -> list[_Bound]:
    """Return the accounts that a signal belongs to; one entry per group."""
    span = signal.evidence[0]
    inside = [mention for mention in mentions if mention.start < span.end and span.start < mention.end]
    where = _where(places, span.start, span.end)
    quoted = _short(span.text)
    if inside:
        found = []
        for group, names in _by_group(router, inside).items():
            del group
            clue = _strongest(body, names, passages)
            why = f"'{names[0].text}' stands in the passage of the signal, '{quoted}', as {clue.role}: {clue.why}"
            found.append(
                _Bound(_deepest(router, names), MatchedSignal(signal=signal, role=clue.role, places=where, why=why))
            )
        return found
    named, share, why = _in_view(router, body, passages, mentions, span.start, span.end)
    if not named and own:
        named, share, why = (
            own[0],
            _IN_VIEW,
            "the article is from the account's own newsroom and names nobody in the passage",
        )
    if not named:
        return []
    weaker = signal.model_copy(update={"probability": round(signal.probability * share, 4)})
    role = next((mention.role for mention in mentions if mention.account_id == named), Role.ACTOR)
    return [_Bound(named, MatchedSignal(signal=weaker, role=role, places=where, why=why))]


def _in_view(
    router: Router, body: str, passages: Passages, mentions: Sequence[Mention], start: int, end: int
) -> tuple[str, float, str]:
    """Return whom a passage without a name speaks of: account id (or empty), share of probability that is kept, why."""
    at = passages.index(start)
    points = _ANAPHOR.search(body, start, end)
    if start < passages.title_end:
        window = [
            mention
            for mention in mentions
            if passages.title_end <= mention.start < passages[min(at + 1, len(passages) - 1)].end
        ]
        place = "the sentence after the title"
    else:
        first = passages[max(0, at - 2)].start
        window = [mention for mention in mentions if first <= mention.start < start]
        place = "the sentences before"
    groups = _by_group(router, window)
    if len(groups) == 1 and (points or start < passages.title_end):
        names = next(iter(groups.values()))
        pointer = f"'{points.group()}' in the passage" if points else "the title without a name"
        return _deepest(router, names), _IN_VIEW, f"{pointer} means '{names[-1].text}', the only account in {place}"
    titled = _by_group(router, [mention for mention in mentions if mention.start < passages.title_end])
    if len(titled) == 1 and len(groups) <= 1 and points:
        names = next(iter(titled.values()))
        return (
            _deepest(router, names),
            _TITLE_ONLY,
            f"'{points.group()}' in the passage means '{names[0].text}', the only account in the title",
        )
    if points and groups:
        last = window[-1]
        return (
            last.account_id,
            _TITLE_ONLY,
            f"'{points.group()}' in the passage means '{last.text}', the account named last",
        )
    return "", 0.0, ""


def _by_group(router: Router, mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    """Return the mentions by the id of their group, in the order of the text."""
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        groups.setdefault(router.accounts.group(mention.account_id).id, []).append(mention)
    return groups


def _strongest(body: str, names: Sequence[Mention], passages: Passages) -> Clue:
    """Return the role that the passage gives a group, the strongest of its names deciding."""
    order = (Role.ACTOR, Role.TARGET, Role.PARTNER, Role.MENTIONED)
    return max(
        (role_of(body, name, passages) for name in names), key=lambda clue: (clue.weight, -order.index(clue.role))
    )


def _deepest(router: Router, names: Sequence[Mention]) -> str:
    """Return the lowest account among these names; the first of equally low ones."""
    return max(names, key=lambda name: len(router.accounts.path(name.account_id))).account_id


def _leads(one: _Bound, passages: Passages) -> bool:
    """Say whether the account is the actor of a signal that the title tells."""
    return one.matched.role is Role.ACTOR and one.matched.signal.evidence[0].start < passages.title_end


def _where(places: Sequence[Place], start: int, end: int) -> tuple[Place, ...]:
    """Return the places of a passage; a dateline is none."""
    return tuple(place for place in places if place.start < end and start < place.end and not place.dateline)


def _matches(
    router: Router, classified: Classified, mentions: Sequence[Mention], bound: Sequence[_Bound]
) -> tuple[Match, ...]:
    """Return one match per group."""
    article = classified.article
    reference = ArticleRef(
        id=article.id,
        url=article.url,
        source=article.source or article.source_id,
        title=article.title,
        lead=article.text[:LEAD],
        revision=article.revision,
        language=classified.language,
        published=article.published,
        fetched=article.fetched,
        credibility=article.credibility,
    )
    groups: dict[str, list[_Bound]] = {}
    for one in bound:
        groups.setdefault(router.accounts.group(one.account_id).id, []).append(one)
    named = _by_group(router, mentions)
    made = []
    for group, ones in groups.items():
        lowest = max((one.account_id for one in ones), key=lambda account: len(router.accounts.path(account)))
        names = tuple(named.get(group, ()))
        made.append(
            Match(
                account=router.accounts.ref(lowest),
                article=reference,
                mentions=names,
                signals=tuple(one.matched for one in ones),
                why=_why(names, ones),
                model=classified.model,
                accounts_version=router.accounts.version,
            )
        )
    return tuple(made)


def _why(names: Sequence[Mention], bound: Sequence[_Bound]) -> tuple[str, ...]:
    """Return sentences: which name was found where and by which context, and why the signals belong to it."""
    told = {}
    for name in names:
        told.setdefault(
            (name.text, name.account_id),
            f"'{name.text}' at {name.start} is {name.account_id} ({name.probability:.2f}): {name.why}",
        )
    return tuple(dict.fromkeys((*told.values(), *(one.matched.why for one in bound))))


def _short(text: str) -> str:
    """Return a passage in at most 80 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:79].rstrip()}…"
