"""The classify stage: the pure step with the model that is in service."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.classify.step import classify
from pipeline.envelope import Out
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.stream.guard import Done
from pipeline.stream.promotions import InService
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
        # What loads on first use (the language model) loads now, not with somebody's first article.
        self.step([SAMPLE])

    def step(self, articles: Sequence[Article]) -> list[Done]:
        """Judge articles; all of a batch by the same model."""
        return [
            Done(
                "signal" if classified.signals else "no_signal",
                (Out(CLASSIFIED, classified.article.id.encode(), classified.encode()),),
            )
            for classified in classify(self.model.scorer, articles)
        ]
