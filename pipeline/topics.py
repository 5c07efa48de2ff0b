"""The table of topics: name, record, key, partitions, retention.

`stellwerk topics init` makes and checks them; workers refuse to start while one is missing. A broker may change the
order of records between partitions, never inside one: so what must stay in order shares a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.records import (
    AccountRecord,
    Alert,
    Article,
    Classified,
    Label,
    Match,
    Notification,
    PollState,
    ProfileFile,
    Promotion,
    Record,
    RouteFile,
    RuleFile,
    Withdrawal,
)

DAY: Final = 86_400_000
#: The largest record a topic takes, bytes. Dead letters take more: they wrap what another topic took.
LARGEST: Final = 1_048_588


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: without the deployment's prefix.
        record: what its values decode to; None where values are kept as they came.
        key: what its keys are, for people.
        wide: True gets the deployment's number of partitions, False one.
        cleanup: Kafka's `cleanup.policy`.
        retention: milliseconds; None keeps for ever.
        largest: Kafka's `max.message.bytes`.
        flush: True writes every record to the disk before it is acknowledged.
    """

    name: str
    record: type[Record] | None
    key: str
    wide: bool = True
    cleanup: str = "delete"
    retention: int | None = 7 * DAY
    largest: int = LARGEST
    flush: bool = False

    def config(self) -> dict[str, str]:
        """Return Kafka's configuration of the topic."""
        made = {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(-1 if self.retention is None else self.retention),
            "max.message.bytes": str(self.largest),
            "message.timestamp.type": "CreateTime",
        }
        if self.flush:
            made["flush.messages"] = "1"
        return made


ARTICLES: Final = Topic("articles", Article, "article id")
CLASSIFIED: Final = Topic("classified", Classified, "article id")
MATCHES: Final = Topic("matches", Match, "account id")
#: Keyed by alert, but partitioned by account: the alert stage rebuilds partition n of its memory from partition n here.
ALERTS: Final = Topic("alerts", Alert, "alert id", cleanup="compact,delete", retention=90 * DAY, flush=True)
#: What an alert has collected since its last revision: its next revision, not yet told. Partitioned as `alerts` is.
HELD: Final = Topic("held", Alert, "alert id", cleanup="compact,delete", retention=30 * DAY, flush=True)
WITHDRAWALS: Final = Topic("withdrawals", Withdrawal, "article id", wide=False, retention=30 * DAY)
#: What was told to whom, so that nobody is told twice. Partitioned as the routes' topics are.
NOTIFICATIONS: Final = Topic(
    "notifications",
    Notification,
    "alert id/receiver",
    cleanup="compact,delete",
    retention=60 * DAY,
    flush=True,
)
DEAD_LETTERS: Final = Topic("dead-letters", None, "original key", wide=False, retention=30 * DAY, largest=2 * LARGEST)
LABELS: Final = Topic("labels", Label, "article id", wide=False, retention=None, flush=True)
PROMOTIONS: Final = Topic("promotions", Promotion, "model name", wide=False, cleanup="compact", retention=None)
ACCOUNTS: Final = Topic("accounts", AccountRecord, "account id", wide=False, cleanup="compact", retention=None)
RULES: Final = Topic("rules", RuleFile, "rules", wide=False, cleanup="compact", retention=None)
PROFILES: Final = Topic("profiles", ProfileFile, "profiles", wide=False, cleanup="compact", retention=None)
ROUTES: Final = Topic("routes", RouteFile, "routes", wide=False, cleanup="compact", retention=None)
#: Kept as bytes: what a source is, only `agents` knows. As many partitions as `polls` has, and the same key, so that an
#: ingest worker finds what is remembered of partition n in partition n.
SOURCES: Final = Topic("sources", None, "source id", cleanup="compact", retention=None)
POLLS: Final = Topic("polls", PollState, "source id", cleanup="compact", retention=None)

TOPICS: Final[tuple[Topic, ...]] = (
    ARTICLES,
    CLASSIFIED,
    MATCHES,
    ALERTS,
    HELD,
    WITHDRAWALS,
    NOTIFICATIONS,
    DEAD_LETTERS,
    LABELS,
    PROMOTIONS,
    ACCOUNTS,
    RULES,
    PROFILES,
    ROUTES,
    SOURCES,
    POLLS,
)


def route_topic(name: str) -> Topic:
    """Return the topic of a route: partitioned by account as `alerts` is, and kept for reading, not for memory."""
    return Topic(f"alerts.{name}", Alert, "alert id", retention=30 * DAY, flush=True)
