"""One classified article in, a match per account that its signals belong to out.

no signals at all                                        -> no_signal
no account named, and nobody's own newsroom              -> no_account
more than 12 groups named, none the actor of the title   -> too_many_accounts
no signal's passage belongs to an account                -> not_bound
all that belongs to accounts is never to alert           -> watch
at a second look, none of them bears its signal          -> doubtful
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.facts.find import beside
from pipeline.records import ArticleRef, Classified, Match, MatchedSignal, Mention, Place, Role, Signal
from pipeline.route.bears import LEAST, look
from pipeline.route.binding import Bound, Scene, bind, by_group
from pipeline.route.mentions import Finder
from pipeline.route.passages import Passages
from pipeline.route.places import Gazetteer
from pipeline.route.regions import Regions
from pipeline.route.roles import Roles
from pipeline.route.tree import EVERYBODY, Account, Accounts, Level
from pipeline.route.watch import Watch

MOST: Final = 12
"""Groups in one article; with more it is an index, a ranking or a market report."""
READ: Final = 60_000
"""Characters of a body that are read: as many as the classifier looks at."""
LEAD: Final = 400
"""Characters of the text that a match carries on."""
_SEEN_TWICE: Final = frozenset((Role.ACTOR, Role.TARGET))
"""A partner stands where others act, and rightly so."""
MODEL: Final = "model"
"""Who says a signal that gets a second look; people's keyword rules mean what they say."""


class Router:
    """What routing needs, built once per account file.

    Args:
        accounts: whom we listen for.
        regions: the deployment's sales regions.
    """

    __slots__ = ("accounts", "finder", "places", "watch")

    def __init__(self, accounts: Accounts, regions: Regions | None = None) -> None:
        """Build the finder; the gazetteer reads its towns at first use."""
        self.accounts = accounts
        self.finder = Finder(accounts)
        self.places = Gazetteer(regions)
        self.watch = Watch(accounts)

    @property
    def worn(self) -> bool:
        """Whether so much has changed that building anew would save room."""
        return self.finder.worn

    def change(self, account_id: str, new: Account | None) -> None:
        """Replace an account, or take it away where `new` is None; as good as building anew."""
        old = self.accounts.get(account_id)
        if new:
            self.accounts.put(new)
        else:
            self.accounts.drop(account_id)
        if account_id != EVERYBODY:
            self.finder.change(old, new)
        self.watch = Watch(self.accounts)


@dataclass(frozen=True, slots=True)
class Routed:
    """What became of one classified article.

    Attributes:
        matches: one per group whose signals are in it, in the order of the signals.
        refused: why there is no match: `no_signal`, `no_account`, `too_many_accounts`, `not_bound`, `watch` or
            `doubtful`; else empty.
        mentions: every account's name in the text, with its role in the whole item.
        places: every place in the text; empty where no account is named.
    """

    matches: tuple[Match, ...] = ()
    refused: str = ""
    mentions: tuple[Mention, ...] = ()
    places: tuple[Place, ...] = ()


def annotate(
    router: Router, body: str, signals: Sequence[Signal] = (), language: str = ""
) -> tuple[tuple[Mention, ...], tuple[Place, ...]]:
    """Return all mentions, with roles, and all places of a body (`title + "\n" + text`)."""
    body = body[:READ]
    mentions, _ = _mentions(router, body, Passages(body), signals)
    return mentions, _places(router, body, mentions, language)


def route(router: Router, classified: Classified) -> Routed:
    """Return the matches of one article: which signal belongs to which account, where, and why."""
    if not classified.signals:
        return Routed(refused="no_signal")
    body = classified.article.body[:READ]
    passages = Passages(body)
    mentions, roles = _mentions(router, body, passages, classified.signals)
    own = tuple(account for account in classified.article.accounts if account in router.accounts)
    if not mentions and not own:
        return Routed(refused="no_account")
    places = _places(router, body, mentions, classified.language)
    scene = Scene(router.accounts, body, passages, mentions, places, own, roles)
    bound = [one for signal in classified.signals for one in bind(scene, signal)]
    if len(by_group(router.accounts, mentions)) > MOST:
        bound = [one for one in bound if _leads(one, passages)]
        if not bound:
            return Routed((), "too_many_accounts", mentions, places)
    if not bound:
        return Routed((), "not_bound", mentions, places)
    bound = [one for one in bound if not router.watch.stops(one)]
    if not bound:
        return Routed((), "watch", mentions, places)
    bound = [one for one in (_looked(scene, one, classified) for one in bound) if one]
    if not bound:
        return Routed((), "doubtful", mentions, places)
    return Routed(_matches(router, classified, mentions, bound), "", mentions, places)


def _mentions(
    router: Router, body: str, passages: Passages, signals: Sequence[Signal]
) -> tuple[tuple[Mention, ...], Roles]:
    """Return the mentions, each with its account's role in the whole item, and the judge of roles."""
    found = router.finder.find(body, passages)
    roles = Roles(body, found, passages, router.accounts, signals)
    judged = roles.all()
    return tuple(mention.model_copy(update={"role": judged[mention.account_id].role}) for mention in found), roles


def _places(router: Router, body: str, mentions: Sequence[Mention], language: str) -> tuple[Place, ...]:
    """Return the places, without those that are part of a group's or unit's name; a site is a place itself."""
    taken = {
        at
        for one in mentions
        if router.accounts[one.account_id].level is not Level.SITE
        for at in range(one.start, one.end)
    }
    found = router.places.find(body, language)
    return tuple(place for place in found if place.start not in taken and place.end - 1 not in taken)


def _looked(scene: Scene, one: Bound, classified: Classified) -> Bound | None:
    """Return what was bound with what a second look says of it; None where the account hardly bears the signal."""
    signal, group = one.matched.signal, scene.accounts.group_id(one.account_id)
    names = [name for name in scene.mentions if scene.accounts.group_id(name.account_id) == group]
    if not names or one.matched.role not in _SEEN_TWICE or signal.by != MODEL:
        return one
    inside = [
        name for name in names if any(name.start < span.end and span.start < name.end for span in signal.evidence)
    ]
    found = look(scene.body, scene.passages, inside or names, one.matched, classified.signals, classified.language)
    if found.chance < LEAST:
        return None
    why = f"{one.matched.why}; it bears the signal ({found.chance:.2f}): {found.why}"
    return one._replace(matched=one.matched.model_copy(update={"why": why}))


def _leads(one: Bound, passages: Passages) -> bool:
    """Say whether the account is the actor of a signal that the title tells."""
    return one.matched.role is Role.ACTOR and one.matched.signal.evidence[0].start < passages.title_end


def _matches(
    router: Router, classified: Classified, mentions: Sequence[Mention], bound: Sequence[Bound]
) -> tuple[Match, ...]:
    """Return one match per group, with the way down to the lowest account that its passages name."""
    reference = _reference(classified)
    named = by_group(router.accounts, mentions)
    groups: dict[str, list[Bound]] = {}
    for one in bound:
        groups.setdefault(router.accounts.group(one.account_id).id, []).append(one)
    made = []
    for group, ones in groups.items():
        lowest = max((one.account_id for one in ones), key=lambda account: len(router.accounts.path(account)))
        names = tuple(named.get(group, ()))
        match = Match(
            account=router.accounts.ref(lowest),
            article=reference,
            mentions=names,
            signals=tuple(_with_facts(one, classified) for one in ones),
            why=_why(router.accounts, names, ones),
            model=classified.model,
            rules=classified.rules,
            accounts_version=router.accounts.version,
        )
        made.append(match)
    return tuple(made)


def _with_facts(one: Bound, classified: Classified) -> MatchedSignal:
    return one.matched.model_copy(update={"facts": beside(classified.facts, one.matched.signal)})


def _reference(classified: Classified) -> ArticleRef:
    article = classified.article
    return ArticleRef(
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


def _why(accounts: Accounts, names: Sequence[Mention], bound: Sequence[Bound]) -> tuple[str, ...]:
    """Return sentences: which name was found where and which context decided; then why the signals belong to it."""
    told: dict[tuple[str, str], str] = {}
    for name in names:
        path = " › ".join(account.name for account in accounts.path(name.account_id))
        sentence = f"'{name.text}' at character {name.start} is {path} ({name.probability:.2f}), by the {name.why}"
        told.setdefault((name.text, name.account_id), sentence)
    return tuple(dict.fromkeys((*told.values(), *(one.matched.why for one in bound))))
