"""Which role may do what on the broker, and the commands that say so to Kafka.

    role       reads                     writes                  group
    init       makes and checks all topics; accounts, sources, rules, profiles, routes (`topics init FOLDER`)
    ingest     sources, polls, alerts    articles, polls, withdrawals   ingest
    push       sources, polls            articles, polls
    ingest and push also see the broker's disks
    stages     as in `stream/stages.py`                          the stage's name
    alert      also                      alerts.<route>
    notify     alerts.<route>, routes, notifications             notifications, dead-letters; notify
    consumer   alerts, alerts.<route>                            any below the prefix and `consumer.`
    data       articles, classified, alerts, labels, promotions  labels, promotions
    operator   everything below the prefix

Topics of routes are given by the beginning of their names, as routes change while workers run. Reading and writing
include seeing (Kafka's Describe). Idempotent writing needs nothing more since Kafka 2.8.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline import kafka
from pipeline.settings import Settings
from pipeline.stream.stages import STAGES, Stage
from pipeline.topics import (
    ACCOUNTS,
    ALERTS,
    ARTICLES,
    CLASSIFIED,
    DEAD_LETTERS,
    LABELS,
    NOTIFICATIONS,
    POLLS,
    PROFILES,
    PROMOTIONS,
    ROUTES,
    RULES,
    SOURCES,
    WITHDRAWALS,
    Topic,
    route_topic,
)


@dataclass(frozen=True, slots=True)
class Access:
    """What one role needs.

    Attributes:
        role: its name.
        reads: topics that it reads.
        writes: topics that it writes to.
        groups: consumer groups that it joins, without the deployment's prefix.
        routed: what it does with the topics of all routes: Read or Write.
    """

    role: str
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    groups: tuple[str, ...] = ()
    routed: str = ""


#: Roles that are no stage and get single topics.
_BESIDE: Final = (
    Access("ingest", (SOURCES, POLLS, ALERTS), (ARTICLES, POLLS, WITHDRAWALS), ("ingest",)),
    Access("push", (SOURCES, POLLS), (ARTICLES, POLLS)),
    Access("data", (ARTICLES, CLASSIFIED, ALERTS, LABELS, PROMOTIONS), (LABELS, PROMOTIONS)),
    Access("notify", (ROUTES, NOTIFICATIONS), (NOTIFICATIONS, DEAD_LETTERS), ("notify",), "Read"),
)
#: These tell how full the broker's disks are.
_SEES: Final = ("ingest", "push")
ROLES: Final = (
    "init",
    *(one.role for one in _BESIDE),
    *(stage.name for stage in STAGES),
    "consumer",
    "operator",
)


def accesses() -> dict[str, Access]:
    """Return what each role needs that gets single topics."""
    return {one.role: one for one in (*_BESIDE, *map(_of_stage, STAGES))}


def _of_stage(stage: Stage) -> Access:
    routed = "Write" if stage.name == "alert" else ""
    return Access(stage.name, (stage.source, *stage.reads), stage.sinks, (stage.name,), routed)


def grants(role: str, settings: Settings) -> Iterator[list[str]]:
    """Yield the arguments of `kafka-acls` that give a role what it needs, without who gets it.

    Args:
        role: one of `ROLES`.
        settings: prefix of the deployment.
    """
    prefix = settings.kafka.prefix
    if role == "init":
        yield from _below(prefix, "topic", "Create", "Describe", "DescribeConfigs")
        # `stellwerk topics init FOLDER` compares what is applied with the folder's files, and writes what differs.
        yield [
            "--operation",
            "Read",
            "--operation",
            "Write",
            *_named((ACCOUNTS, SOURCES, RULES, PROFILES, ROUTES), settings),
        ]
    elif role == "operator":
        yield from _below(prefix, "topic", "All")
        yield from _below(prefix, "group", "All")
        yield ["--operation", "Describe", "--cluster"]
    elif role == "consumer":
        yield from _below(prefix + ALERTS.name, "topic", "Read")
        yield from _below(f"{prefix}consumer.", "group", "Read")
    else:
        access = accesses()[role]
        groups = [part for group in access.groups for part in ("--group", prefix + group)]
        yield ["--operation", "Read", *_named(access.reads, settings), *groups]
        yield ["--operation", "Write", *_named(access.writes, settings)]
        if role in _SEES:
            yield ["--operation", "Describe", "--cluster"]
        if access.routed:
            yield from _below(prefix + route_topic("").name, "topic", access.routed)


def _named(topics: Iterable[Topic], settings: Settings) -> list[str]:
    return [part for topic in topics for part in ("--topic", kafka.full_name(settings.kafka, topic))]


def _below(prefix: str, kind: str, *operations: str) -> Iterator[list[str]]:
    asked = [part for operation in operations for part in ("--operation", operation)]
    yield [*asked, f"--{kind}", prefix, "--resource-pattern-type", "prefixed"]


def script(roles: Iterable[str], principal: str, settings: Settings, *, remove: bool = False) -> str:
    """Return a shell script that gives roles what they need, or takes it away.

    Args:
        roles: of `ROLES`.
        principal: Kafka's principal, `{role}` in it stands for the role.
        settings: prefix of the deployment.
        remove: takes away instead.
    """
    lines = [
        "#!/bin/sh",
        "# BOOTSTRAP: host:port of the broker. ADMIN: properties file of somebody who may change ACLs.",
        "set -eu",
        'acls() { "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" "$@"; }',
    ]
    act = ["--remove", "--force"] if remove else ["--add"]
    for role in roles:
        who = ["--allow-principal", principal.replace("{role}", role)]
        lines += [shlex.join(["acls", *act, *who, *what]) for what in grants(role, settings)]
    return "\n".join(lines) + "\n"
