"""The route stage: the pure step with the accounts in service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.envelope import Out
from pipeline.records import Article, Classified, Withdrawal
from pipeline.route.step import Routed, Router, route
from pipeline.settings import Settings
from pipeline.stream.accounts import Listening
from pipeline.stream.guard import Done
from pipeline.stream.sample import CLASSIFIED_SAMPLE
from pipeline.topics import MATCHES, WITHDRAWALS


class Routing:
    """The stage's step.

    Args:
        settings: which accounts and regions, which broker.

    Raises:
        BadInput: the account file or the region file is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self.accounts = Listening(settings)
        # What loads on first use (towns and countries) loads now, not with somebody's first article.
        self.step([CLASSIFIED_SAMPLE])

    async def start(self) -> None:
        """Read which accounts are in service; later take those that have changed, between two batches."""
        await self.accounts.prepare()

    async def follow(self) -> None:
        """Take new accounts into service, for ever."""
        await self.accounts.follow()

    def versions(self) -> dict[str, str]:
        """Return what is in service."""
        return {"accounts": self.accounts.router.accounts.version}

    def step(self, items: Sequence[Classified]) -> list[Done]:
        """Route articles; all of a batch by the same accounts."""
        router = self.accounts.router
        return [_one(router, classified) for classified in items]


def _one(router: Router, classified: Classified) -> Done:
    routed = route(router, classified)
    outs = tuple(Out(MATCHES, match.account.id.encode(), match.encode()) for match in routed.matches)
    return Done(routed.refused or "matched", (*outs, *_unsaid(classified.article, routed)))


def _unsaid(article: Article, routed: Routed) -> Iterator[Out]:
    """Yield what takes an edited article out of the alerts of accounts of which it says nothing any more."""
    if article.edited:
        still = tuple(match.account.id for match in routed.matches)
        edit = Withdrawal(article_id=article.id, fetched=article.fetched, accounts=still, reason="edited")
        yield Out(WITHDRAWALS, article.id.encode(), edit.encode())
