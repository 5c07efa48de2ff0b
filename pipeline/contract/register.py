"""Schemas into a registry that speaks Confluent's protocol (Karapace, Apicurio and others), one subject for each topic.

Readers that ask a registry find our schemas there; the messages themselves stay plain JSON without a registry's mark in
front, so that nobody needs one to read them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import orjson

from pipeline import kafka
from pipeline.contract.schemas import record_of, schema_of
from pipeline.errors import BadInput, NotReady, Transient
from pipeline.settings import KafkaSettings
from pipeline.topics import TOPICS, Topic

_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_LARGEST: Final = 10_000_000


class _Unknown(NotReady):
    """The registry does not know what was asked for."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where a registry is.

    Attributes:
        url: its root, as readers have it: `http://localhost:8081`, or with a path.
        login: `user:password`, or empty.
        seconds: for one request.
    """

    url: str
    login: str = ""
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is no address, and to send a password in the clear.

        Raises:
            BadInput: with what to write.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise BadInput("write http://host:port or https://host; the login comes from a file", field="URL")
        if self.login and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise BadInput("must be https: a password goes there", field="URL")

    def put(self, subject: str, schema: dict[str, Any]) -> int:
        """Register a schema and return its id; one that is there already keeps its id.

        Raises:
            NotReady: the registry refuses it, and why.
            Transient: no registry answers.
        """
        body = {"schemaType": "JSON", "schema": orjson.dumps(schema).decode()}
        return int(self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", body)["id"])

    def rule(self, subject: str, compatibility: str) -> bool:
        """Say by which of its rules the registry compares versions of a subject: NONE, BACKWARD, FULL …

        Returns:
            False where the registry takes no rule for a subject that has no version yet (Apicurio).
        """
        try:
            self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": compatibility})
        except _Unknown:
            return False
        return True

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": _TYPE, "Accept": f"{_TYPE}, application/json"}
        if self.login:
            headers["Authorization"] = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        request = Request(self.url.rstrip("/") + path, orjson.dumps(body), headers, method=method)
        try:
            with urlopen(request, timeout=self.seconds) as answer:
                said = orjson.loads(answer.read(_LARGEST))
        except HTTPError as error:
            with error:
                kind = _Unknown if error.code == 404 else NotReady
                raise kind(f"registry: {error.code} at {path}: {_words(error.read(_LARGEST))}") from None
        except orjson.JSONDecodeError:
            raise NotReady(f"{self.url} answers with something that is no JSON: is it a registry?") from None
        except OSError as error:
            raise Transient(f"no registry at {self.url}: {error}") from None
        if not isinstance(said, dict):
            raise NotReady(f"{self.url} answers with a list: is it a registry?")
        return said


def _words(body: bytes) -> str:
    """Return what the registry says is wrong, in one line."""
    try:
        said = orjson.loads(body)
        return str(said["message"])[:300]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return body[:100].decode(errors="replace")


def register(
    registry: Registry, settings: KafkaSettings, routed: Iterable[Topic] = (), compatibility: str = ""
) -> Iterator[tuple[str, int]]:
    """Register the schema of every topic, also of the deployment's routes; yield subject and id as they come.

    Args:
        registry: where to.
        settings: the prefix.
        routed: topics of the routes in force.
        compatibility: rule that the subjects get first; empty leaves the registry's.

    Raises:
        NotReady: the registry refuses one.
        Transient: no registry answers.
    """
    for topic in (*TOPICS, *routed):
        if record := record_of(topic):
            subject = f"{kafka.full_name(settings, topic)}-value"
            ruled = not compatibility or registry.rule(subject, compatibility)
            id = registry.put(subject, schema_of(record))
            if not ruled:
                registry.rule(subject, compatibility)
            yield subject, id
