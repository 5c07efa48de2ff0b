"""The AsyncAPI 3.0 document: servers, topics, messages with their headers, and who may read what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.contract.schemas import record_of
from pipeline.envelope import Out, headers_for
from pipeline.settings import KafkaSettings
from pipeline.topics import ALERTS, DEAD_LETTERS, TOPICS, Topic, route_topic

#: Stands for the name of a route in the contract.
ROUTE: Final = "{route}"
_BINDING: Final = {"bindingVersion": "0.5.0"}
_DEAD: Final = {
    "dead_topic": "topic that the original record came from",
    "dead_partition": "its partition",
    "dead_offset": "its offset",
    "dead_stage": "stage that could not process it",
    "dead_error": "why not",
    "dead_attempt": "attempts that were made",
    "dead_receiver": "receiver that did not take it, where an alert could not be told",
    "dead_size": "bytes of the original, where only its beginning is kept",
}
_HEADERS: Final = {
    "ce_specversion": "CloudEvents' version",
    "ce_type": "what the record is",
    "ce_source": "who sent it",
    "ce_id": "of what is said: two revisions have different ones, the same one sent twice has not",
    "ce_subject": "key of the record; missing where that is no text",
    "ce_time": "when it was sent, RFC 3339",
    "content-type": "form of the value",
    "traceparent": "W3C trace context; the same trace from the article to the alert",
}
_ABOUT: Final = (
    "Stellwerk's topics. Field by field: `schemas/`; one message of each kind: `examples/`;"
    " how to read them: `../consumers.md`."
)


def topics() -> tuple[Topic, ...]:
    """Return every topic of the contract; the last stands for the topics of routes."""
    return (*TOPICS, route_topic(ROUTE))


def document(version: str, examples: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document.

    Args:
        version: of Stellwerk.
        examples: one message by topic name, where there is one.
    """
    default = KafkaSettings()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Stellwerk", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {_label(topic): _channel(topic, default) for topic in topics()},
        "operations": dict(_operations(topics())),
        "components": {"messages": {_label(topic): _message(topic, examples) for topic in topics()}},
    }


def _servers() -> dict[str, Any]:
    variables = {"bootstrap": {"description": "host:port of a broker", "default": "localhost:9092"}}
    plain = {"host": "{bootstrap}", "protocol": "kafka", "variables": variables}
    login = [{"type": "scramSha512"}, {"type": "scramSha256"}, {"type": "plain"}, {"type": "X509"}]
    secure = {"host": "{bootstrap}", "protocol": "kafka-secure", "variables": variables, "security": login}
    return {
        "plain": {**plain, "description": "one machine, or a network of its own"},
        "secure": {**secure, "description": "with a login; OAUTHBEARER too"},
    }


def _label(topic: Topic) -> str:
    return topic.name.replace(f".{ROUTE}", "-route")


def _channel(topic: Topic, default: KafkaSettings) -> dict[str, Any]:
    prefix = {"prefix": {"description": "of the deployment (STELLWERK_KAFKA__PREFIX)", "default": default.prefix}}
    route = {"route": {"description": "topic of a route (docs/routing.md)"}} if ROUTE in topic.name else {}
    return {
        "address": f"{{prefix}}{topic.name}",
        "description": f"Key: {topic.key}.{' Partitioned by account id.' if topic.name.startswith('alerts') else ''}",
        "parameters": {**prefix, **route},
        "messages": {_label(topic): {"$ref": f"#/components/messages/{_label(topic)}"}},
        "bindings": {"kafka": _binding(topic, default)},
    }


def _binding(topic: Topic, default: KafkaSettings) -> dict[str, Any]:
    retention = -1 if topic.retention is None else topic.retention
    made = {"cleanup.policy": topic.cleanup.split(","), "retention.ms": retention, "max.message.bytes": topic.largest}
    partitions = default.partitions if topic.wide else 1
    return {"partitions": partitions, "replicas": default.replication, "topicConfiguration": made, **_BINDING}


def _message(topic: Topic, examples: Mapping[str, Any]) -> dict[str, Any]:
    record = record_of(topic)
    name = record.__name__ if record else topic.name
    payload: dict[str, Any] = {"description": "bytes as they came"}
    if record:
        where = {"$ref": f"./schemas/{name}.json"}
        payload = {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": where}
    like = ALERTS if ROUTE in topic.name else topic
    example = examples.get(like.name)
    return {
        "name": name,
        "contentType": "application/json" if record else "application/octet-stream",
        "headers": _headers(topic),
        "payload": payload,
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, **_BINDING}},
        **({"examples": [{"name": f"examples/{like.name}.json", "payload": example}]} if example else {}),
    }


def _headers(topic: Topic) -> dict[str, Any]:
    """Return the schema of the headers; which there are, the envelope itself says."""
    sent = headers_for(Out(topic, b"key", b"{}"), source="/stellwerk", trace=b"-")
    words = {name: {"type": "string", "description": _HEADERS[name]} for name, _ in sent}
    for name, value in sent:
        if name in ("ce_specversion", "ce_type", "content-type"):
            words[name]["const"] = value.decode()
    if topic is DEAD_LETTERS:
        words |= {name: {"type": "string", "description": what} for name, what in _DEAD.items()}
    always = [name for name, _ in sent if name != "ce_subject"]
    return {"type": "object", "required": always, "properties": words}


def _operations(made: Iterable[Topic]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield one operation for each topic: what Stellwerk sends, a consumer receives."""
    for topic in made:
        label = _label(topic)
        yield (
            f"send-{label}",
            {
                "action": "send",
                "summary": f"Consumers subscribe to `{topic.name}`.",
                "channel": {"$ref": f"#/channels/{label}"},
                "messages": [{"$ref": f"#/channels/{label}/messages/{label}"}],
                "bindings": {"kafka": {"groupId": _group(topic), **_BINDING}},
            },
        )


def _group(topic: Topic) -> dict[str, Any]:
    own = "begins with the deployment's prefix and `consumer.` for topics of alerts (what the ACLs of consumers allow)"
    return {"type": "string", "description": own if topic.name.startswith("alerts") else "any of the reader's own"}
