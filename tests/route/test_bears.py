"""The second look: whether an account that a passage names bears the signal that the passage carries."""

from datetime import UTC, datetime

import pytest

from pipeline.records import Article, Classified, Role, Signal, Span
from pipeline.route.bears import LEAST
from pipeline.route.step import Router, route
from pipeline.route.tree import Account, Accounts
from pipeline.signals import FAMILY, Direction, SignalType, Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROUTER = Router(Accounts([Account("nordhaff", "Nordhaff"), Account("rhenovar", "Rhenovar")]))


def signal(title: str, kind: SignalType, probability: float, by: str = "model") -> Signal:
    return Signal(
        type=kind,
        family=FAMILY[kind],
        probability=probability,
        status=Status.COMPLETED,
        direction=Direction.GROWTH,
        evidence=(Span(text=title, start=0, end=len(title)),),
        by=by,
    )


def classified(title: str, language: str, *signals: Signal) -> Classified:
    article = Article(
        id="a", source_id="s", url="https://example.org/a", title=title, text="", published=NOW, fetched=NOW
    )
    return Classified(article=article, language=language, signals=signals, model="m1")


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Sonar Tools launches a new kind of fleet insurance for Rhenovar", "en"),
        ("Klingenbeck Software bringt neuen Tarif für Firmen wie Rhenovar", "de"),
    ],
)
def test_what_somebody_else_launches_is_not_the_accounts(title: str, language: str) -> None:
    """An account behind the verb of somebody whom the file does not have gets nothing, counted as doubtful."""
    routed = route(ROUTER, classified(title, language, signal(title, SignalType.PRODUCT_LAUNCH, 0.45)))
    assert (routed.refused, routed.matches) == ("doubtful", ())


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Rhenovar launches a new kind of pump for mines", "en"),
        ("Rhenovar bringt neue Pumpe für Bergwerke auf den Markt", "de"),
    ],
)
def test_what_the_account_launches_is_its_own_and_the_match_says_how_sure(title: str, language: str) -> None:
    """The subject of the sentence keeps its signal, at the same probability of the classifier."""
    (match,) = route(ROUTER, classified(title, language, signal(title, SignalType.PRODUCT_LAUNCH, 0.75))).matches
    (matched,) = match.signals
    assert (matched.role, matched.signal.probability) == (Role.ACTOR, 0.75)
    chance = float(matched.why.split("it bears the signal (")[1].split(")")[0])
    assert LEAST < chance <= 1


def test_of_two_types_for_one_sentence_the_weaker_one_goes_first() -> None:
    """The sentence that the classifier takes for two things keeps the more probable one."""
    title = "Rhenovar bringt neue Pumpe für Bergwerke auf den Markt"
    both = (signal(title, SignalType.PRODUCT_LAUNCH, 0.9), signal(title, SignalType.STRATEGY, 0.36))
    (match,) = route(ROUTER, classified(title, "de", *both)).matches
    assert [one.signal.type for one in match.signals] == [SignalType.PRODUCT_LAUNCH]


def test_a_keyword_rule_gets_no_second_look() -> None:
    """What a deployment's own query finds is not weighed against what the classifier is used to."""
    title = "Sonar Tools launches a new kind of fleet insurance for Rhenovar"
    routed = route(ROUTER, classified(title, "en", signal(title, SignalType.PRODUCT_LAUNCH, 0.55, by="rule:fleet")))
    assert [match.account.id for match in routed.matches] == ["rhenovar"]


def test_a_partner_stands_where_others_act() -> None:
    """Who is told of as a partner keeps the signal, although the sentence's subject is somebody else."""
    title = "Sonar Tools announces a partnership with Rhenovar"
    (match,) = route(ROUTER, classified(title, "en", signal(title, SignalType.PARTNERSHIP, 0.6))).matches
    assert [one.role for one in match.signals] == [Role.PARTNER]
