"""The life of an alert: small news collected, alerts merged, taken back, brought back; asked again, nothing changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.cycle import Verdicts, allowed, judged
from pipeline.alert.memory import Memory
from pipeline.alert.step import Decided, due_after, healed, released
from pipeline.records import Alert, AlertState, Label, Match, Place, Withdrawal
from pipeline.settings import AlertSettings
from pipeline.signals import SignalType, Status
from tests.alert.making import NOW, PLANT, PLANT_TOO, SETTINGS, STRIKE, amount, match, walk

CALM = AlertSettings(cooldown=3600)
LATER = NOW + timedelta(hours=1)
#: Two reports of one plant that share too few words to be joined, and one that tells both.
HALL = "Brüggenthal errichtet Montagehalle für Wärmepumpen"
POLES = "Polen lockt Brüggenthal mit Subventionen an die Oder"
BRIDGE = "Brüggenthal errichtet Montagehalle für Wärmepumpen: Polen lockt mit Subventionen an die Oder"


def one(decided: Decided) -> Alert:
    (alert,) = decided.alerts
    return alert


def test_small_news_is_collected_and_told_together() -> None:
    """Within the cool-down two more publishers make no revision; the next one after it tells of all three."""
    memory = Memory()
    first, *small = walk(memory, *(match(f"{PLANT} {n}", source=f"s{n}") for n in range(3)), settings=CALM)
    assert [decided.outcome for decided in small] == ["collected", "collected"]
    assert memory.held[one(first).id] == ("brueggenthal", NOW + timedelta(hours=1))
    (told,) = walk(memory, match(PLANT_TOO, source="s4"), now=NOW + timedelta(hours=2), settings=CALM)
    assert (one(told).revision, len(one(told).articles), memory.held) == (2, 4, {})


def test_what_was_collected_is_due_after_the_cool_down() -> None:
    """Nobody has to report again: when the alert has been silent long enough, it is told."""
    memory = Memory()
    walk(memory, match(PLANT, source="a"), match(PLANT_TOO, source="b"), settings=CALM)
    assert memory.due(NOW + timedelta(minutes=59)) == ()
    (due,) = memory.due(NOW + timedelta(minutes=61))
    revision = released(due, LATER)
    assert (revision.revision, len(revision.articles), revision.updated) == (2, 2, LATER)


def test_the_tenth_report_with_nothing_new_is_no_revision() -> None:
    """The same publisher again, and a sixth one: kept for the next revision, and never due by themselves."""
    memory = Memory()
    walk(memory, *(match(f"{PLANT} {n}", source=f"s{n}") for n in range(5)))
    more = walk(memory, match(PLANT_TOO, source="s0"), match(f"{PLANT} heute", source="s9"))
    assert [decided.outcome for decided in more] == ["collected", "collected"]
    assert [due for _, due in memory.held.values()] == [None]


@pytest.mark.parametrize(
    "news",
    [
        match(PLANT_TOO, source="Bote", status=Status.UNDER_WAY),
        match(PLANT_TOO, source="Bote", status=Status.CANCELLED),
        match(PLANT_TOO, source="Bote", facts=(amount(150e6),)),
    ],
    ids=["under way", "cancelled", "another sum"],
)
def test_what_moves_is_told_at_once(news: Match) -> None:
    """A status that moves on or a new figure does not wait for any cool-down, whoever says it."""
    first, second = walk(Memory(), match(PLANT, source="Bote", facts=(amount(120e6),)), news, settings=CALM)
    assert (first.outcome, second.outcome, one(second).revision) == ("alerted", "alerted", 2)


def test_held_news_survives_a_restart() -> None:
    """Read back from what was written, the same is due at the same time, and the same match is known."""
    memory = Memory()
    first, second = walk(memory, match(PLANT, source="a"), match(PLANT_TOO, source="b"), settings=CALM)
    told, (held,) = one(first), second.held
    again = Memory([Alert.decode(told.encode())])
    again.hold(Alert.decode(held.alert.encode()), due_after(told, held.alert, CALM))
    assert again.held == memory.held
    assert walk(again, match(PLANT_TOO, source="b"), settings=CALM)[0].outcome == "duplicate"


def test_an_article_that_tells_two_stories_merges_them() -> None:
    """The younger alert becomes merged and points to the older one, which takes its articles and evidence."""
    memory = Memory()
    hall, poles = (one(made) for made in walk(memory, match(HALL), match(POLES), minutes=1))
    assert hall.id != poles.id
    (joined,) = walk(memory, match(BRIDGE), now=LATER)
    gone, on = joined.alerts
    assert (gone.id, gone.state, gone.merged_into) == (poles.id, AlertState.MERGED, hall.id)
    assert (on.id, on.state, on.revision, len(on.articles)) == (hall.id, AlertState.UPDATED, 2, 3)
    assert {evidence.text for evidence in on.evidence} == {HALL, POLES, BRIDGE}
    assert gone.story_id == on.story_id
    again = walk(Memory([gone, on]), match(HALL), match(POLES), match(BRIDGE), now=LATER)
    assert [decided.outcome for decided in again] == ["duplicate"] * 3


def test_an_alert_of_another_type_moves_to_the_story_that_goes_on() -> None:
    """What has no counterpart in the older story stays an alert, and its next report finds it."""
    memory = Memory()
    hall, poles, jobs = (
        one(made)
        for made in walk(
            memory, match(HALL), match(POLES), match(POLES + " (neu)", SignalType.HIRING, source="x"), minutes=1
        )
    )
    assert jobs.story_id == poles.story_id
    (joined,) = walk(memory, match(BRIDGE), now=LATER)
    states = {alert.id: (alert.state, alert.story_id) for alert in joined.alerts}
    assert states[jobs.id] == (AlertState.UPDATED, hall.story_id)
    (more,) = walk(memory, match(BRIDGE + " und stellt ein", SignalType.HIRING, source="y"), now=LATER)
    assert one(more).id == jobs.id


def test_a_moved_alert_grows_by_the_article_that_moved_it() -> None:
    """The article that joins two stories may bring the other type itself: it grows the moved alert, and opens none."""
    memory, strike = Memory(), SignalType.DISRUPTION
    walk(memory, match(HALL), match(POLES), match(POLES + " (neu)", strike, source="x"), minutes=1)
    before = len(memory)
    (joined,) = walk(memory, match(BRIDGE, strike), now=LATER)
    assert len(memory) == before
    (grown,) = (alert for alert in joined.alerts if alert.signal.type is strike)
    assert (grown.revision, len(grown.articles)) == (2, 2)


def test_a_worker_that_dies_while_merging_loses_nothing() -> None:
    """When only the merged alert was written, the one that goes on takes its articles before anything else."""
    memory = Memory()
    hall, poles = (one(made) for made in walk(memory, match(HALL), match(POLES), minutes=1))
    (joined,) = walk(memory, match(BRIDGE), now=LATER)
    half = Memory([hall, poles, joined.alerts[0]])
    mended = healed(half, joined.alerts[0], SETTINGS, LATER)
    assert mended is not None
    assert {article.title for article in mended.articles} == {HALL, POLES}
    half.put(mended)
    assert healed(half, joined.alerts[0], SETTINGS, LATER) is None
    (again,) = walk(half, match(BRIDGE), now=LATER)
    assert (one(again).id, one(again).revision, len(one(again).articles)) == (hall.id, 3, 3)


def label(**said: object) -> Label:
    return Label(article_id="a", author="kim", at=LATER, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "what"), [({"account_right": False}, "account"), ({"types": (SignalType.AWARD,)}, "signal")]
)
def test_a_label_takes_an_alert_back(said: dict[str, object], what: str) -> None:
    """Wrong account or wrong type: retracted once, with the reason, and further reports stay silent."""
    memory = Memory()
    alert = one(walk(memory, match(PLANT, id="a"))[0])
    verdicts = Verdicts()
    verdicts.label(label(alert_id=alert.id, **said))
    back = judged(alert, verdicts, LATER)
    assert back is not None
    assert (back.state, back.retracted_for, back.revision) == (AlertState.RETRACTED, what, 2)
    assert back.why[-1].startswith("kim: not this")
    assert judged(back, verdicts, LATER) is None
    memory.put(back)
    assert walk(memory, match(PLANT_TOO))[0].outcome == "retracted"


def test_a_later_label_brings_it_back() -> None:
    """Right after all: the alert goes on; a label on relevance alone says nothing about it."""
    alert = one(walk(Memory(), match(PLANT, id="a"))[0])
    verdicts = Verdicts()
    verdicts.label(label(alert_id=alert.id, account_right=False))
    back = judged(alert, verdicts, LATER)
    assert back is not None
    verdicts.label(label(alert_id=alert.id, relevant=False))
    assert judged(back, verdicts, LATER) is None
    verdicts.label(label(alert_id=alert.id, account_right=True).model_copy(update={"at": LATER + timedelta(hours=1)}))
    again = judged(back, verdicts, LATER)
    assert again is not None
    assert (again.state, again.retracted_for, again.revision) == (AlertState.UPDATED, "", 3)


def test_a_label_on_an_article_takes_only_that_article_out() -> None:
    """The alert goes on with the others; without any it is retracted; the article opens nothing else."""
    memory = Memory()
    first, second = walk(memory, match(PLANT, id="a"), match(PLANT_TOO, id="b"))
    verdicts = Verdicts()
    verdicts.label(label(types=()))
    less = judged(one(second), verdicts, LATER)
    assert less is not None
    assert ([ref.id for ref in less.articles], {e.article_id for e in less.evidence}) == (["b"], {"b"})
    assert less.state is AlertState.UPDATED
    assert judged(less, verdicts, LATER) is None
    memory.put(less)
    assert walk(memory, match(PLANT, id="a"))[0].outcome == "duplicate"
    alone = judged(one(first), verdicts, LATER)
    assert alone is not None
    assert (alone.state, alone.retracted_for) == (AlertState.RETRACTED, "signal")
    assert allowed(match(STRIKE, id="a"), verdicts).signals == ()


def test_a_withdrawn_article_takes_its_alert_with_it() -> None:
    """Retracted for source; the old text replayed changes nothing, a later text that says it again brings it back."""
    memory = Memory()
    alert = one(walk(memory, match(PLANT, id="a"))[0])
    verdicts = Verdicts()
    verdicts.withdraw(Withdrawal(article_id="a", fetched=LATER, reason="410"))
    back = judged(alert, verdicts, LATER)
    assert back is not None
    assert (back.state, back.retracted_for, back.why[-1]) == (
        AlertState.RETRACTED, "source", "withdrawn by the source: 410",
    )  # fmt: skip
    assert judged(back, verdicts, LATER) is None
    memory.put(back)
    again, edited = walk(
        memory, match(PLANT, id="a"), match(PLANT_TOO, id="a", revision="r3", fetched=LATER + timedelta(hours=1))
    )
    assert (again.outcome, edited.outcome) == ("duplicate", "alerted")
    assert (one(edited).state, one(edited).retracted_for) == (AlertState.UPDATED, "")


def test_an_article_of_another_account_is_not_withdrawn() -> None:
    """An edit that still tells of an account leaves that account's alert alone."""
    alert = one(walk(Memory(), match(PLANT, id="a"))[0])
    verdicts = Verdicts()
    verdicts.withdraw(Withdrawal(article_id="a", fetched=LATER, accounts=("brueggenthal",)))
    assert judged(alert, verdicts, LATER) is None


def test_an_edit_that_no_longer_says_it_withdraws_it() -> None:
    """The article tells of a strike instead of a plant: one retracted, one new; replayed, nothing."""
    memory = Memory()
    old = match(PLANT, id="a")
    new = match(STRIKE, SignalType.DISRUPTION, id="a", revision="r2", fetched=LATER)
    first, second = walk(memory, old, new)
    states = {alert.id: alert.state for alert in second.alerts}
    assert states.pop(one(first).id) is AlertState.RETRACTED
    assert list(states.values()) == [AlertState.NEW]
    assert [decided.alerts for decided in walk(memory, old, new, old)] == [()] * 3


def test_one_programme_connects_alerts_of_other_stories() -> None:
    """The same named programme, or the same large sum, in another story, country and type: related."""
    memory = Memory()
    poland = Place(text="Polen", start=0, end=5, name="Poland", country="PL")
    spain = Place(text="Spanien", start=0, end=7, name="Spain", country="ES")
    first, second, third = walk(
        memory,
        match("Brüggenthal startet Programm „Nordstern“ in Posen", places=(poland,), facts=(amount(450e6),)),
        match("Neue Jobs bei Valencia: Teil des Programms „Nordstern“", SignalType.HIRING, places=(spain,)),
        match("Kreditlinie für Brüggenthal steht", SignalType.FUNDING, facts=(amount(450e6),)),
    )
    assert len({one(made).story_id for made in (first, second, third)}) == 3
    assert one(second).related == (one(first).id,)
    assert one(third).related == (one(first).id,)
    round_sum = match("Harbeck kauft Software", SignalType.ACQUISITION, facts=(amount(100e6),))
    other = match("Kartellamt verlangt Strafe", SignalType.LEGAL, facts=(amount(100e6),))
    assert [one(made).related for made in walk(memory, round_sum, other)] == [(), ()]


def test_a_thousand_reports_of_one_story_stay_one_small_alert() -> None:
    """Record size and time per report are bounded; the rest is counted, and replaying all of it says nothing."""
    memory, lead = Memory(), "Der Konzern investiert 120 Millionen Euro. " * 10
    reports = [match(f"{PLANT} {n}", id=f"r{n}", source=f"s{n}", lead=lead[:400]) for n in range(1000)]
    made = walk(memory, *reports)
    told = [alert for decided in made for alert in decided.alerts]
    (last,) = memory.all()
    assert len(told) == 5
    assert (len(last.articles), len(last.articles) + len(last.more)) == (SETTINGS.articles_most, 1000)
    assert len(last.encode()) < 100_000
    assert {decided.outcome for decided in walk(memory, *reports)} == {"duplicate"}


TITLES = [HALL, POLES, BRIDGE, PLANT, PLANT_TOO, STRIKE]
#: A publisher edits, and takes the edit back.
VERSIONS = [("r1", NOW), ("r2", LATER), ("r1", LATER + timedelta(hours=1))]


def version(number: int, at: int, edit: int) -> Match:
    """Return an article as it was fetched at one time; the same text says the same, whenever it is fetched."""
    revision, fetched = VERSIONS[at]
    text = (number + edit * (revision == "r2")) % len(TITLES)
    kind = SignalType.DISRUPTION if text == 5 or (edit == 3 and revision == "r2") else SignalType.NEW_SITE
    status = list(Status)[text % 4]
    return match(
        TITLES[text],
        kind,
        id=f"a{number}-{edit}",
        status=status,
        revision=revision,
        fetched=fetched,
        source=f"s{number % 4}",
    )


def history(drawn: list[tuple[int, int, int]]) -> list[Match]:
    """Return matches in which the texts of an article come in order, as its key keeps them; old ones come again."""
    known: dict[tuple[int, int], int] = {}
    made = []
    for number, wanted, edit in drawn:
        at = min(wanted, known.get((number, edit), -1) + 1)
        known[number, edit] = max(at, known.get((number, edit), 0))
        made.append(version(number, at, edit))
    return made


DRAWN = st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([0, 1, 3]))
STEPS = st.lists(DRAWN, max_size=12).map(history)


@given(STEPS, st.sampled_from([0.0, 3600.0]))
def test_no_alert_without_evidence_and_no_revision_twice(steps: list[Match], cooldown: float) -> None:
    """Whatever comes, with edits, merges and a cool-down: evidence that stands in its article, revisions 1, 2, 3, …"""
    memory, seen = Memory(), dict[str, int]()
    settings = AlertSettings(cooldown=cooldown)
    for decided in walk(memory, *steps, settings=settings, minutes=7):
        for alert in decided.alerts:
            assert alert.revision == seen.get(alert.id, 0) + 1
            seen[alert.id] = alert.revision
            assert alert.evidence
            assert {evidence.article_id for evidence in alert.evidence} <= {ref.id for ref in alert.articles}
            assert all(evidence.text == evidence.title for evidence in alert.evidence)


@given(STEPS, st.sampled_from([0.0, 3600.0]))
def test_replaying_everything_twice_says_nothing(steps: list[Match], cooldown: float) -> None:
    """Against the memory as it is read back, the whole history in its order makes no revision."""
    memory, settings = Memory(), AlertSettings(cooldown=cooldown)
    walk(memory, *steps, settings=settings)
    again = Memory()
    for alert in memory.all():
        if alert.id in memory.held:
            again.hold(alert, None)
        else:
            again.put(Alert.decode(alert.encode()))
    assert [alert for decided in walk(again, *steps, settings=settings) for alert in decided.alerts] == []
