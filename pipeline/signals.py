"""The closed list of what a signal can be: 24 types in 8 families, their status and direction.

What counts as which type is written down in `docs/signals.md`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Family(StrEnum):
    """Groups of types that interest the same kind of reader."""

    SITES = "sites"
    PROJECTS = "projects"
    OFFERING = "offering"
    COOPERATION = "cooperation"
    MONEY = "money"
    PEOPLE = "people"
    STRATEGY = "strategy"
    RISK = "risk"


class SignalType(StrEnum):
    """What a company did, does or plans."""

    NEW_SITE = "new_site"
    SITE_EXPANSION = "site_expansion"
    CAPITAL_INVESTMENT = "capital_investment"
    MARKET_ENTRY = "market_entry"
    SITE_CLOSURE = "site_closure"
    CONTRACT_WIN = "contract_win"
    PROJECT = "project"
    TENDER = "tender"
    PRODUCT_LAUNCH = "product_launch"
    TECHNOLOGY = "technology"
    PARTNERSHIP = "partnership"
    ACQUISITION = "acquisition"
    DIVESTMENT = "divestment"
    FUNDING = "funding"
    RESULTS = "results"
    INSOLVENCY = "insolvency"
    HIRING = "hiring"
    LAYOFFS = "layoffs"
    LEADERSHIP_CHANGE = "leadership_change"
    EVENT = "event"
    STRATEGY = "strategy"
    AWARD = "award"
    LEGAL = "legal"
    DISRUPTION = "disruption"


class Status(StrEnum):
    """How far the thing has come; the order is the order of life."""

    RUMOURED = "rumoured"
    PLANNED = "planned"
    UNDER_WAY = "under_way"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Direction(StrEnum):
    """Which way the company's business moves by it."""

    GROWTH = "growth"
    NEUTRAL = "neutral"
    DECLINE = "decline"


_MEMBERS: Final[dict[Family, str]] = {
    Family.SITES: "new_site site_expansion capital_investment market_entry site_closure",
    Family.PROJECTS: "contract_win project tender",
    Family.OFFERING: "product_launch technology",
    Family.COOPERATION: "partnership acquisition divestment",
    Family.MONEY: "funding results insolvency",
    Family.PEOPLE: "hiring layoffs leadership_change event",
    Family.STRATEGY: "strategy award",
    Family.RISK: "legal disruption",
}

FAMILY: Final[dict[SignalType, Family]] = {
    SignalType(name): family for family, names in _MEMBERS.items() for name in names.split()
}

_GROWTH = "new_site site_expansion capital_investment market_entry contract_win project product_launch"
_GROWTH += " technology partnership acquisition funding hiring award"
_DECLINE = "site_closure insolvency layoffs legal disruption"
_DIRECTION: Final[dict[SignalType, Direction]] = {
    **{SignalType(name): Direction.GROWTH for name in _GROWTH.split()},
    **{SignalType(name): Direction.DECLINE for name in _DECLINE.split()},
}


def direction_of(kind: SignalType, status: Status) -> Direction:
    """Return the usual direction of a signal of this type and status.

    A cancelled plan turns growth into decline; a closure or a cut called off is neutral, not growth.
    """
    usual = _DIRECTION.get(kind, Direction.NEUTRAL)
    if status is not Status.CANCELLED or usual is Direction.NEUTRAL:
        return usual
    return Direction.DECLINE if usual is Direction.GROWTH else Direction.NEUTRAL
