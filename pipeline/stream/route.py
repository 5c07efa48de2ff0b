"""The route stage: the pure step with the accounts loaded."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.envelope import Out
from pipeline.errors import NotReady
from pipeline.records import Classified
from pipeline.route.accounts import load_accounts
from pipeline.route.step import Router, route
from pipeline.settings import Settings
from pipeline.stream.guard import Done, Step
from pipeline.stream.sample import CLASSIFIED_SAMPLE
from pipeline.topics import MATCHES


def build(settings: Settings) -> Step[Classified]:
    """Load the accounts and return the stage's step.

    Raises:
        NotReady: no account file is set.
        BadInput: the account file is wrong.
    """
    if settings.route.accounts is None:
        raise NotReady("no accounts; set STELLWERK_ROUTE__ACCOUNTS to a CSV, TOML or JSONL file")
    router = Router(load_accounts(settings.route.accounts))

    def step(items: Sequence[Classified]) -> list[Done]:
        return [_one(router, classified) for classified in items]

    # What loads on first use (towns and countries) loads now, not with somebody's first article.
    step([CLASSIFIED_SAMPLE])
    return step


def _one(router: Router, classified: Classified) -> Done:
    routed = route(router, classified)
    return Done(
        routed.refused or "matched",
        tuple(Out(MATCHES, match.account.id.encode(), match.encode()) for match in routed.matches),
    )
