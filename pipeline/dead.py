"""Dead letters: what could not be processed, read back and sent again once its cause is mended.

The guard of a stage writes them (`stream/guard.py`); each holds the original key and bytes, and headers that say where
it came from and why it died. Sending again repeats work and loses nothing: ids are stable, so what had been done
already is a duplicate, and what is still wrong dies again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import ConsumerRecord

from pipeline import kafka
from pipeline.envelope import Out, header, headers_for, new_trace
from pipeline.errors import BadInput
from pipeline.settings import KafkaSettings
from pipeline.topics import DEAD_LETTERS, TOPICS

_MARK: Final = "dead_"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that died.

    Attributes:
        offset: of the letter on its own topic: its name, for people and commands.
        at: when it died.
        topic: where the record stood, with the deployment's prefix.
        place: `partition:offset` of the record there.
        stage: who could not process it.
        error: why.
        attempt: which try was the last one.
        size: bytes of the record, where only its beginning could be kept; 0 where it is whole.
        record: the letter as it stands on the topic.
    """

    offset: int
    at: datetime
    topic: str
    place: str
    stage: str
    error: str
    attempt: str
    size: int
    record: ConsumerRecord

    @classmethod
    def of(cls, record: ConsumerRecord) -> DeadLetter:
        """Return the letter in a record; headers that are missing leave empty fields."""

        def said(name: str) -> str:
            return header(record.headers, _MARK + name).decode(errors="replace")

        size = said("size")
        return cls(
            offset=record.offset,
            at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            topic=said("topic"),
            place=f"{said('partition')}:{said('offset')}",
            stage=said("stage"),
            error=said("error"),
            attempt=said("attempt"),
            size=int(size) if size.isdecimal() else 0,
            record=record,
        )

    def line(self) -> dict[str, Any]:
        """Return what a list shows, as one JSON object."""
        names = ("offset", "at", "topic", "place", "stage", "error", "attempt", "size")
        key = self.record.key
        return {name: getattr(self, name) for name in names} | {
            "key": None if key is None else key.decode(errors="replace"),
            "value": (self.record.value or b"")[:200].decode(errors="replace"),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant; an empty field means any.

    Attributes:
        since: died at or after.
        stage: the stage's name.
        error: stands in the reason, in any case of letters.
        offsets: the letters' own offsets.
    """

    since: datetime | None = None
    stage: str = ""
    error: str = ""
    offsets: frozenset[int] = frozenset()

    def fits(self, letter: DeadLetter) -> bool:
        """Say whether a letter is meant."""
        return (
            (self.since is None or letter.at >= self.since)
            and self.stage in ("", letter.stage)
            and self.error.casefold() in letter.error.casefold()
            and (not self.offsets or letter.offset in self.offsets)
        )


async def letters(settings: KafkaSettings, wanted: Wanted) -> AsyncIterator[DeadLetter]:
    """Yield the letters that are meant, oldest first."""
    async for record in kafka.whole(settings, DEAD_LETTERS):
        letter = DeadLetter.of(record)
        if wanted.fits(letter):
            yield letter


def again(letter: DeadLetter, prefix: str) -> dict[str, Any]:
    """Return the arguments of the producer that send a letter's record to where it came from.

    Raises:
        BadInput: only its beginning was kept, or it is from no topic of this deployment.
    """
    if letter.size:
        raise BadInput(f"dead letter {letter.offset} holds only the beginning of {letter.size} bytes")
    topic = next((one for one in TOPICS if prefix + one.name == letter.topic), DEAD_LETTERS)
    if topic is DEAD_LETTERS:
        raise BadInput(f"dead letter {letter.offset} is from {letter.topic or 'nowhere'}, not below {prefix}")
    said = (("replayed_from", str(letter.offset).encode()),)
    out = Out(topic, letter.record.key, letter.record.value or b"", headers=said)
    trace = header(letter.record.headers, "traceparent") or new_trace()
    partition = letter.place.partition(":")[0]
    return {
        "topic": letter.topic,
        "key": letter.record.key,
        "value": letter.record.value,
        "partition": int(partition) if partition.isdecimal() else None,
        "headers": headers_for(out, source="/stellwerk/dead", trace=trace),
    }
