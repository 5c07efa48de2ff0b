"""The whole path without Kafka: the same pure steps, for back-tests, evaluation and questions.

In: one JSON object per line with `id`, `title`, `text`, optionally `url`, `published`, `language`.
Out: one line each, in the same order; the form is described in `docs/process.md` and stays stable.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from models import registry
from pipeline.alert.memory import Memory
from pipeline.alert.profiles import Profiles, load_profiles
from pipeline.alert.step import decide, remember
from pipeline.classify.step import Scorer, classify
from pipeline.errors import BadInput
from pipeline.lines import numbered, read_object
from pipeline.records import FILE, Alert, Article, Classified, How, stable_id
from pipeline.route.accounts import load_accounts
from pipeline.route.regions import Regions
from pipeline.route.step import Routed, Router, annotate, route
from pipeline.rules.files import load_rules
from pipeline.rules.match import Book
from pipeline.settings import AlertSettings, Settings

#: Articles scored at once; more gains nothing.
BATCH: Final = 256
_FACT: Final = {"kind", "text", "start", "end", "value", "currency", "unit", "date_from", "date_to", "vague", "signal"}
_TEXTS: Final = ("id", "title", "text", "url", "published", "language")


@dataclass(slots=True)
class Walk:
    """The steps one after the other, with the alerts so far.

    Attributes:
        scorer: the classifier.
        router: the accounts.
        settings: of the alert step.
        rules: keyword combinations, where there are any.
        memory: alerts made by this path.
        profiles: by which alerts are scored.
    """

    scorer: Scorer
    router: Router
    settings: AlertSettings
    rules: Book | None = None
    memory: Memory = field(default_factory=Memory)
    profiles: Profiles = field(default_factory=load_profiles)

    def __post_init__(self) -> None:
        """Show every change of a back-test: nothing waits for a cool-down."""
        self.settings = self.settings.model_copy(update={"cooldown": 0.0})

    def walk(self, articles: Sequence[Article]) -> list[Walked]:
        """Take articles through all steps, in order; each sees the alerts of those before."""
        return [self._one(classified) for classified in classify(self.scorer, articles, self.rules)]

    def _one(self, classified: Classified) -> Walked:
        routed = route(self.router, classified)
        if routed.refused in ("no_signal", "no_account"):
            # The stream need not look any further; whoever asks what is in a text wants to know all the same.
            mentions, places = annotate(self.router, classified.article.body, classified.signals, classified.language)
            routed = replace(routed, mentions=mentions, places=places)
        alerts: list[Alert] = []
        outcomes: list[str] = []
        for match in routed.matches:
            # A back-test lives in the time of its articles: nothing is old on the day it is published.
            now = classified.article.published
            decided = decide(self.memory, match, now=now, settings=self.settings, profiles=self.profiles)
            remember(self.memory, decided)
            alerts += decided.alerts
            outcomes.append(decided.outcome)
        return Walked(classified, routed, tuple(alerts), tuple(outcomes))


@dataclass(frozen=True, slots=True)
class Walked:
    """What each step said of one article; `outcomes` are the alert step's, one per match."""

    classified: Classified
    routed: Routed
    alerts: tuple[Alert, ...]
    outcomes: tuple[str, ...]

    def line(self) -> dict[str, Any]:
        """Return the output line of `stellwerk process`."""
        return {
            "id": self.classified.article.id,
            "language": self.classified.language,
            "signals": [
                {
                    "type": signal.type,
                    "probability": round(signal.probability, 4),
                    "status": signal.status,
                    "direction": signal.direction,
                    "evidence": signal.evidence[0].model_dump(),
                    "by": signal.by,
                }
                for signal in self.classified.signals
            ],
            "mentions": [
                mention.model_dump(include={"account_id", "text", "start", "end", "role", "probability", "why"})
                for mention in self.routed.mentions
            ],
            "places": [
                place.model_dump(include={"text", "start", "end", "country", "region", "kind", "dateline"})
                for place in self.routed.places
            ],
            "facts": [fact.model_dump(mode="json", include=_FACT) for fact in self.classified.facts],
            "alerts": [alert.model_dump(mode="json") for alert in self.alerts],
        }


def open_path(accounts: Path, settings: Settings, rules: Path | None = None) -> Walk:
    """Load model, accounts and, where a file is named, keyword rules.

    Raises:
        BadInput: the account or the rule file is wrong.
        BadModel: the model may not be loaded.
    """
    walk = Walk(
        registry.load(settings.model.path or registry.CHAMPION),
        Router(load_accounts(accounts), Regions.load(settings.route.regions)),
        settings.alert,
        Book(load_rules(rules)) if rules else None,
        profiles=load_profiles(settings.alert.profiles),
    )
    # What stays is not searched for garbage: with thousands of rules or accounts that is a third of the time.
    gc.collect()
    gc.freeze()
    return walk


def read_article(line: bytes, number: int, file: str) -> Article:
    """Return the article in an input line; its text is taken as it is, so that offsets hold.

    Raises:
        BadInput: no JSON object, or a field that is missing or of another kind.
    """
    raw = read_object(line, number, file)
    for name in _TEXTS:
        if not isinstance(raw.get(name, ""), str | (int if name == "id" else str)) and raw[name] is not None:
            raise BadInput("must be a string", file=file, line=number, field=name)
    if raw.get("id") in (None, ""):
        raise BadInput("missing; every line needs one", file=file, line=number, field="id")
    if not (raw.get("title") or raw.get("text")):
        raise BadInput("title and text are both empty", file=file, line=number, field="title")
    now = datetime.now(UTC)
    published = _time(raw.get("published"), file, number)
    return Article(
        id=str(raw["id"]),
        source_id=FILE,
        source=str(raw.get("source") or ""),
        url=raw.get("url") or "",
        title=raw.get("title") or "",
        text=raw.get("text") or "",
        published=published or now,
        published_guessed=published is None,
        fetched=now,
        language_hint=raw.get("language") or "",
        how=How.FILE,
        revision=stable_id(raw.get("title") or "", raw.get("text") or ""),
    )


def _time(value: str | None, file: str, number: int) -> datetime | None:
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise BadInput(f"{value[:40]!r} is no ISO 8601 time", file=file, line=number, field="published") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def process(path: Walk, lines: Iterable[bytes], file: str = "-") -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield each input line's output line, and whether it went well; empty lines are passed over."""
    rest = numbered(lines)
    while batch := list(islice(rest, BATCH)):
        read: list[Article | BadInput] = []
        for number, line in batch:
            try:
                read.append(read_article(line, number, file))
            except BadInput as error:
                read.append(error)
        walked = iter(path.walk([one for one in read if isinstance(one, Article)]))
        for one, (_, line) in zip(read, batch, strict=True):
            if isinstance(one, Article):
                yield next(walked).line(), True
            else:
                yield {"id": _id_of(line), "error": str(one)}, False


def _id_of(line: bytes) -> str | None:
    """Return the id of a line that is otherwise bad, where it has one."""
    try:
        raw = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) else None
