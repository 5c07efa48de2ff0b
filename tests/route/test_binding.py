"""Which signal belongs to which account: one passage binds account, signal and place."""

from datetime import UTC, datetime

import pytest

from pipeline.records import Article, Classified, Role, Signal, Span
from pipeline.route.step import Router, annotate, route
from pipeline.route.tree import Account, Accounts, Level
from pipeline.signals import FAMILY, Direction, SignalType, Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROUTER = Router(
    Accounts(
        [
            Account("nordhaff", "Nordhaff", owner="kam-north", regions=("DACH",)),
            Account("nordhaff-cargo", "Nordhaff Cargo", parent_id="nordhaff", level=Level.UNIT),
            Account("nordhaff-kassel", "Nordhaff Werk Kassel", parent_id="nordhaff-cargo", level=Level.SITE),
            Account("rhenovar", "Rhenovar"),
            *(Account(f"firm-{letter}", f"Firmala{letter * 3}") for letter in "bcdfghklmnprst"),
        ]
    )
)


def _classified(
    title: str, text: str, passage: str, kind: SignalType = SignalType.NEW_SITE, own: tuple[str, ...] = ()
) -> Classified:
    body = f"{title}\n{text}"
    start = body.index(passage)
    signal = Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.9,
        status=Status.PLANNED,
        direction=Direction.GROWTH,
        evidence=(Span(text=passage, start=start, end=start + len(passage)),),
    )
    article = Article(
        id="a",
        source_id="s",
        url="https://example.org/a",
        title=title,
        text=text,
        published=NOW,
        fetched=NOW,
        accounts=own,
    )
    return Classified(article=article, language="de", signals=(signal,), model="m1")


def test_the_passage_binds_account_signal_and_place() -> None:
    """The account of the evidence gets the signal, with the place of the same sentence."""
    routed = route(
        ROUTER,
        _classified("Nordhaff baut Werk in Polen", "Der Hafen von Hamburg hofft.", "Nordhaff baut Werk in Polen"),
    )
    (match,) = routed.matches
    (matched,) = match.signals
    assert (match.account.id, matched.role, match.account.owner) == ("nordhaff", Role.ACTOR, "kam-north")
    assert [place.country for place in matched.places] == ["PL"]
    assert "Nordhaff" in matched.why
    assert any("Nordhaff" in sentence for sentence in match.why)
    assert (match.model, match.accounts_version) == ("m1", ROUTER.accounts.version)


def test_a_signal_of_another_company_is_not_bound_to_who_is_only_mentioned() -> None:
    """An article about somebody else that names an account in passing gives no match for it."""
    text = "Das Unternehmen aus Ulm investiert 40 Millionen Euro. Vor Jahren hatte auch Rhenovar dort ein Lager."
    routed = route(
        ROUTER, _classified("Unbekannta eröffnet neues Werk in Ulm", text, "Unbekannta eröffnet neues Werk in Ulm")
    )
    assert (routed.refused, routed.matches) == ("not_bound", ())
    assert [mention.account_id for mention in routed.mentions] == ["rhenovar"]


def test_of_two_accounts_each_gets_its_own_signal() -> None:
    """The signal in the sentence about A is not B's, although B stands in the same article."""
    text = "Nordhaff baut ein Lager in Prag. Rhenovar streicht dagegen 300 Stellen in Wien."
    routed = route(
        ROUTER,
        _classified(
            "Zwei Konzerne, zwei Wege", text, "Rhenovar streicht dagegen 300 Stellen in Wien.", SignalType.LAYOFFS
        ),
    )
    assert [match.account.id for match in routed.matches] == ["rhenovar"]
    assert [place.country for place in routed.matches[0].signals[0].places] == ["AT"]


def test_a_pointing_word_leads_to_the_account_in_view_with_less_weight() -> None:
    """`Der Konzern` means the only account named just before, and the signal keeps less of its probability."""
    text = "Der Konzern will in Kassel 200 Menschen einstellen."
    routed = route(ROUTER, _classified("Nordhaff mit Rekordgewinn", text, text, SignalType.HIRING))
    (matched,) = routed.matches[0].signals
    assert matched.signal.probability == pytest.approx(0.9 * 0.85)
    assert "Der Konzern" in matched.why


def test_a_match_goes_down_to_the_unit_that_is_named() -> None:
    """A signal of a unit rolls up to its group and keeps the way down."""
    routed = route(ROUTER, _classified("Nordhaff Cargo eröffnet Terminal", "", "Nordhaff Cargo eröffnet Terminal"))
    ref = routed.matches[0].account
    assert (ref.id, ref.path, ref.unit_id, ref.level) == (
        "nordhaff",
        ("Nordhaff", "Nordhaff Cargo"),
        "nordhaff-cargo",
        "unit",
    )


def test_a_ranking_makes_no_alerts() -> None:
    """More than a dozen accounts in one article count only where one of them acts in the title."""
    names = ", ".join(f"Firmala{letter * 3}" for letter in "bcdfghklmnprst")
    passage = f"Es wachsen {names}."
    routed = route(ROUTER, _classified("Die größten Unternehmen", passage, passage, SignalType.RESULTS))
    assert routed.refused == "too_many_accounts"
    titled = route(ROUTER, _classified("Nordhaff baut Werk", passage, "Nordhaff baut Werk"))
    assert [match.account.id for match in titled.matches] == ["nordhaff"]


def test_an_own_newsroom_speaks_for_its_account() -> None:
    """A press release without a name in the passage belongs to the account whose newsroom it is."""
    routed = route(
        ROUTER,
        _classified(
            "New plant opens", "Production starts in May.", "Production starts in May.", own=("rhenovar", "gone")
        ),
    )
    assert [match.account.id for match in routed.matches] == ["rhenovar"]


@pytest.mark.parametrize(("title", "refused"), [("Wetter bleibt schön", "no_account")])
def test_refusals_are_named(title: str, refused: str) -> None:
    """Nothing is dropped in silence."""
    assert route(ROUTER, _classified(title, "", title)).refused == refused
    empty = _classified(title, "", title).model_copy(update={"signals": ()})
    assert route(ROUTER, empty).refused == "no_signal"


@pytest.mark.parametrize(
    ("title", "account", "role"),
    [
        ("Nordhaff übernimmt Rhenovar", "nordhaff", Role.ACTOR),
        ("Nordhaff übernimmt Rhenovar", "rhenovar", Role.TARGET),
        ("Kartellamt ermittelt gegen Rhenovar", "rhenovar", Role.TARGET),
        ("Rhenovar plant Werk in Polen", "rhenovar", Role.ACTOR),
        ("Rhenovar opens new plant in Ohio", "rhenovar", Role.ACTOR),
    ],
)
def test_roles_by_plain_clues(title: str, account: str, role: Role) -> None:
    """Who buys acts, who is bought or sued is the target."""
    mentions, _ = annotate(ROUTER, f"{title}\n")
    assert {mention.account_id: mention.role for mention in mentions}[account] is role


def test_a_place_inside_an_accounts_name_is_no_place_but_a_site_is() -> None:
    """The town of a site's name stays a place; routing twice gives the same."""
    body = "Nordhaff Werk Kassel wird erweitert\n"
    mentions, places = annotate(ROUTER, body)
    assert [mention.account_id for mention in mentions] == ["nordhaff-kassel"]
    assert [place.text for place in places] == ["Kassel"]
    assert (mentions, places) == annotate(ROUTER, body)


@pytest.mark.parametrize(
    ("title", "countries"),
    [
        ("US-Konzern Nordhaff baut neues Werk in Polen", ["PL"]),
        ("Nordhaff übernimmt britisches KI-Unternehmen", []),
        ("Nordhaff sues U.S. government over tariffs", []),
        ("Nordhaff to close German plants", ["DE"]),
    ],
)
def test_where_a_firm_or_an_authority_is_from_is_not_where_it_happens(title: str, countries: list[str]) -> None:
    """An adjective of a country before `Konzern`, `Unternehmen` or `government` names no place of the signal."""
    (match,) = route(ROUTER, _classified(title, "", title)).matches
    assert [place.country for place in match.signals[0].places] == countries


@pytest.mark.parametrize(
    ("title", "kind", "role"),
    [
        ("Rhenovar verkauft Pumpensparte an Klingenbeck", SignalType.ACQUISITION, Role.PARTNER),
        ("Klingenbeck verkauft Pumpensparte an Rhenovar", SignalType.DIVESTMENT, Role.PARTNER),
        ("Rhenovar verkauft Pumpensparte an Klingenbeck", SignalType.DIVESTMENT, Role.ACTOR),
        ("Klingenbeck sells pump business to Rhenovar", SignalType.DIVESTMENT, Role.PARTNER),
        ("Fonds verkauft Rhenovar-Anteile für 70 Millionen Euro", SignalType.DIVESTMENT, Role.TARGET),
        ("Fund sells its stake in Rhenovar", SignalType.DIVESTMENT, Role.TARGET),
        ("Klingenbeck erhält zehn Millionen Euro und gewinnt Rhenovar als Investor", SignalType.FUNDING, Role.PARTNER),
    ],
)
def test_a_deal_tells_which_side_the_account_is_on(title: str, kind: SignalType, role: Role) -> None:
    """An acquisition is the buyer's, a divestment the seller's, money the receiver's; the others take part."""
    (match,) = route(ROUTER, _classified(title, "", title, kind)).matches
    assert [one.role for one in match.signals] == [role]


def test_a_pointer_does_not_lead_to_who_is_only_mentioned() -> None:
    """`der Konzern` behind a comparison with an account means the one who is compared."""
    text = "Im Wettbewerb mit Konkurrent Rhenovar setzt Klingenbeck auf Wasserstoff. Der Konzern baut ein Werk in Ulm."
    passage = "Der Konzern baut ein Werk in Ulm."
    assert not route(ROUTER, _classified("Neue Pumpen im Zeichen des Wasserstoffs", text, passage)).matches
