"""The classify stage: the pure step with the champion loaded."""

from __future__ import annotations

from collections.abc import Sequence

from models import registry
from pipeline.classify.step import classify
from pipeline.envelope import Out
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.stream.guard import Done, Step
from pipeline.stream.sample import SAMPLE
from pipeline.topics import CLASSIFIED


def build(settings: Settings) -> Step[Article]:
    """Load the model and return the stage's step.

    Raises:
        BadModel: the model may not be loaded.
    """
    scorer = registry.load(settings.model.path or registry.CHAMPION)

    def step(articles: Sequence[Article]) -> list[Done]:
        return [
            Done(
                "signal" if classified.signals else "no_signal",
                (Out(CLASSIFIED, classified.article.id.encode(), classified.encode()),),
            )
            for classified in classify(scorer, articles)
        ]

    # What loads on first use (the language model) loads now, not with somebody's first article.
    step([SAMPLE])
    return step
