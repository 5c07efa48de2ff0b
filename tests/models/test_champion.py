"""The version that ships: loads, is small, and reads sentences that nobody trained it on."""

import time
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import registry
from models.scorer import LinearScorer
from pipeline.classify.step import classify
from pipeline.records import Article
from pipeline.signals import Status

NOW = datetime(2026, 1, 5, tzinfo=UTC)
LIMIT = 20_000_000


@cache
def loaded() -> LinearScorer:
    return registry.load()


@pytest.fixture
def champion() -> LinearScorer:
    return loaded()


def article(title: str, text: str = "", hint: str = "") -> Article:
    return Article(
        id=title or "-",
        source_id="s",
        url="https://e.example/",
        title=title,
        text=text,
        published=NOW,
        fetched=NOW,
        language_hint=hint,
    )


def test_size_and_time() -> None:
    """At most 20 MB and two seconds."""
    assert sum(file.stat().st_size for file in registry.CHAMPION.iterdir()) < LIMIT
    start = time.process_time()
    registry.load()
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Odenthal Pumpen errichtet neues Werk bei Posen", "new_site"),
        ("Odenthal Pumpen streicht jede fünfte Stelle", "layoffs"),
        ("Odenthal Pumpen stellt Insolvenzantrag", "insolvency"),
        ("Odenthal Pumpen übernimmt schwedischen Konkurrenten", "acquisition"),
        ("Odenthal Pumpen: Gewinn bricht im dritten Quartal ein", "results"),
        ("Katrin Weiher wird neue Finanzchefin von Odenthal Pumpen", "leadership_change"),
        ("Odenthal Pumpen schließt Fabrik in Kassel", "site_closure"),
        ("Warnstreik legt Produktion bei Odenthal Pumpen lahm", "disruption"),
        ("Halbrook Tools opens new distribution centre in Leeds", "new_site"),
        ("Halbrook Tools names new chief executive", "leadership_change"),
        ("Halbrook Tools to acquire Danish rival in $40 million deal", "acquisition"),
        ("Halbrook Tools and Verrin Labs announce strategic partnership", "partnership"),
        ("Halbrook Tools raises $25 million in Series B funding", "funding"),
        ("Halbrook Tools reports record third-quarter revenue", "results"),
        ("Halbrook Tools to cut 300 jobs", "layoffs"),
    ],
)
def test_own_sentences(champion: LinearScorer, title: str, kind: str) -> None:
    """Plain headlines about companies that do not exist are read right, and the evidence is the headline."""
    (judged,) = classify(champion, [article(title)])
    assert judged.signals
    assert judged.signals[0].type == kind
    assert judged.signals[0].evidence[0].text == title


@pytest.mark.parametrize(
    "title",
    [
        "So kommen Sie gut durch den Winter",
        "Kommentar: Warum der Wald mehr Geduld braucht",
        "Inflation im März leicht gesunken",
        "Ten ways to sleep better this summer",
        "Why poetry still matters",
    ],
)
def test_no_signals(champion: LinearScorer, title: str) -> None:
    """Advice, opinion and statistics carry none."""
    (judged,) = classify(champion, [article(title)])
    assert judged.signals == ()


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("Odenthal Pumpen könnte Werk in Kassel schließen", Status.RUMOURED),
        ("Odenthal Pumpen übernimmt schwedischen Konkurrenten", Status.COMPLETED),
        ("Odenthal Pumpen will 400 Stellen streichen", Status.PLANNED),
        ("Odenthal Pumpen stellt Insolvenzantrag", Status.UNDER_WAY),
        ("Halbrook Tools considering sale of its paints division, sources say", Status.RUMOURED),
        ("Halbrook Tools to cut 300 jobs", Status.PLANNED),
    ],
)
def test_status(champion: LinearScorer, title: str, status: Status) -> None:
    """How far a thing has come is read from its own words."""
    (judged,) = classify(champion, [article(title)])
    assert judged.signals[0].status is status


TEXTS = st.sampled_from(
    [
        "Odenthal Pumpen baut ein Werk in Polen. Es kostet 30 Mio. Euro.",
        "Halbrook Tools wins an order from Norway. Shares rose.",
        "Das Wetter bleibt kühl. Am 3. Mai regnet es.",
        "",
    ]
)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(TEXTS | st.text(max_size=40), TEXTS | st.text(max_size=120)), max_size=5))
def test_batch_equals_single(texts: list[tuple[str, str]]) -> None:
    """Many at once give what each gives alone, in order; evidence cuts itself out of the body."""
    champion = loaded()
    articles = [article(title, text, "de") for title, text in texts]
    together = classify(champion, articles)
    alone = [classify(champion, [one])[0] for one in articles]
    assert [one.article for one in together] == articles
    for one, other in zip(together, alone, strict=True):
        assert one.language == other.language
        assert [(s.type, s.status) for s in one.signals] == [(s.type, s.status) for s in other.signals]
        assert [s.evidence for s in one.signals] == [s.evidence for s in other.signals]
        assert all(one.article.body[e.start : e.end] == e.text for s in one.signals for e in s.evidence)


def test_evidence_is_the_sentence_that_says_it(champion: LinearScorer) -> None:
    """In running text the deciding sentence is picked, not the one beside it."""
    text = (
        "Das Unternehmen aus Minden beschäftigt 900 Menschen. "
        "Im Herbst eröffnet Odenthal Pumpen eine neue Fabrik in Ungarn. "
        "Die Aktie blieb davon unberührt."
    )
    (judged,) = classify(champion, [article("Neues von Odenthal Pumpen", text)])
    sites = [signal for signal in judged.signals if signal.family == "sites"]
    assert sites
    assert "neue Fabrik" in sites[0].evidence[0].text


def test_no_text_is_inside(champion: LinearScorer) -> None:
    """A version holds words, pairs of words and pieces of words; nothing that could be read as somebody's text."""
    assert all(term.count(" ") <= 1 for term in champion.features.words.terms)
    assert all(len(term) <= 5 for term in champion.features.chars.terms)
