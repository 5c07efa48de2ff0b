"""Matches as the route stage makes them, and the alert step walked over them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.alert.memory import Memory
from pipeline.alert.step import Decided, decide, remember
from pipeline.records import (
    AccountRef,
    ArticleRef,
    Fact,
    FactKind,
    Match,
    MatchedSignal,
    Mention,
    Place,
    Role,
    Signal,
    Span,
    stable_id,
)
from pipeline.settings import AlertSettings
from pipeline.signals import FAMILY, SignalType, Status, direction_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = AlertSettings(cooldown=0)
PLANT = "Brüggenthal baut neues Werk in Breslau für 120 Millionen Euro"
PLANT_TOO = "120 Millionen Euro: Brüggenthal plant in Breslau ein Werk"
PLANT_EN = "Brüggenthal to build 120 million euro plant in Wroclaw"
STRIKE = "Warnstreik legt Brüggenthal in Gütersloh lahm"
WROCLAW = Place(text="Breslau", start=0, end=7, name="Wrocław", country="PL")


def match(
    title: str,
    kind: SignalType = SignalType.NEW_SITE,
    *,
    id: str = "",
    status: Status = Status.PLANNED,
    role: Role = Role.ACTOR,
    age: timedelta = timedelta(hours=1),
    language: str = "de",
    places: tuple[Place, ...] = (),
    revision: str = "r1",
    fetched: datetime = NOW,
    account: str = "brueggenthal",
    source: str = "",
    facts: tuple[Fact, ...] = (),
    lead: str = "",
) -> Match:
    """Return one article × one account, with one signal that its title carries."""
    evidence = (Span(text=title, start=0, end=len(title)),)
    signal = Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.8,
        status=status,
        direction=direction_of(kind, status),
        evidence=evidence,
    )
    return Match(
        account=AccountRef(id=account, name="Brüggenthal", path=("Brüggenthal",)),
        article=ArticleRef(
            id=id or stable_id(title),
            url=f"https://{source or stable_id(title)[:6]}.example/",
            source=source,
            title=title,
            lead=lead,
            revision=revision,
            language=language,
            published=NOW - age,
            fetched=fetched,
        ),
        mentions=(Mention(text="Brüggenthal", start=0, end=11, account_id=account),),
        signals=(MatchedSignal(signal=signal, role=role, places=places, facts=facts, why="named in the sentence"),),
        why=("Brüggenthal in the title",),
        model="m1",
        accounts_version="a1",
    )


def amount(value: float, text: str = "") -> Fact:
    """Return a sum in euros."""
    said = text or f"{value / 1e6:g} Millionen Euro"
    return Fact(kind=FactKind.AMOUNT, text=said, start=0, end=len(said), value=value, currency="EUR")


def walk(
    memory: Memory, *matches: Match, now: datetime = NOW, settings: AlertSettings = SETTINGS, minutes: float = 0
) -> list[Decided]:
    """Decide matches one after the other, with so many minutes between them."""
    made = []
    for at, one in enumerate(matches):
        decided = decide(memory, one, now=now + timedelta(minutes=at * minutes), settings=settings)
        remember(memory, decided)
        made.append(decided)
    return made
