"""One article for a stage to warm up with before it says that it is ready."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pipeline.records import Article, Classified, Signal, Span
from pipeline.signals import FAMILY, Direction, SignalType, Status

_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_TITLE: Final = "Musterfirma baut ein neues Werk in Polen"
SAMPLE: Final = Article(
    id="sample",
    source_id="sample",
    url="",
    title=_TITLE,
    text="The company will invest in a new plant near Warsaw, it said on Monday. 400 Menschen sollen dort arbeiten.",
    published=_DAY,
    fetched=_DAY,
)
CLASSIFIED_SAMPLE: Final = Classified(
    article=SAMPLE,
    language="de",
    model="sample",
    signals=(
        Signal(
            type=SignalType.NEW_SITE,
            family=FAMILY[SignalType.NEW_SITE],
            probability=1.0,
            status=Status.PLANNED,
            direction=Direction.GROWTH,
            evidence=(Span(text=_TITLE, start=0, end=len(_TITLE)),),
        ),
    ),
)
