"""The alert step: one alert per account, type and story; it grows, and says nothing twice."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.memory import Memory
from pipeline.alert.step import BESIDE, OUTCOMES
from pipeline.records import Alert, AlertState, Match, Role
from pipeline.signals import SignalType, Status
from tests.alert.making import NOW, PLANT, PLANT_EN, PLANT_TOO, STRIKE, WROCLAW, match, walk


def test_a_new_story_makes_an_alert() -> None:
    """The first article of a story gives revision 1 with its evidence and its why."""
    (decided,) = walk(Memory(), match(PLANT))
    (alert,) = decided.alerts
    assert (alert.revision, alert.state, alert.signal.type) == (1, AlertState.NEW, SignalType.NEW_SITE)
    assert alert.evidence[0].text == PLANT
    assert alert.why == ("named in the sentence", "Brüggenthal in the title")


def test_another_report_of_the_story_updates_it() -> None:
    """A second article about the same plant grows the alert."""
    first, second = walk(Memory(), match(PLANT), match(PLANT_TOO))
    (alert,) = second.alerts
    assert alert.id == first.alerts[0].id
    assert (alert.revision, alert.state, len(alert.articles), len(alert.evidence)) == (2, AlertState.UPDATED, 2, 2)


def test_a_report_in_the_other_language_updates_it() -> None:
    """German and English reports of one plant are one story: names, places and numbers carry it over."""
    english = match(PLANT_EN, language="en", places=(WROCLAW,))
    first, second = walk(Memory(), match(PLANT, places=(WROCLAW,)), english)
    assert second.alerts[0].id == first.alerts[0].id


def test_another_event_of_the_account_is_another_alert() -> None:
    """Two events of one account stay apart, even with the same type."""
    other = "Umzug: Brüggenthal bezieht im Frühjahr ein Bürohaus am Hafen von Rotterdam"
    made = walk(Memory(), match(PLANT), match(STRIKE, SignalType.DISRUPTION), match(other))
    assert len({decided.alerts[0].id for decided in made}) == 3
    assert len({decided.alerts[0].story_id for decided in made}) == 3


def test_two_types_of_one_story_are_related() -> None:
    """The sum named with a plant is an alert of its own, which knows the other one."""
    memory = Memory()
    plant, money = walk(memory, match(PLANT), match(PLANT_TOO, SignalType.CAPITAL_INVESTMENT))
    assert money.alerts[0].story_id == plant.alerts[0].story_id
    assert money.alerts[0].related == (plant.alerts[0].id,)


def test_status_moves_on_and_never_back() -> None:
    """Planned becomes under way; a late report of the plan changes nothing of that."""
    memory = Memory()
    walk(memory, match(PLANT), match(PLANT_TOO, status=Status.UNDER_WAY))
    (late,) = walk(memory, match(PLANT + " (Bericht)", status=Status.PLANNED))
    assert late.alerts[0].signal.status is Status.UNDER_WAY


def test_a_replay_says_nothing() -> None:
    """The same article again makes no revision."""
    memory = Memory()
    walk(memory, match(PLANT), match(PLANT_TOO))
    again = walk(memory, match(PLANT), match(PLANT_TOO))
    assert [decided.outcome for decided in again] == ["duplicate", "duplicate"]


def test_an_edited_article_says_something_once() -> None:
    """An edit that changes the evidence is a revision; the old text replayed after it is not."""
    memory, later = Memory(), NOW + timedelta(hours=1)
    old = match(PLANT, id="a")
    new = match(PLANT_TOO, id="a", revision="r2", fetched=later)
    made = walk(memory, old, new, old, new)
    assert [decided.outcome for decided in made] == ["alerted", "alerted", "duplicate", "duplicate"]
    assert len(made[1].alerts[0].articles) == 1


def test_an_old_article_opens_no_alert_but_joins_one() -> None:
    """What was published long ago wakes nobody; as part of an open story it counts."""
    old = timedelta(days=15)
    assert walk(Memory(), match(PLANT, age=old))[0].outcome == "old"
    assert walk(Memory(), match(PLANT), match(PLANT_TOO, age=old))[1].outcome == "alerted"


def test_somebody_elses_signal_makes_no_alert() -> None:
    """An account that is only mentioned is not alerted on."""
    assert walk(Memory(), match(PLANT, role=Role.MENTIONED))[0].outcome == "mentioned"


def test_accounts_do_not_share_alerts() -> None:
    """The same article makes one alert for each account."""
    made = walk(Memory(), match(PLANT), match(PLANT, account="ferrolitz"))
    assert made[0].alerts[0].id != made[1].alerts[0].id


TITLES = st.sampled_from([PLANT, PLANT_TOO, PLANT_EN, STRIKE])
MATCHES = st.lists(
    st.builds(
        match, TITLES, st.sampled_from([SignalType.NEW_SITE, SignalType.DISRUPTION]), status=st.sampled_from(Status)
    ),
    max_size=12,
)


@given(MATCHES)
def test_replaying_everything_adds_no_revision(matches: list[Match]) -> None:
    """Any history, replayed against the alerts that it made, as read back from the topic, changes nothing."""
    memory = Memory()
    made = [alert for decided in walk(memory, *matches) for alert in decided.alerts]
    rebuilt = Memory(Alert.decode(alert.encode()) for alert in made)
    assert len(rebuilt) == len(memory) == len({alert.id for alert in made})
    assert not any(decided.alerts for decided in walk(rebuilt, *matches))


@given(MATCHES)
def test_revisions_count_up_by_one(matches: list[Match]) -> None:
    """Each alert's revisions are 1, 2, 3, … in the order in which they go out."""
    seen: dict[str, int] = {}
    for decided in walk(Memory(), *matches):
        for alert in decided.alerts:
            assert alert.revision == seen.get(alert.id, 0) + 1
            seen[alert.id] = alert.revision


def test_every_outcome_is_explained() -> None:
    """The closed list of outcomes is the table of `docs/stories.md`."""
    text = (Path(__file__).parents[2] / "docs" / "stories.md").read_text()
    table = text[text.index("| outcome | means |") : text.index("## Cost")]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == (*OUTCOMES, *BESIDE)
