"""What every record is: frozen, versioned, JSON on the wire."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import Undecodable, UnknownVersion


def _in_utc(value: datetime) -> datetime:
    """Refuse a time without zone: guessing one moves alerts by hours."""
    if value.tzinfo is None:
        raise ValueError("time has no zone")
    return value.astimezone(UTC)


Time = Annotated[datetime, AfterValidator(_in_utc)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


def stable_id(*parts: str) -> str:
    """Return 20 hex characters that depend on nothing but the parts, in this order."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]


def short(article_id: str) -> str:
    """Return the ten characters that stand for an article where only its being known counts."""
    return stable_id(article_id)[:10]


class Part(BaseModel):
    """A piece of a record; without a schema version of its own. A newer writer may add fields, as in a record."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(BaseModel):
    """One message on a topic.

    `SCHEMA` rises when a change would break a reader; a reader refuses what it does not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    SCHEMA: ClassVar[int] = 1

    schema_version: int = 1

    def encode(self) -> bytes:
        """Return the record as it goes on the wire: JSON in UTF-8."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, value: bytes | None) -> Self:
        """Return the record in these bytes.

        Raises:
            Undecodable: empty, no JSON, another schema version, or a field that is missing or wrong.
        """
        if not value:
            raise Undecodable("empty value")
        try:
            raw: Any = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Undecodable(f"not JSON: {error}") from None
        if not isinstance(raw, dict):
            raise Undecodable(f"a JSON {type(raw).__name__}, not an object")
        version = raw.get("schema_version")
        if version != cls.SCHEMA:
            kind = UnknownVersion if isinstance(version, int) else Undecodable
            raise kind(f"schema version {version!r:.40}, this reader knows {cls.SCHEMA}")
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise Undecodable(f"{cls.__name__}.{where}: {first['msg']} ({error.error_count()} faults)") from None


class Span(Part):
    """A passage of `Article.body`, counted in characters, end exclusive."""

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
