"""Which story a match belongs to, and which stories turn out to be one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.alert.memory import Memory, Told, countries_of, reading_of
from pipeline.alert.story import SAME, near, probability, repeats
from pipeline.records import Match, Place, short, stable_id
from pipeline.settings import AlertSettings

#: Probability from which an article joins a story without a signal of its types; and one in other countries.
_OTHER_TYPE, _ELSEWHERE = 0.8, 0.97
#: Probability from which an article that tells two stories makes them one; and what the two must have in common.
_BOTH, _EACH_OTHER = 0.85, 0.1


@dataclass(frozen=True, slots=True)
class Joined:
    """Where a match belongs.

    Attributes:
        story: its story: a known one, or its own; nothing when it tells again what is no longer open.
        also: stories that turn out to be the same as `story`.
        score: the probability that led there; 1 for an article that is known, 0 for a new story.
    """

    story: str
    also: tuple[str, ...] = ()
    score: float = 0.0


def join(memory: Memory, match: Match, settings: AlertSettings) -> Joined:
    """Return the story of a match; `memory` is read, not written."""
    article, shelf = match.article, memory.shelf(match.account.id)
    if known := shelf.article.get(short(article.id)):
        return Joined(known, score=1.0)
    places = [place for matched in match.signals for place in matched.places]
    reading, repeated = reading_of(article, places), False
    found: dict[str, tuple[float, Told]] = {}
    for told in shelf.alike(reading):
        if not near(article.published, told.reading.published, settings.window):
            repeated = repeated or repeats(reading, told.reading)
            continue
        score = probability(reading, told.reading)
        if score >= _needed(match, places, told) and score > found.get(told.story, (0.0,))[0]:
            found[told.story] = score, told
    if not found:
        return Joined("" if repeated else stable_id("story", match.account.id, article.id))
    best = max(found, key=lambda story: found[story][0])
    score, told = found[best]
    also = (other for other in found if other != best and score >= _BOTH and _one(told, *found[other]))
    return Joined(best, tuple(also), score)


def _one(told: Told, score: float, other: Told) -> bool:
    """Say whether an article that tells two stories makes them one: a review of the year must not."""
    if score < _BOTH or told.types.isdisjoint(other.types):
        return False
    if told.countries and other.countries and told.countries.isdisjoint(other.countries):
        return False
    return probability(told.reading, other.reading) >= _EACH_OTHER


def _needed(match: Match, places: Iterable[Place], told: Told) -> float:
    """Return the probability that joins the match to a story: more, when type or country speaks against."""
    here = countries_of(places)
    if here and told.countries and here.isdisjoint(told.countries):
        return _ELSEWHERE
    other_type = told.types.isdisjoint(matched.signal.type for matched in match.signals)
    return _OTHER_TYPE if other_type else SAME
