"""One match and the alerts so far in, new revisions of alerts out.

known article            nothing new to say                    -> duplicate
                         edited, and says this no longer       -> withdrawn
only mentioned           the signal is somebody else's         -> mentioned
a story that is open     the alert of this type grows          -> alerted, or collected while it is small news
                         published long ago, got before it     -> old
                         a person has taken the alert back     -> retracted
                         has more reports than are kept        -> crowded
a story told before      nearly the same words, long ago       -> repeated
a new story              published long ago                    -> old
                         otherwise                             -> alerted
two stories that the article shows to be one                   -> the younger alerts are merged into the older ones
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pipeline.alert import cycle
from pipeline.alert.grow import MOST, News, absorbed, grown, holds, opened
from pipeline.alert.joining import Joined, join
from pipeline.alert.memory import Memory
from pipeline.alert.profiles import Profiles, load_profiles, scores
from pipeline.alert.programme import LASTS, keys
from pipeline.alert.story import near
from pipeline.records import Alert, AlertState, Match, MatchedSignal, Role, stable_id
from pipeline.settings import AlertSettings

#: What can become of a match, the word that counts first. The stage counts them, `docs/stories.md` explains them.
OUTCOMES: Final = (
    "alerted",
    "withdrawn",
    "collected",
    "duplicate",
    "crowded",
    "repeated",
    "old",
    "retracted",
    "mentioned",
    "no_signal",
)
#: What the stage counts beside: a match whose signals a person has denied, and revisions that no match has made.
BESIDE: Final = ("denied", "released", "taken_back", "corrected", "healed")


@dataclass(frozen=True, slots=True)
class Held:
    """An alert with what it has collected, and when that is to be told; None waits for the next news."""

    alert: Alert
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one match.

    Attributes:
        outcome: one of `OUTCOMES`: of several signals, the one that came furthest.
        alerts: new revisions in the order in which they must be written, at most one of each alert.
        held: alerts that have collected something.
    """

    outcome: str
    alerts: tuple[Alert, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(slots=True)
class _Desk:
    """One match being decided: the alerts that it touches, as they become, and how much of that is news."""

    memory: Memory
    match: Match
    now: datetime
    settings: AlertSettings
    ended: list[Alert] = field(default_factory=list)
    touched: dict[str, tuple[Alert, News]] = field(default_factory=dict)
    outcomes: set[str] = field(default_factory=set)

    def alert(self, id: str) -> Alert | None:
        """Return an alert as it has become so far."""
        return self.touched[id][0] if id in self.touched else self.memory.get(self.match.account.id, id)

    def touch(self, alert: Alert, news: News) -> None:
        """Note what an alert has become."""
        before = self.touched[alert.id][1] if alert.id in self.touched else News.NONE
        self.touched[alert.id] = alert, max(before, news)


def decide(
    memory: Memory, match: Match, *, now: datetime, settings: AlertSettings, profiles: Profiles | None = None
) -> Decided:
    """Return what this match changes; `memory` is read, not written.

    Args:
        memory: every alert of the match's account so far.
        match: one article × one account.
        now: the time of deciding, UTC.
        settings: ages and limits.
        profiles: by which new revisions are scored; None takes those that ship.
    """
    newest = memory.shelf(match.account.id).fetched.get(match.article.id)
    if newest is not None and newest > match.article.fetched:
        # An old text after a newer one: a replay.
        return Decided("duplicate")
    desk = _Desk(memory, match, now, settings)
    joined = join(memory, match, settings)
    story = _as_one(desk, joined) if joined.also else joined.story
    for matched in match.signals:
        desk.outcomes.add(_take(desk, matched, story))
    _unsaid(desk)
    return _decided(desk, profiles or load_profiles())


def remember(memory: Memory, decided: Decided) -> None:
    """Put what was decided into the memory."""
    for alert in decided.alerts:
        memory.put(alert)
    for held in decided.held:
        memory.hold(held.alert, held.due)


def scored(alert: Alert, profiles: Profiles, now: datetime) -> Alert:
    """Return the alert with its scores."""
    versions = alert.versions.model_copy(update={"profiles": profiles.version})
    return alert.model_copy(update={"scores": scores(profiles, alert, now), "versions": versions})


def released(alert: Alert, now: datetime) -> Alert:
    """Return the revision that tells what an alert has collected."""
    return alert.model_copy(update={"revision": alert.revision + 1, "state": AlertState.UPDATED, "updated": now})


def healed(memory: Memory, merged: Alert, settings: AlertSettings, now: datetime) -> Alert | None:
    """Return the revision that an alert lacks when its worker died while another was merged into it."""
    on = memory.find(merged.id)
    if on is None or on.id == merged.id or all(holds(on, article.id) for article in merged.articles):
        return None
    return released(absorbed(on, [merged], settings), now)


def _take(desk: _Desk, matched: MatchedSignal, story: str) -> str:
    """Let one signal of the match change its alert; return the outcome."""
    match, account = desk.match, desk.match.account.id
    if matched.role is Role.MENTIONED:
        return "mentioned"
    shelf, kind = desk.memory.shelf(account), matched.signal.type
    moved = (one.id for one, _ in desk.touched.values() if (one.story_id, one.signal.type) == (story, kind))
    alert_id = next(moved, "") or shelf.stories.get(story, {}).get(kind) or stable_id("alert", account, kind, story)
    known = desk.alert(alert_id)
    late = not near(desk.now, match.article.published, desk.settings.age_most)
    if known is None:
        if not story:
            return "repeated"
        if late:
            return "old"
        alert = opened(alert_id, story, match, matched, (), desk.now)
        desk.touch(alert.model_copy(update={"related": _related(desk, alert)}), News.MOVED)
        return "alerted"
    return _grow(desk, known, matched, late=late)


def _grow(desk: _Desk, known: Alert, matched: MatchedSignal, *, late: bool) -> str:
    match = desk.match
    before = next((one for one in known.articles if one.id == match.article.id), None)
    if known.id not in desk.touched:
        if before is None and holds(known, match.article.id):
            return "duplicate"
        # Only a later fetch counts as an edit: a replay brings old revisions of an article after new ones.
        if before and (before.revision == match.article.revision or before.fetched >= match.article.fetched):
            return "duplicate"
    if late and match.article.fetched < known.first_seen:
        # It was there before the alert and opened none: a replay must not bring it in now.
        return "old"
    if known.retracted_for in ("account", "signal"):
        return "retracted"
    alert, news = grown(known, match, matched, desk.settings)
    if known.state is AlertState.RETRACTED:
        alert, news = alert.model_copy(update={"retracted_for": ""}), News.MOVED
    if news is News.NONE:
        return "duplicate" if before else "crowded"
    desk.touch(alert, news)
    return "alerted" if _tells(desk, alert, desk.touched[alert.id][1]) else "collected"


def _tells(desk: _Desk, alert: Alert, news: News) -> bool:
    """Say whether news is told now, or collected until the alert has been silent long enough."""
    if news is News.SOURCE:
        return (desk.now - alert.updated).total_seconds() >= desk.settings.cooldown
    return news is News.MOVED


def _unsaid(desk: _Desk) -> None:
    """Take the article out of the alerts that it told of before it was edited."""
    article, account = desk.match.article, desk.match.account.id
    said = {one.signal.type for one in desk.match.signals if one.role is not Role.MENTIONED}
    for id in desk.memory.shelf(account).holding.get(article.id, ()):
        alert = desk.memory.get(account, id)
        before = next((one for one in alert.articles if one.id == article.id), None) if alert else None
        if alert is None or before is None or alert.state in (AlertState.RETRACTED, AlertState.MERGED):
            continue
        if alert.signal.type in said or before.revision == article.revision or before.fetched >= article.fetched:
            continue
        why = "withdrawn by the source: the article was edited and no longer says it"
        desk.ended.append(cycle.without(alert, {article.id: article}, "source", why, desk.now))
        desk.outcomes.add("withdrawn")


def _as_one(desk: _Desk, joined: Joined) -> str:
    """Merge the alerts of stories that turn out to be one; return the story that goes on, the oldest."""
    account = desk.match.account.id
    stories = {story: desk.memory.of_story(account, story) for story in (joined.story, *joined.also)}
    if any(alert.state is AlertState.RETRACTED for alerts in stories.values() for alert in alerts):
        return joined.story
    oldest, *younger = sorted(stories, key=lambda story: min((one.first_seen, one.id) for one in stories[story]))
    keep = {alert.signal.type: alert for alert in stories[oldest]}
    for story in younger:
        for alert in stories[story]:
            if on := keep.get(alert.signal.type):
                desk.ended.append(cycle.merged(alert, on, desk.now))
                grown_on = absorbed(desk.alert(on.id) or on, [alert], desk.settings)
                desk.touch(grown_on, News.MOVED)
            else:
                moved = cycle.moved(alert, oldest, (one.id for one in keep.values()), desk.now)
                keep[alert.signal.type] = alert
                # It may grow by this match, too: that is one revision.
                desk.touch(moved.model_copy(update={"revision": alert.revision}), News.MOVED)
    return oldest


def _related(desk: _Desk, alert: Alert) -> tuple[str, ...]:
    """Return the account's alerts of the same story or programme."""
    shelf = desk.memory.shelf(alert.account.id)
    found = [*shelf.stories.get(alert.story_id, {}).values()]
    found += [one.id for one, _ in desk.touched.values() if one.story_id == alert.story_id]
    for key in sorted(keys(alert)):
        others = shelf.programmes.get(key, {}).items()
        found += [id for id, published in others if near(published, alert.published, LASTS)]
    return tuple(id for id in dict.fromkeys((*alert.related, *found)) if id != alert.id)[:MOST]


def _decided(desk: _Desk, profiles: Profiles) -> Decided:
    """Return revisions and what is held; merged alerts are written first, what goes on last: see `healed`."""
    made, held = list(desk.ended), []
    for alert, news in desk.touched.values():
        known = desk.memory.get(alert.account.id, alert.id)
        if known is None:
            made.append(alert)
        elif _tells(desk, alert, news):
            told = alert.model_copy(update={"related": _related(desk, alert)})
            made.append(released(told, desk.now))
        else:
            held.append(Held(alert, _due(desk.memory, alert, news, desk.settings)))
    newest = {one.id: one for one in made}
    alerts = tuple(scored(one, profiles, desk.now) for one in newest.values())
    return Decided(_outcome(desk.outcomes), alerts, tuple(held))


def _due(memory: Memory, alert: Alert, news: News, settings: AlertSettings) -> datetime | None:
    _, due = memory.held.get(alert.id, ("", None))
    return alert.updated + timedelta(seconds=settings.cooldown) if news is News.SOURCE else due


def due_after(told: Alert, held: Alert, settings: AlertSettings) -> datetime | None:
    """Return when what an alert has collected is to be told; as `decide` said it before a restart."""
    sources = {one.publisher for one in told.articles}
    news = any(one.publisher not in sources for one in held.articles)
    return told.updated + timedelta(seconds=settings.cooldown) if news else None


def _outcome(outcomes: Iterable[str]) -> str:
    found = set(outcomes)
    return next((one for one in OUTCOMES if one in found), "no_signal")
