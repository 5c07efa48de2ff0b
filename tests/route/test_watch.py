"""Compliance watch: what the account file says is never to alert on."""

from __future__ import annotations

import pytest

from pipeline.records import Signal
from pipeline.route.step import Router, route
from pipeline.route.tree import EVERYBODY, Account, Accounts, Level
from pipeline.signals import SignalType
from tests.route.test_binding import _classified

TITLE = "Nordhaff baut Werk in Polen, sagt Erika Dornfeld"


def _routed(*rows: Account, kind: SignalType = SignalType.NEW_SITE) -> str:
    own = (Account("nordhaff", "Nordhaff"), Account("cargo", "Nordhaff Cargo", "nordhaff", Level.UNIT))
    accounts = Accounts({row.id: row for row in (*own, *rows)}.values())
    return route(Router(accounts), _classified(TITLE, "", TITLE, kind)).refused


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        (Account("nordhaff", "Nordhaff"), ""),
        (Account("nordhaff", "Nordhaff", never=("new_site",)), "watch"),
        (Account("nordhaff", "Nordhaff", never=("layoffs",)), ""),
        (Account("nordhaff", "Nordhaff", never=("Werk",)), "watch"),
        (Account("nordhaff", "Nordhaff", never=("werk in polen",)), "watch"),
        (Account("nordhaff", "Nordhaff", never=("Pole",)), ""),
        (Account("nordhaff", "Nordhaff", ignore_people=("Erika Dornfeld",)), "watch"),
        (Account(EVERYBODY, "all", never=("new_site",)), "watch"),
        (Account("cargo", "Nordhaff Cargo", "nordhaff", Level.UNIT, never=("new_site",)), ""),
    ],
)
def test_what_is_stopped(row: Account, refused: str) -> None:
    """A type, a word or a person stops a signal, for an account and those below it, or for all; not above it."""
    assert _routed(row) == refused


def test_other_signals_go_on() -> None:
    """Only what the list names is stopped; the rest of the article still matches."""
    classified = _classified(TITLE, "", TITLE)
    (site,) = classified.signals
    hiring: Signal = site.model_copy(update={"type": SignalType.HIRING})
    router = Router(Accounts([Account("nordhaff", "Nordhaff", never=("new_site",))]))
    (match,) = route(router, classified.model_copy(update={"signals": (site, hiring)})).matches
    assert [one.signal.type for one in match.signals] == [SignalType.HIRING]
    router.change("nordhaff", Account("nordhaff", "Nordhaff"))
    (match,) = route(router, classified).matches
    assert [one.signal.type for one in match.signals] == [SignalType.NEW_SITE]
