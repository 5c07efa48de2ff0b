"""What retraining needs of the broker: labels and their texts, and the promotions.

The topics are read whole: labels are few, and texts stay for a week only, which is why exported labels carry theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from models import promotion, registry
from models.labels import Text
from models.scorer import LinearScorer
from pipeline import kafka
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import BadModel, Undecodable
from pipeline.records import Alert, Classified, Label, Promotion
from pipeline.settings import Settings
from pipeline.topics import ALERTS, CLASSIFIED, LABELS, PROMOTIONS

log = structlog.get_logger()


async def read_labels(settings: Settings) -> list[Label]:
    """Return all labels on the topic, in its order; what cannot be read is left out and logged.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (LABELS,))
    found = []
    async for record in kafka.whole(settings.kafka, LABELS):
        try:
            found.append(Label.decode(record.value))
        except Undecodable as error:
            log.warning("label that cannot be read", offset=record.offset, error=str(error))
    return found


async def read_texts(settings: Settings, wanted: Collection[str] | None = None) -> dict[str, Text]:
    """Return the texts of classified articles by id, the newest revision of each; `wanted` None: of all.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (CLASSIFIED,))
    found: dict[str, Text] = {}
    async for record in kafka.whole(settings.kafka, CLASSIFIED):
        if wanted is not None and (record.key or b"").decode(errors="replace") not in wanted:
            continue
        try:
            one = Classified.decode(record.value)
        except Undecodable as error:
            log.warning("record that cannot be read", offset=record.offset, error=str(error))
            continue
        found[one.article.id] = Text.of(one.article, one.language)
    return found


async def read_alerts(settings: Settings, wanted: Collection[str]) -> dict[str, Alert]:
    """Return the last revision of these alerts by id; those that left the topic after 90 days are not there.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (ALERTS,))
    found: dict[str, Alert] = {}
    async for record in kafka.whole(settings.kafka, ALERTS):
        if record.value is None or (record.key or b"").decode(errors="replace") not in wanted:
            continue
        try:
            alert = Alert.decode(record.value)
        except Undecodable as error:
            log.warning("alert that cannot be read", offset=record.offset, error=str(error))
            continue
        found[alert.id] = alert
    return found


async def send_labels(settings: Settings, labels: Sequence[Label]) -> None:
    """Put labels onto the topic, in this order; returns when the broker has all of them.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (LABELS,))
    await _send(settings, [Out(LABELS, label.article_id.encode(), label.encode()) for label in labels])


async def in_service(settings: Settings) -> tuple[str, registry.Place]:
    """Return the version in service and where it is kept: what was promoted last, else what the settings say.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
        BadModel: the model of the settings may not be loaded.
        Undecodable: the last promotion cannot be read.
    """
    first = settings.model.path or registry.CHAMPION
    version = registry.load(first).version
    if not settings.kafka.bootstrap:
        return version, first
    await kafka.require(settings.kafka, (PROMOTIONS,))
    promoted = version
    async for record in kafka.whole(settings.kafka, PROMOTIONS):
        if record.key == promotion.MODEL.encode():
            promoted = Promotion.decode(record.value).version if record.value is not None else version
    return (version, first) if promoted == version else (promoted, registry.place(registry.root(settings), promoted))


async def promote(settings: Settings, version: str, author: str, reason: str) -> Promotion:
    """Put a version of the registry into service; the one before stays in the registry to go back to.

    Raises:
        BadModel: it cannot be loaded, or is in service already.
        NotReady: the topic is missing.
        Transient: broker or registry do not answer.
    """
    place = registry.root(settings)
    current, kept = await in_service(settings)
    if version == current:
        raise BadModel(f"{version} is in service already")
    registry.open_version(place, version)
    if current not in registry.versions(place):
        registry.copy(kept, registry.place(place, current))
    made = _promotion(version, author, reason)
    if not promotion.trail(place):
        # A moment earlier: the trail is read in the order of time.
        first = made.at - timedelta(microseconds=1)
        promotion.note(place, _promotion(current, author, "in service before the first promotion", first))
    await _serve(settings, made)
    return made


async def roll_back(settings: Settings, author: str, reason: str) -> Promotion:
    """Put the version into service again that was there before the present one.

    Raises:
        BadModel: there was none, or it cannot be loaded.
        NotReady: the topic is missing.
        Transient: broker or registry do not answer.
    """
    place = registry.root(settings)
    current, _ = await in_service(settings)
    version = promotion.before(promotion.trail(place), current)
    if not version:
        raise BadModel(f"nothing to go back to: {place} knows no version before {current}")
    registry.open_version(place, version)
    made = _promotion(version, author, f"rolled back from {current}" + (f": {reason}" if reason else ""))
    await _serve(settings, made)
    return made


def champion(version: str, place: registry.Place) -> LinearScorer:
    """Return the version that `in_service` names.

    Raises:
        BadModel: it may not be loaded.
    """
    scorer = registry.load(place)
    if scorer.version != version:
        raise BadModel(f"{place} holds {scorer.version}, not {version}, which is in service")
    return scorer


def _promotion(version: str, author: str, reason: str, at: datetime | None = None) -> Promotion:
    return Promotion(model=promotion.MODEL, version=version, at=at or datetime.now(UTC), author=author, reason=reason)


async def _serve(settings: Settings, made: Promotion) -> None:
    """Tell the workers, then the trail: a trail that lacks the newest step still shows the way back."""
    await _send(settings, [Out(PROMOTIONS, made.model.encode(), made.encode())])
    promotion.note(registry.root(settings), made)


async def _send(settings: Settings, outs: Sequence[Out]) -> None:
    """Send records and wait for the broker's answer to each."""
    async with kafka.sending(settings.kafka) as producer:
        waiting = [
            await producer.send(
                kafka.full_name(settings.kafka, out.topic),
                out.value,
                key=out.key,
                headers=headers_for(out, source="/stellwerk/retrain", trace=new_trace()),
            )
            for out in outs
        ]
        for answer in waiting:
            await answer
