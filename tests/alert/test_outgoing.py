"""What receivers are told, when, and in which words: decided by values, with a clock that is given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.alert.letters import body, headline, subject
from pipeline.alert.memory import Memory
from pipeline.alert.outgoing import OUTCOMES, Message, Outgoing
from pipeline.alert.routes import Route, load_routes
from pipeline.errors import BadInput
from pipeline.records import Alert, AlertState, Notification, Place
from pipeline.signals import SignalType, Status
from tests.alert.making import NOW, PLANT, PLANT_EN, amount, match, walk

TREE = """
[receivers.kam]
mail = "env:KAM"
language = "de"
[receivers.chat]
apprise = "env:CHAT"
[receivers.crm]
webhook = "https://crm.example/alerts"
secret = "env:CRM"
[route]
name = "rest"
receivers = ["chat", "crm"]
group_wait = "2m"
[[route.routes]]
name = "plants"
match = { family = "sites" }
receivers = ["kam"]
digest = ["07:30", "16:00"]
zone = "Europe/Berlin"
days = ["mon", "tue", "wed", "thu", "fri"]
"""


def tree(folder: Path, text: str = TREE) -> Route:
    file = folder / "routes.toml"
    file.write_text(text)
    return load_routes(file, ["bank"])


def alert(title: str = PLANT, kind: SignalType = SignalType.AWARD, **more: object) -> Alert:
    (decided,) = walk(Memory(), match(title, kind, **more))  # type: ignore[arg-type]
    return decided.alerts[0]


@pytest.fixture
def outgoing(tmp_path: Path) -> Outgoing:
    return Outgoing(tree(tmp_path), 14 * 86400)


def take(outgoing: Outgoing, one: Alert, offset: int = 0, now: datetime = NOW) -> list[str]:
    return outgoing.take(one, "alerts.rest", 0, offset, now)


def due(outgoing: Outgoing, minutes: float) -> list[Message]:
    return outgoing.due(NOW + timedelta(minutes=minutes))


def told(outgoing: Outgoing, message: Message, state: str = "sent") -> None:
    for item in message.items:
        said = Notification(
            alert_id=item.alert.id, receiver=item.receiver.name, revision=item.alert.revision,
            state=state, batch=message.id, at=NOW,
        )  # fmt: skip
        outgoing.remember(item.partition, said)


def test_alerts_wait_for_others_and_go_together(outgoing: Outgoing) -> None:
    """A chat gets one message for all of a route's alerts, two minutes after the first; a webhook one for each."""
    take(outgoing, alert(), 0)
    take(outgoing, alert(PLANT_EN), 1, NOW + timedelta(minutes=1))
    assert due(outgoing, 1.9) == []
    messages = due(outgoing, 2)
    assert sorted((one.receiver.name, len(one.items)) for one in messages) == [("chat", 2), ("crm", 1), ("crm", 1)]
    assert outgoing.low("alerts.rest", 0) == 0
    for message in messages:
        outgoing.done(message)
    assert (len(outgoing), outgoing.low("alerts.rest", 0)) == (0, None)


def test_a_digest_waits_for_its_time_over_a_day(outgoing: Outgoing) -> None:
    """Friday noon to Friday at four in Berlin; what comes after that waits until Monday morning."""
    friday = NOW
    assert friday.weekday() == 4
    take(outgoing, alert(kind=SignalType.NEW_SITE), 0, friday)
    assert outgoing.next() == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    (first,) = outgoing.due(friday + timedelta(hours=3))
    outgoing.done(first)
    take(outgoing, alert(PLANT_EN, SignalType.NEW_SITE), 1, friday + timedelta(hours=4))
    assert outgoing.due(friday + timedelta(days=2)) == []
    assert outgoing.next() == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_nobody_is_told_a_revision_twice(outgoing: Outgoing) -> None:
    """What was told is not told again, nor anything older; the next revision is."""
    one = alert()
    take(outgoing, one)
    for message in due(outgoing, 2):
        told(outgoing, message)
        outgoing.done(message)
    assert take(outgoing, one, 1) == ["again", "again"]
    assert take(outgoing, one.model_copy(update={"revision": 2}), 2) == []


def test_a_newer_revision_takes_the_place_of_one_that_waits(outgoing: Outgoing) -> None:
    """Only the newest is told, at the time of the first."""
    one = alert()
    take(outgoing, one, 0)
    newer = one.model_copy(update={"revision": 2, "state": AlertState.UPDATED})
    assert take(outgoing, newer, 5, NOW + timedelta(minutes=1)) == ["replaced", "replaced"]
    assert {message.alerts[0].revision for message in due(outgoing, 2)} == {2}
    assert outgoing.low("alerts.rest", 0) == 5


def test_what_a_crash_cut_off_is_sent_as_the_same_message_or_not_at_all(outgoing: Outgoing) -> None:
    """Begun and not ended: a webhook is sent again under the same id, a chat, which could not tell, is not."""
    one = alert()
    take(outgoing, one)
    before = {message.receiver.name: message for message in due(outgoing, 2)}
    again = Outgoing(outgoing.routes, outgoing.age_most)
    for message in before.values():
        told(again, message, "sending")
    assert take(again, one) == ["unsure"]
    (message,) = due(again, 0)
    assert (message.receiver.name, message.id) == ("crm", before["crm"].id)


def test_what_was_not_taken_is_sent_again_also_to_a_chat(outgoing: Outgoing) -> None:
    """An attempt that failed and was written down as such is known to have failed, also after a restart."""
    one = alert()
    take(outgoing, one)
    before = {message.receiver.name: message.id for message in due(outgoing, 2)}
    again = Outgoing(outgoing.routes, outgoing.age_most)
    for message in due(outgoing, 2):
        told(again, message, "tried")
    assert take(again, one) == []
    assert {message.receiver.name: message.id for message in due(again, 0)} == before


def test_what_waits_goes_the_way_of_the_new_tree(outgoing: Outgoing, tmp_path: Path) -> None:
    """Read again from a topic that the new tree does not use, it waits as that says; what was told stays told."""
    one, other = alert(), alert("Preis für Brüggenthal")
    take(outgoing, one, 4)
    for message in due(outgoing, 2):
        told(outgoing, message)
        outgoing.done(message)
    take(outgoing, other, 5)
    moved = TREE.replace('name = "rest"', 'name = "other"').replace('["chat", "crm"]', '["crm", "kam"]')
    outgoing.reroute(tree(tmp_path, moved))
    assert (len(outgoing), outgoing.low("alerts.rest", 0)) == (0, None)
    assert take(outgoing, other, 5) == []
    # The one that had told this to a former receiver as well tells only the new one of it.
    assert take(outgoing, one, 4) == ["again"]
    assert {(one.receiver.name, one.items[0].route) for one in due(outgoing, 2)} == {("crm", "other"), ("kam", "other")}
    # Where the tree in force has a way over this topic, only that counts.
    assert outgoing.take(other.model_copy(update={"revision": 2}), "alerts.other", 0, 9, NOW) == ["replaced"] * 2
    outgoing.reroute(None)
    assert (take(outgoing, other, 6), due(outgoing, 99)) == ([], [])


def test_a_retraction_goes_only_to_those_who_were_told(outgoing: Outgoing) -> None:
    """Nobody is told that something was wrong which they never heard of; what still waits is taken back in silence."""
    one = alert()
    back = one.model_copy(update={"revision": 2, "state": AlertState.RETRACTED})
    take(outgoing, one)
    assert take(outgoing, back) == ["unneeded", "replaced"] * 2
    assert len(outgoing) == 0
    take(outgoing, one.model_copy(update={"revision": 3}))
    for message in due(outgoing, 2):
        told(outgoing, message)
        outgoing.done(message)
    assert take(outgoing, back.model_copy(update={"revision": 4})) == []
    assert take(outgoing, one.model_copy(update={"revision": 5, "updated": NOW - timedelta(days=15)})) == ["stale"] * 2


def test_another_attempt_is_the_same_message(outgoing: Outgoing) -> None:
    """After a failure it is due later, keeps its id, and others do not join it."""
    take(outgoing, alert())
    message = next(one for one in due(outgoing, 2) if one.receiver.name == "chat")
    assert outgoing.later(message, NOW + timedelta(minutes=9)) == 1
    take(outgoing, alert(PLANT_EN), 1, NOW + timedelta(minutes=3))
    chats = [one for one in due(outgoing, 9) if one.receiver.name == "chat"]
    assert sorted(len(one.items) for one in chats) == [1, 1]
    assert message.id in {one.id for one in chats}


def test_letters_read_well_in_both_languages() -> None:
    """Who, what, how far, the sentence, its source and link, why, score, place and sum, in German and in English."""
    poland = Place(text="Breslau", start=0, end=7, name="Wrocław", country="PL")
    one = alert(kind=SignalType.NEW_SITE, places=(poland,), facts=(amount(120e6),))
    assert headline(one, "de") == "Brüggenthal: neuer Standort, geplant"
    assert headline(one, "en") == "Brüggenthal: new site, planned"
    german, english = body([one], "de"), body([one], "en")
    for text in (german, english):
        assert one.evidence[0].url in text
        assert "Wrocław (PL)" in text
        assert "120 Millionen Euro" in text
        assert "capital-goods" in text
    assert f"„{PLANT}“" in german
    assert "Warum: Brüggenthal in the title" in german
    assert "20.11.2026" in german
    assert f"“{PLANT}”" in english
    retracted = one.model_copy(update={"state": AlertState.RETRACTED})
    assert headline(retracted, "de").startswith("Zurückgezogen: ")
    assert subject([one, one], "de") == "2 Meldungen: Brüggenthal"


def test_every_type_and_status_has_a_german_name() -> None:
    """No reader of German meets an underscore."""
    for kind in SignalType:
        for status in Status:
            assert "_" not in headline(alert(kind=kind, status=status), "de")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('mail = "env:KAM"', 'mail = "smtp://u:p@h/?to=a"', "receivers.kam.mail"),
        ('mail = "env:KAM"', 'mial = "env:KAM"', "receivers.kam.mial"),
        ('language = "de"', 'language = "fr"', "receivers.kam.language"),
        ('secret = "env:CRM"', "", "receivers.crm.secret"),
        ('secret = "env:CRM"', 'secret = "whsec_abc"', "receivers.crm.secret"),
        ('["chat", "crm"]', '["chat", "crx"]', "route.receivers"),
        ('"2m"', '"soon"', "route.group_wait"),
        ('"16:00"', '"25:00"', "digest"),
        ("Europe/Berlin", "Europe/Bonn", "zone"),
        ('"fri"', '"fry"', "days"),
        ('receivers = ["kam"]', "", "days"),
    ],
)
def test_a_wrong_receiver_is_refused_by_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    """The error names the field, and no password may stand in the file."""
    with pytest.raises(BadInput, match=field):
        tree(tmp_path, TREE.replace(old, new))


def test_every_outcome_is_explained() -> None:
    """The closed list of outcomes is the table of `docs/profiles.md`."""
    text = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()
    table = text[text.index("| outcome | means |") :]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == OUTCOMES
