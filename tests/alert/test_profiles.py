"""Profiles score by data, routes choose by matchers; both refuse files that are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.profiles import best, independent, load_profiles, score, scores
from pipeline.alert.routes import Route, choose, load_routes, topics_for
from pipeline.commands.profiles import changes
from pipeline.errors import BadInput
from pipeline.records import (
    AccountRef,
    Alert,
    AlertEvidence,
    AlertSignal,
    AlertState,
    ArticleRef,
    Fact,
    FactKind,
    Place,
    Role,
    Versions,
)
from pipeline.signals import FAMILY, SignalType, Status, direction_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHIPPED = {profile.name: profile for profile in load_profiles().all}
NAMES = list(SHIPPED)
FACT = Fact(kind=FactKind.AMOUNT, text="200 Mio. Euro", start=0, end=13, value=200e6, currency="EUR")


def alert(
    kind: SignalType = SignalType.NEW_SITE,
    *,
    status: Status = Status.PLANNED,
    sources: tuple[str, ...] = ("Bote",),
    country: str = "PL",
    days: float = 0,
    role: Role = Role.ACTOR,
    **more: Any,
) -> Alert:
    articles = tuple(
        ArticleRef(id=name, url="u", source=name, title=f"Title of {name}", published=NOW, fetched=NOW, credibility=0.8)
        for name in sources
    )
    evidence = AlertEvidence(text="t", start=0, end=1, article_id="a", url="u", source="s", title="t", role=role)
    made = Alert(
        id="one",
        revision=1,
        state=AlertState.NEW,
        account=AccountRef(id="harbeck", name="Harbeck", path=("Harbeck", "Hydraulik"), owner="kam-3"),
        signal=AlertSignal(
            type=kind,
            family=FAMILY[kind],
            status=status,
            direction=direction_of(kind, status),
            probability=0.9,
        ),
        evidence=(evidence,),
        places=(Place(text="x", start=0, end=1, country=country),) if country else (),
        articles=articles,
        story_id="s",
        published=NOW - timedelta(days=days),
        first_seen=NOW,
        updated=NOW,
        why=(),
        versions=Versions(),
        **more,
    )
    return made.model_copy(update={"scores": scores(load_profiles(), made, NOW)})


def test_each_supplier_wants_something_else() -> None:
    """A plant is for capital goods, open posts for services, a takeover for banks."""
    wanted = {SignalType.NEW_SITE: "capital-goods", SignalType.HIRING: "services", SignalType.ACQUISITION: "bank"}
    for kind, name in wanted.items():
        found = best(alert(kind, status=Status.UNDER_WAY))
        assert found is not None
        assert found[0] == name


def test_every_part_moves_the_score() -> None:
    """More sources, a sum, a better role, a younger date: each lifts the score, and stands in the parts."""
    plain = score(SHIPPED["bank"], alert(), NOW)
    assert score(SHIPPED["bank"], alert(sources=("Bote", "Wire")), NOW).value > plain.value
    assert score(SHIPPED["bank"], alert(facts=(FACT,)), NOW).parts["size"] == 1.0
    assert score(SHIPPED["bank"], alert(role=Role.PARTNER), NOW).value < plain.value
    assert score(SHIPPED["bank"], alert(days=14), NOW).value == pytest.approx(plain.value / 2, abs=0.1)
    assert set(plain.parts) >= {"type", "status", "direction", "role", "probability", "credibility", "region", "age"}


@given(
    st.sampled_from(SignalType),
    st.sampled_from(Status),
    st.sampled_from(Role),
    st.floats(0, 4000),
    st.sampled_from(NAMES),
)
def test_a_score_lies_between_0_and_100(kind: SignalType, status: Status, role: Role, days: float, name: str) -> None:
    """Whatever the alert, the value and its parts stay in their bounds."""
    found = score(SHIPPED[name], alert(kind, status=status, role=role, days=days, facts=(FACT,)), NOW)
    assert 0 <= found.value <= 100
    assert all(0 <= part <= 1 for part in found.parts.values())


def test_one_text_printed_by_two_counts_once() -> None:
    """Independent sources have a headline of their own."""
    two = alert(sources=("Bote", "Wire"))
    copied = tuple(article.model_copy(update={"title": "The same"}) for article in two.articles)
    assert (independent(two), independent(two.model_copy(update={"articles": copied}))) == (2, 1)


def profile_file(folder: Path, **changed: str) -> Path:
    tables = {"types": "other = 0.5", "status": "other = 1", "direction": "other = 1", "head": 'reason = "r"'} | changed
    inner = "".join(f"[mine.{name}]\n{body}\n" for name, body in tables.items() if name != "head")
    file = folder / "profiles.toml"
    file.write_text(f"[mine]\n{tables['head']}\n{inner}")
    return file


def test_a_region_counts_where_the_profile_names_some(tmp_path: Path) -> None:
    """Inside 1, outside 0.3, between where no place is known."""
    (mine,) = load_profiles(profile_file(tmp_path, head='reason = "r"\nregions = ["PL"]')).all
    found = [score(mine, alert(country=country), NOW).parts["region"] for country in ("PL", "ES", "")]
    assert found == [1.0, 0.3, 0.65]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"head": ""}, "mine.reason"),
        ({"types": "new_sight = 1"}, "mine.types.new_sight"),
        ({"status": "planned = 2"}, "mine.status.planned"),
        ({"direction": "growth = true"}, "mine.direction.growth"),
        ({"size": "x = 1"}, "mine.size"),
    ],
)
def test_a_wrong_profile_file_is_refused_by_field(tmp_path: Path, changed: dict[str, str], field: str) -> None:
    """The error names the field."""
    with pytest.raises(BadInput, match=field):
        load_profiles(profile_file(tmp_path, **changed))


def test_replay_says_what_would_change(tmp_path: Path) -> None:
    """Under the same profiles nothing changes; under others each alert says before, now and who would be told."""
    assert not list(changes([alert()], load_profiles(), 30))
    (line,) = changes([alert()], load_profiles(profile_file(tmp_path)), 30)
    assert line["told"]["capital-goods"] == "lost"
    assert line["told"]["mine"] == "gained"


TREE = """
[route]
name = "rest"
[[route.routes]]
name = "poland"
topic = "east"
match = { region = ["PL", "CZ"] }
continue = true
  [[route.routes.routes]]
  name = "polish-plants"
  match = { family = "sites", profile = "capital-goods", score = 20 }
[[route.routes]]
name = "money"
topic = "bank"
match = { profile = "bank", score = 30 }
[[route.routes]]
name = "never"
match = { account = "nobody" }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Route:
    file = tmp_path / "routes.toml"
    file.write_text(TREE)
    return load_routes(file, NAMES)


def test_an_alert_goes_down_and_on(tree: Route) -> None:
    """To the deepest match, further where that says so, and to the root where nothing matches."""
    assert [route.name for route in choose(tree, alert())] == ["polish-plants", "money"]
    assert topics_for(tree, alert()) == ("east", "bank")
    assert [route.name for route in choose(tree, alert(SignalType.AWARD, country="FR"))] == ["rest"]
    assert [route.name for route in choose(tree, alert(SignalType.AWARD))] == ["poland"]
    assert tree.topics() == ("rest", "east", "bank")


@given(st.sampled_from(SignalType), st.sampled_from(Status), st.sampled_from(["PL", "FR", ""]))
def test_every_alert_arrives_somewhere(kind: SignalType, status: Status, country: str) -> None:
    """No alert falls through the tree."""
    assert choose(Route("rest", "rest", routes=()), alert(kind, status=status, country=country))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "route"),
        ('[route]\nname="a"\nmatch={type="award"}', "route.match"),
        ('[route]\nname="A B"', "route.topic"),
        ('[route]\nname="a"\ntopics="b"', "route.topics"),
        ('[route]\nname="a"\n[[route.routes]]\nname="a"', "name"),
        ('[route]\nname="a"\n[[route.routes]]\nname="b"\nmatch={type="nonsense"}', "match.type"),
        ('[route]\nname="a"\n[[route.routes]]\nname="b"\nmatch={profile="nobody"}', "match.profile"),
        ('[route]\nname="a"\n[[route.routes]]\nname="b"\nmatch={score=101}', "match.score"),
    ],
)
def test_a_wrong_route_file_is_refused_by_field(tmp_path: Path, text: str, field: str) -> None:
    """The error names the field."""
    file = tmp_path / "routes.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=field):
        load_routes(file, NAMES)
