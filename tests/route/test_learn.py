"""What people's labels teach about names, and what that changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts import decode
from pipeline.errors import BadInput
from pipeline.records import (
    AccountRecord,
    AccountRef,
    Alert,
    AlertEvidence,
    AlertSignal,
    AlertState,
    ArticleRef,
    Label,
    Role,
    Versions,
)
from pipeline.route.accounts import load_accounts
from pipeline.route.context import KEEP, Seen, judge
from pipeline.route.export import Format, export
from pipeline.route.learn import Learnt, learn, taught
from pipeline.route.mentions import Finder
from pipeline.route.passages import Capitals
from pipeline.route.tree import Account, Accounts
from pipeline.route.verdicts import Judged, parse
from pipeline.signals import FAMILY, SignalType, Status, direction_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCOUNTS = Accounts(
    [
        Account("linde", "Linde", legal_name="Linde plc"),
        Account("vw", "Volkswagen", aliases=("VW",)),
        Account("nordhaff", "Nordhaff"),
    ]
)
DOUBTFUL_DE, DOUBTFUL_EN = "Linde plant Fest im Ort", "Orders for Linde rise"


def _alert(id: str, account: str, *shown: tuple[str, str]) -> Alert:
    """Return an alert of an account with these passages, each with its article."""
    kind = SignalType.NEW_SITE
    evidence = tuple(
        AlertEvidence(
            text=text, start=0, end=len(text), article_id=article, url="", source="", title=text, role=Role.ACTOR
        )
        for article, text in shown
    )
    article = ArticleRef(id=shown[0][0], url="", source="", title=shown[0][1], published=NOW, fetched=NOW)
    return Alert(
        id=id, revision=1, state=AlertState.NEW, account=AccountRef(id=account, name=account, path=(account,)),
        signal=AlertSignal(
            type=kind, family=FAMILY[kind], status=Status.PLANNED, direction=direction_of(kind, Status.PLANNED),
            probability=0.9,
        ),
        evidence=evidence, articles=(article,), story_id="s", published=NOW, first_seen=NOW, updated=NOW, why=("x",),
        versions=Versions(),
    )  # fmt: skip


def _label(alert: str, article: str, right: bool | None, author: str = "kim", hours: int = 0) -> Label:
    at = NOW + timedelta(hours=hours)
    return Label(article_id=article, author=author, at=at, alert_id=alert, account_right=right)


def _learnt(labels: Iterable[Label], *alerts: Alert, accounts: Accounts = ACCOUNTS) -> Learnt:
    return learn(labels, {alert.id: alert for alert in alerts}, accounts)


def _lime_trees(right: int, wrong: int) -> Accounts:
    """Return the accounts after so many verdicts on `Linde`, each on an alert of its own."""
    alerts = [_alert(f"x{n}", "linde", (f"a{n}", "Linde baut ein Werk")) for n in range(right + wrong)]
    labels = [_label(f"x{n}", f"a{n}", n < right) for n in range(right + wrong)]
    return taught(ACCOUNTS, _learnt(labels, *alerts))


def _said(accounts: Accounts, text: str) -> list[tuple[str, str]]:
    return [(one.account_id, one.why) for one in Finder(accounts).find(text)]


def test_of_a_persons_verdicts_on_an_article_the_last_counts() -> None:
    """Order in the file, alerts of other types, and later labels without a verdict change nothing."""
    plant, strike = (_alert(id, "linde", ("a", "Linde baut ein Werk")) for id in "xy")
    labels = [_label("y", "a", False, hours=2), _label("x", "a", True), _label("x", "a", None, hours=3)]
    assert _learnt(labels, plant, strike) == Learnt({"linde": (Judged("Linde", 0, 1),)}, 1, 0)


def test_people_who_disagree_both_count() -> None:
    """One says yes, one says no: two verdicts, and they weigh nothing."""
    alert = _alert("x", "linde", ("a", "Linde baut ein Werk"))
    found = _learnt([_label("x", "a", True), _label("x", "a", False, "uli")], alert).names["linde"]
    assert found == (Judged("Linde", 1, 2),)
    assert Judged("Linde", 4, 8).weight == 0


def test_only_the_passages_of_the_labelled_article_are_judged() -> None:
    """Each verdict goes to the name that its own article has, as the account file writes it."""
    alert = _alert("x", "vw", ("a", "Volkswagens Werk wächst"), ("b", "VW-Tochter baut ein Werk"))
    found = _learnt([_label("x", "a", True), _label("x", "b", False)], alert)
    assert found.names == {"vw": (Judged("VW", 0, 1), Judged("Volkswagen", 1, 1))}


@pytest.mark.parametrize("text", ["Volkswagen und VW bauen ein Werk", "Der Konzern baut", "Nordhaff baut ein Werk"])
def test_a_verdict_that_fits_no_single_name_is_only_counted(text: str) -> None:
    """Two names of the account, none, or another account's: nobody can say what was judged."""
    assert _learnt([_label("x", "a", False)], _alert("x", "vw", ("a", text))) == Learnt({}, 0, 1)


def test_a_label_on_an_alert_that_is_gone_is_only_counted() -> None:
    """Alerts leave the topic, labels do not."""
    assert _learnt([_label("gone", "a", False)]) == Learnt({}, 0, 1)


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_weights_are_bounded_and_need_three_verdicts(right: int, wrong: int) -> None:
    """At most 2.5 logits, with the sign of the majority, the same for yes as for no, and read as it was written."""
    one, turned = Judged("Linde", right, right + wrong), Judged("Linde", wrong, right + wrong)
    assert abs(one.weight) <= 2.5
    assert one.weight == pytest.approx(-turned.weight)
    assert (one.weight > 0) is (right > wrong and right + wrong >= 3)
    if 0 < one.total < 1_000_000:
        assert parse(str(one)) == one


@pytest.mark.parametrize("text", [DOUBTFUL_DE, DOUBTFUL_EN])
def test_a_name_that_people_refuse_is_no_mention_any_more(text: str) -> None:
    """Before the labels it was one; two verdicts are too few; `Linde plc` stays."""
    assert [account for account, _ in _said(ACCOUNTS, text)] == ["linde"]
    assert _said(_lime_trees(0, 2), text) == _said(ACCOUNTS, text)
    refused = _lime_trees(1, 9)
    assert _said(refused, text) == []
    assert [account for account, _ in _said(refused, "Linde plc baut ein Werk")] == ["linde"]


def test_a_refused_name_says_that_people_refused_it() -> None:
    """The clue stands among the reasons, with its counts."""
    text = "Linde wins"
    seen = Seen(
        start=0, end=5, whole=5, ordinary=1, exact=True, legal=False, ticker=False, single=True, short=False
    )  # fmt: skip
    probability, why = judge(
        text, seen, (0, len(text)), family="", again=False, capitals=Capitals.PLAIN, business=(),
        judged=Judged("Linde", 1, 8),
    )  # fmt: skip
    assert probability < KEEP
    assert why == "people said 7 of 8 times that this name is not the account"


def test_a_name_that_people_confirm_becomes_a_mention_and_says_why() -> None:
    """What the context refused alone is kept, with the reason."""
    text = "Neues von der alten Linde: Umsatz steigt"
    assert _said(ACCOUNTS, text) == []
    ((account, why),) = _said(_lime_trees(20, 0), text)
    assert account == "linde"
    assert "people said 20 of 20 times that this name is the account" in why


def test_labels_alone_do_not_refuse_a_name_that_is_nothing_else() -> None:
    """It stays a mention, only less probable: perhaps the signal was wrong and not the name."""
    alerts = [_alert(f"x{n}", "nordhaff", (f"a{n}", "Nordhaff baut ein Werk")) for n in range(30)]
    made = taught(ACCOUNTS, _learnt([_label(f"x{n}", f"a{n}", False) for n in range(30)], *alerts))
    ((before,), (after,)) = (Finder(one).find("Nordhaff baut ein Werk") for one in (ACCOUNTS, made))
    assert 0.5 <= after.probability < before.probability
    assert "people said" not in after.why


def test_what_was_learnt_does_not_change_what_is_learnt() -> None:
    """A name that is refused by now is still found in the passages, so learning twice gives the same."""
    alerts = [_alert(f"x{n}", "linde", (f"a{n}", DOUBTFUL_DE)) for n in range(8)]
    labels = [_label(f"x{n}", f"a{n}", n == 0) for n in range(8)]
    once = taught(ACCOUNTS, _learnt(labels, *alerts))
    twice = taught(once, _learnt(labels, *alerts, accounts=once))
    assert once.version == twice.version != ACCOUNTS.version
    assert once["linde"].judged == ("Linde: 1 of 8",)
    assert ACCOUNTS["linde"].judged == ()


def test_names_without_new_verdicts_keep_theirs() -> None:
    """Alerts go after 90 days; what they taught stays in the file until newer verdicts replace it."""
    kept = Accounts([Account("vw", "Volkswagen", aliases=("VW",), judged=("VW: 2 of 9", "Volkswagen: 5 of 5"))])
    alert = _alert("x", "vw", ("a", "VW baut ein Werk"))
    made = taught(kept, _learnt([_label("x", "a", True)], alert, accounts=kept))
    assert made["vw"].judged == ("VW: 1 of 1", "Volkswagen: 5 of 5")


@pytest.mark.parametrize("form", ["csv", "toml", "jsonl"])
def test_verdicts_go_through_files_and_the_topic(tmp_path: Path, form: Format) -> None:
    """Written and read again, as a file and as a record, the accounts are the same."""
    made, path = _lime_trees(1, 7), tmp_path / f"accounts.{form}"
    path.write_text("".join(export(made, form)), "utf-8")
    assert load_accounts(path).version == made.version
    linde = made["linde"]
    record = AccountRecord(id=linde.id, name=linde.name, legal_name=linde.legal_name, judged=linde.judged)
    assert decode(record.encode()) == linde


@pytest.mark.parametrize("entry", ["Linde", "Linde: 9 of 8", "Linde: 0 of 0", "Linde: one of two"])
def test_a_verdict_that_is_none_is_a_fault(tmp_path: Path, entry: str) -> None:
    """The fault names line and field and shows how to write it."""
    path = tmp_path / "accounts.csv"
    path.write_text(f"account_id,name,judged\nl,Linde,{entry}\n", "utf-8")
    with pytest.raises(BadInput) as caught:
        load_accounts(path)
    assert (caught.value.line, caught.value.field) == (2, "judged")
    assert "1 of 8" in str(caught.value)
