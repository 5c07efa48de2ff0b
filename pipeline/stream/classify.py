"""The classify stage: the pure step with the model and the keyword rules that are in service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pipeline.classify.step import classify
from pipeline.envelope import Out
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.stream import meter
from pipeline.stream.guard import Done
from pipeline.stream.promotions import InService
from pipeline.stream.rules import following
from pipeline.stream.sample import SAMPLE
from pipeline.topics import CLASSIFIED


class Classifying:
    """The stage's step.

    Args:
        settings: which model, which broker.

    Raises:
        BadModel: the model may not be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self.model = InService(settings)
        self.rules = following(settings.kafka)

    def warm(self) -> None:
        """Judge an article that nobody sent: what loads on first use loads now."""
        classify(self.model.scorer, [SAMPLE], self.rules.value)

    async def start(self) -> None:
        """Read which model and which rules are in service, unless that was done before."""
        await asyncio.gather(self.model.prepare(), self.rules.prepare())

    async def follow(self) -> None:
        """Take new models and new rules into service, for ever."""
        await asyncio.gather(self.model.follow(), self.rules.follow())

    def step(self, articles: Sequence[Article]) -> list[Done]:
        """Judge articles; all of a batch by the same model and the same rules."""
        made = classify(self.model.scorer, articles, self.rules.value)
        meter.judged(made)
        return [
            Done(
                "signal" if classified.signals else "no_signal",
                (Out(CLASSIFIED, classified.article.id.encode(), classified.encode()),),
            )
            for classified in made
        ]

    def versions(self) -> dict[str, str]:
        """Return what is in service."""
        return {"model": self.model.scorer.version, "rules": self.rules.value.version}
