"""The records on the topics, in the order of the path.

Every record is frozen, knows its schema version, and goes on the wire as JSON (`encode`, `decode`). Offsets count
characters of `Article.body`, which is title, line feed, text; a span `[start, end)` always cuts out its own `text`.
Times are aware and in UTC.

wire.py      what every record is                article.py   articles
signal.py    classified                          match.py     matches
alert.py     alerts, held, withdrawals, notifications
control.py   labels, accounts, rules, profiles, routes, promotions
poll.py      polls
"""

from pipeline.records.alert import (
    Alert,
    AlertEvidence,
    AlertSignal,
    AlertState,
    Notification,
    Score,
    Versions,
    Withdrawal,
)
from pipeline.records.article import FILE, Article, ArticleRef, How, Post
from pipeline.records.control import (
    AccountRecord,
    AccountsApplied,
    AppliedFile,
    Label,
    ProfileFile,
    Promotion,
    RouteFile,
    RuleFile,
)
from pipeline.records.match import AccountRef, Match, MatchedSignal, Mention, Place, Role
from pipeline.records.poll import PollState, Version
from pipeline.records.signal import Classified, Fact, FactKind, Signal
from pipeline.records.wire import Part, Record, Share, Span, Time, short, stable_id

__all__ = [
    "FILE",
    "AccountRecord",
    "AccountRef",
    "AccountsApplied",
    "Alert",
    "AlertEvidence",
    "AlertSignal",
    "AlertState",
    "AppliedFile",
    "Article",
    "ArticleRef",
    "Classified",
    "Fact",
    "FactKind",
    "How",
    "Label",
    "Match",
    "MatchedSignal",
    "Mention",
    "Notification",
    "Part",
    "Place",
    "PollState",
    "Post",
    "ProfileFile",
    "Promotion",
    "Record",
    "Role",
    "RouteFile",
    "RuleFile",
    "Score",
    "Share",
    "Signal",
    "Span",
    "Time",
    "Version",
    "Versions",
    "Withdrawal",
    "short",
    "stable_id",
]
