"""Are two articles about the same story?

Two articles of one account are compared by their words, where names, places and numbers count more: they are what a
German and an English report of one event share. First form; measured in `docs/decisions.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pipeline.records import ArticleRef, Place

#: Cosine from which two articles are one story: in one language, in two, and in two when the type is the same as well.
SAME_LANGUAGE: Final = 0.36
OTHER_LANGUAGE: Final = 0.16
OTHER_LANGUAGE_SAME_TYPE: Final = 0.10
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]{3,}")
_STEM: Final = 7
_NUMBER, _NAME, _PLACE = 2.0, 1.5, 3.0
_STOP: Final = frozenset(
    """
    aber alle allem allen als also auch auf aus bei beim bis bereits das dass dem den denn der des die dies
    diese dieser doch dort durch ein eine einem einen einer eines für gegen haben hat hatte ihr ihre ihren
    ihrer immer ist jahr jahre jahren jetzt kann kein keine konzern künftig mehr mit nach neue neuen neuer
    nicht noch nun nur oder ohne rund sagte schon sei sein seine seinen seiner sich sie sind sollen soll sowie
    über und uhr unter unternehmen vom von vor war was weil weitere weiter wenn werden wie wieder will wird
    wurde zum zur zwei zwischen about after all also and are been but can company for from had has have her
    his into its more new not now one other our out over said says she than that the their them they this two
    under was were what when which who will with would year years
    """.split()
)


def features(article: ArticleRef, places: Iterable[Place] = (), ignore: Iterable[str] = ()) -> dict[str, float]:
    """Return the weighted words of an article's title and lead, as a vector of length 1.

    Args:
        article: title and lead are read.
        places: count by their English name, so that `München` and `Munich` are one.
        ignore: words that say nothing here, such as the account's own names.
    """
    own = {word.casefold()[:_STEM] for name in ignore for word in _WORD.findall(name)}
    made: dict[str, float] = {}
    for word in _WORD.findall(f"{article.title} {article.title} {article.lead}"):
        token, weight = _weighed(word)
        if token not in own and word.casefold() not in _STOP:
            made[token] = made.get(token, 0.0) + weight
    for place in places:
        made[f"@{place.name or place.text}"] = _PLACE
    damped = {token: 1.0 + math.log(count) if count > 1 else count for token, count in made.items()}
    length = math.sqrt(sum(value * value for value in damped.values())) or 1.0
    return {token: value / length for token, value in damped.items()}


def _weighed(word: str) -> tuple[str, float]:
    if word[0].isdigit():
        return word.replace(",", "."), _NUMBER if len(word) > 1 else 1.0
    return word.casefold()[:_STEM], _NAME if word[0].isupper() else 1.0


def alike(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the cosine of two vectors of length 1: 0 nothing shared, 1 the same words."""
    small, large = sorted((one, other), key=len)
    return sum(value * large.get(token, 0.0) for token, value in small.items())


def near(one: datetime, other: datetime, seconds: float) -> bool:
    """Say whether two times lie within so many seconds."""
    return abs((one - other).total_seconds()) <= seconds


def same_story(score: float, one: ArticleRef, other: ArticleRef, *, same_type: bool) -> bool:
    """Say whether this likeness makes one story of two articles.

    Args:
        score: from `alike`.
        one: an article.
        other: another one, of the same account and near in time.
        same_type: both carry a signal of the same type.
    """
    if one.language == other.language:
        return score >= SAME_LANGUAGE
    return score >= (OTHER_LANGUAGE_SAME_TYPE if same_type else OTHER_LANGUAGE)
