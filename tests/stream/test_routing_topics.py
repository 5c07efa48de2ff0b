"""The alert stage's step: revisions go to the topics of their routes, and to `alerts` after them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from deploy.local import DEMO
from pipeline import kafka
from pipeline.alert.memory import Memory
from pipeline.applied import route_topics
from pipeline.records import (
    AccountRef,
    Alert,
    Article,
    ArticleRef,
    Classified,
    Match,
    MatchedSignal,
    Role,
    Signal,
    Span,
    Withdrawal,
)
from pipeline.route.accounts import load_accounts
from pipeline.route.step import Router
from pipeline.settings import AlertSettings, Settings
from pipeline.signals import FAMILY, Direction, SignalType, Status
from pipeline.stream.alert import Alerting
from pipeline.stream.route import _one
from pipeline.topics import ALERTS, WITHDRAWALS

ROUTES = '[route]\nname = "rest"\n[[route.routes]]\nname = "plants"\ntopic = "plants"\nmatch = { family = "sites" }\n'


def match(kind: SignalType) -> Match:
    now = datetime.now(UTC)
    signal = Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.8,
        status=Status.PLANNED,
        direction=Direction.GROWTH,
        evidence=(Span(text="x", start=0, end=1),),
    )
    return Match(
        account=AccountRef(id="harbeck", name="Harbeck", path=("Harbeck",)),
        article=ArticleRef(id=kind, url="u", source="Bote", title=f"A {kind}", published=now, fetched=now),
        mentions=(),
        signals=(MatchedSignal(signal=signal, role=Role.ACTOR, why="named"),),
        why=("named",),
        model="m",
        accounts_version="a",
    )


async def test_alerts_go_to_their_routes_first(tmp_path: Path) -> None:
    """A plant goes to its route's topic, the rest to the root's; both to `alerts`, last, in the account's partition."""
    file = tmp_path / "routes.toml"
    file.write_text(ROUTES)
    settings = Settings(folder=tmp_path, alert=AlertSettings(routes=file))
    stage = Alerting(settings)
    partition = kafka.partition_of(b"harbeck", settings.kafka.partitions)
    stage._memory[partition] = Memory()
    plant, prize = stage.step([match(SignalType.NEW_SITE), match(SignalType.AWARD)])
    assert [out.topic.name for out in plant.outs + prize.outs] == ["alerts.plants", "alerts.rest"]
    assert [out.topic for out in plant.last + prize.last] == [ALERTS, ALERTS]
    assert {out.partition for out in plant.outs + plant.last} == {partition}
    assert Alert.decode(plant.last[0].value).scores.keys() == {"capital-goods", "services", "bank"}
    assert {topic.name for topic in await route_topics(settings)} == {"alerts.rest", "alerts.plants"}
    assert stage.step([match(SignalType.NEW_SITE)])[0].outs == ()


async def test_an_edit_without_the_news_is_a_withdrawal() -> None:
    """An edited article tells the alert stage of which accounts it still speaks; one that is new tells nothing."""
    now = datetime.now(UTC)
    article = Article(id="a", source_id="s", url="", title="Das Wetter bleibt schön", published=now, fetched=now)
    router = Router(load_accounts(DEMO / "accounts.csv"))
    assert _one(router, Classified(article=article, language="de", model="m")).outs == ()
    edited = article.model_copy(update={"edited": True})
    done = _one(router, Classified(article=edited, language="de", model="m"))
    assert (done.outcome, [out.topic for out in done.outs]) == ("no_signal", [WITHDRAWALS])
    said = Withdrawal.decode(done.outs[0].value)
    assert (said.article_id, said.accounts, said.fetched) == ("a", (), now)
