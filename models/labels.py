"""People's verdicts: which one counts, where people disagree, and what can be learnt from them.

A person's last verdict on an article counts; where several people judged an article, a type counts that more than half
of them gave. An article where they are evenly split is disputed, and nothing is learnt from it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from models.corpus import STATUSES, TYPES, Item, Labelled
from models.scorer import LANGUAGES, LinearScorer
from pipeline.classify.language import language
from pipeline.classify.sentences import sentences
from pipeline.classify.step import READ, Prepared
from pipeline.records import Article, Label
from pipeline.signals import SignalType

Types = tuple[SignalType, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What a label is about; labels outlive the articles on the topics, so files carry both."""

    title: str
    text: str = ""
    language: str = ""
    url: str = ""
    published: str = ""

    @classmethod
    def of(cls, article: Article, code: str = "") -> Text:
        """Return an article's text; `code` is its language, where it is known."""
        found = code or language(article.title, article.text, article.language_hint)
        return cls(article.title, article.text, found, article.url, article.published.isoformat())

    @property
    def body(self) -> str:
        """The text that offsets count in."""
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on the types of the articles that more than one of them judged.

    Attributes:
        articles: judged by more than one person.
        same: of these, where all gave the same types.
        f1: of one person's types measured against another's, over all pairs; 1.0 where nobody gave any.
        split: per type, articles where some gave it and some did not.
        disputed: articles with a type that exactly half gave: person → types.
    """

    articles: int
    same: int
    f1: float
    split: dict[SignalType, int]
    disputed: dict[str, dict[str, Types]]


def last(labels: Iterable[Label]) -> list[Label]:
    """Return each person's last verdict on each article, in the order of time; of equal times the later in line.

    A verdict on types does not take away one on an alert (its account, its relevance), nor the other way round.
    """
    kept: dict[tuple[str, str, str], Label] = {}
    for label in sorted(labels, key=lambda one: one.at):
        kept[(label.author, label.article_id, "types" if label.types is not None else f"alert {label.alert_id}")] = (
            label
        )
    return sorted(kept.values(), key=lambda one: one.at)


def agreement(labels: Iterable[Label]) -> Agreement:
    """Compare the people who judged the same articles."""
    shared = {article: given for article, given in _by_article(labels).items() if len(given) > 1}
    split: Counter[SignalType] = Counter()
    disputed = {}
    both = total = same = 0
    for article, given in shared.items():
        votes = _votes(given)
        split.update(kind for kind, count in votes.items() if count < len(given))
        same += all(count == len(given) for count in votes.values())
        if _tied(votes, len(given)):
            disputed[article] = given
        for one, other in combinations(given.values(), 2):
            both += 2 * len(set(one) & set(other))
            total += len(set(one)) + len(set(other))
    return Agreement(len(shared), same, both / total if total else 1.0, dict(split.most_common()), disputed)


def settle(labels: Iterable[Label]) -> dict[str, Types]:
    """Return the types of each article that is not disputed, newest verdict first."""
    found = {}
    for article, given in reversed(_by_article(labels).items()):
        votes = _votes(given)
        if not _tied(votes, len(given)):
            found[article] = tuple(kind for kind in SignalType if votes[kind] * 2 > len(given))
    return found


def items(settled: Mapping[str, Types], texts: Mapping[str, Text], scorer: LinearScorer) -> list[Item]:
    """Return what can be learnt from: settled articles whose text is known, in German or English.

    People say types only. Status and sentence of each type are what `scorer` says given the type, so that they
    neither teach it anything new nor anything else than it knows.
    """
    known = [(name, kinds, texts[name]) for name, kinds in settled.items() if name in texts]
    known = [one for one in known if one[2].language in LANGUAGES]
    prepared = [Prepared(text.language, text.body, tuple(sentences(text.body[:READ]))) for _, _, text in known]
    hits = [(row, TYPES.index(kind)) for row, (_, kinds, _) in enumerate(known) for kind in kinds]
    hits = [(row, kind) for row, kind in hits if prepared[row].sentences]
    found: list[list[Labelled]] = [[] for _ in known]
    for (row, kind), (status, picked) in zip(hits, scorer.judge(prepared, hits), strict=True):
        span = prepared[row].sentences[picked[0]]
        found[row].append(Labelled(TYPES[kind], STATUSES[status], "", span.start, span.end))
    return [
        Item(name, text.language, text.title, text.text, tuple(signals), text.published[:10])
        for (name, _, text), signals in zip(known, found, strict=True)
    ]


def tell(labels: Sequence[Label]) -> list[str]:
    """Return lines for people: how many judged how much, and where they disagree."""
    found = agreement(labels)
    people = Counter(label.author for label in last(labels))
    lines = [
        f"{sum(people.values())} verdicts by {len(people)} people on {len({one.article_id for one in labels})} articles"
    ]
    if not found.articles:
        return lines
    lines.append(f"{found.articles} judged by several: {found.same} alike, F1 of one against another {found.f1:.2f}")
    lines += [f"    {kind}: {count} articles where people differ" for kind, count in list(found.split.items())[:10]]
    for article, given in list(found.disputed.items())[:20]:
        said = "; ".join(f"{author}: {', '.join(kinds) or 'none'}" for author, kinds in sorted(given.items()))
        lines.append(f"disputed  {article}  {said}")
    if len(found.disputed) > 20:
        lines.append(f"and {len(found.disputed) - 20} more disputed")
    return lines


def _by_article(labels: Iterable[Label]) -> dict[str, dict[str, Types]]:
    """Return article → person → types, in the order of each article's newest verdict."""
    found: dict[str, dict[str, Types]] = defaultdict(dict)
    for label in last(labels):
        if label.types is not None:
            given = found.pop(label.article_id, {})
            given[label.author] = tuple(dict.fromkeys(label.types))
            found[label.article_id] = given
    return found


def _votes(given: Mapping[str, Types]) -> Counter[SignalType]:
    return Counter(kind for kinds in given.values() for kind in kinds)


def _tied(votes: Mapping[SignalType, int], people: int) -> bool:
    return any(count * 2 == people for count in votes.values())
