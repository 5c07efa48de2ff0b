"""Articles that somebody brings: what is taken, what is refused, and in which words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.articles import to_article
from agents.entries import Entry
from agents.outbox import Outbox, push
from agents.push import FIELDS, Reader
from agents.sources import Source
from pipeline import kafka
from pipeline.errors import BadInput, Transient
from pipeline.records import Article, How
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, TOPICS

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
READER = Reader("in.jsonl", NOW)


def line(**more: Any) -> bytes:
    return orjson.dumps({"id": "a-1", "title": "Neues Werk in Leuna", "text": "Baubeginn ist im Mai.", **more})


def good(**more: Any) -> Article:
    read = READER.read(1, line(**more))
    assert isinstance(read, Article), read
    return read


def faults(raw: bytes, number: int = 7) -> list[str]:
    read = READER.read(number, raw)
    assert not isinstance(read, Article)
    return [str(one) for one in read]


def test_a_line_becomes_an_article() -> None:
    """Every field ends up where it belongs."""
    more = {
        "published": "2026-03-05T10:30:00+01:00",
        "language": "de-AT",
        "source": "Beispiel-Blatt",
        "author": "M. Muster",
    }
    article = good(url="https://werke.example/m/1?utm_source=x", tags=["Chemie", "Chemie", " "], **more)
    assert article.url == "https://werke.example/m/1"
    assert (article.title, article.text) == ("Neues Werk in Leuna", "Baubeginn ist im Mai.")
    assert article.published == datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
    assert not article.published_guessed
    assert (article.language_hint, article.source, article.author) == ("de", "Beispiel-Blatt", "M. Muster")
    assert (article.tags, article.how, article.source_id) == (("Chemie",), How.PUSH, "push")


def test_a_pushed_and_a_polled_copy_are_one() -> None:
    """Same link, same words: same id and same revision, whichever way it came."""
    link = "https://www.werke.example/m/1/?utm_medium=rss#top"
    entry = Entry("g1", link, "Neues Werk in Leuna", "", "Baubeginn ist im Mai.", NOW, "", (), "de")
    polled = to_article(entry, Source(id="werke", url="https://werke.example/rss"), now=NOW)
    assert isinstance(polled, Article)
    for pushed in (good(url="http://werke.example/m/1"), good(id="https://m.werke.example/m/1")):
        assert (pushed.id, pushed.revision) == (polled.id, polled.revision)


def test_an_own_id_is_kept() -> None:
    """Without a URL the id is the one that was given, numbers as well."""
    assert good(id="crm-4711").id == "crm-4711"
    assert good(id=4711).id == "4711"
    assert good(id="x", url=None, published=None, tags=None).url == ""


def test_without_date_and_title() -> None:
    """The time of pushing and the first sentence must do."""
    article = good(title="", text="Der Vorstand wechselt. Mehr folgt.")
    assert article.title == "Der Vorstand wechselt."
    assert article.published == NOW
    assert article.published_guessed


def test_words_are_made_safe() -> None:
    """Tags and characters that cannot be seen are dropped as from a feed."""
    article = good(title="<b>Werk</b>\u202e", text="a &amp; b\n\n<script>\nx()</script>c\0\n1 < 2")
    assert (article.title, article.text) == ("Werk", "a &amp; b\nc\n1 < 2")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "in.jsonl:7: not JSON"),
        (b"[1]", "in.jsonl:7: not a JSON object"),
        (b'"x"', "in.jsonl:7: not a JSON object"),
        (b'{"title": NaN, "id": "1"}', "in.jsonl:7: not JSON"),
        (line(titel="x"), "in.jsonl:7: titel: no such field; did you mean title?"),
        (line(zzz="x"), "in.jsonl:7: zzz: no such field; there are id, url"),
        (line(id=None), "in.jsonl:7: id: missing; write an id or a url"),
        (line(id=True), "in.jsonl:7: id: must be a text"),
        (line(id="x" * 201), "in.jsonl:7: id: 201 characters"),
        (line(id="a\nb"), "in.jsonl:7: id: has characters"),
        (line(url="javascript:x"), "in.jsonl:7: url: 'javascript:x' is no http"),
        (line(url=5), "in.jsonl:7: url: must be a text"),
        (line(title=5), "in.jsonl:7: title: must be a text"),
        (line(title="", text="<p></p>"), "in.jsonl:7: title: title and text are both empty"),
        (line(title="x" * 501), "in.jsonl:7: title: 501 characters, at most 500"),
        (line(text="x" * 200_001), "in.jsonl:7: text: 200,001 characters"),
        (line(published="5. März"), "in.jsonl:7: published: '5. März' is no ISO 8601 time"),
        (line(published=1772703000), "in.jsonl:7: published: '1772703000' is no ISO"),
        (line(published="2027-01-01"), "in.jsonl:7: published: 2027-01-01 lies in the future"),
        (line(published="0001-01-01"), "in.jsonl:7: published: 0001-01-01 lies before 1995"),
        (line(language="German"), "in.jsonl:7: language: not a language"),
        (line(language=5), "in.jsonl:7: language: not a language"),
        (line(tags="x"), "in.jsonl:7: tags: must be a list of texts"),
        (line(tags=["x"] * 51), "in.jsonl:7: tags: at most 50"),
        (b" " * 2_000_001, "in.jsonl:7: longer than 2,000,000 bytes"),
    ],
)
def test_a_fault_names_file_line_and_field(raw: bytes, said: str) -> None:
    """And says what to write instead."""
    assert faults(raw)[0].startswith(said)


def test_all_faults_of_a_line_are_told() -> None:
    """Nobody wants to mend a file one fault at a time."""
    told = faults(line(titel="x", url=5, published="gestern", tags={}))
    assert [one.split(": ")[1] for one in told] == ["titel", "url", "published", "tags"]


def test_what_is_too_large_for_the_topic_is_a_fault() -> None:
    """Characters are counted, and bytes as well: an article that no broker takes is refused here."""
    read = Reader("", NOW, largest=1000).read(1, line(text="ä" * 900))
    assert not isinstance(read, Article)
    assert "1,000" in str(read[0])


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_any_values_are_an_article_or_faults(raw: dict[str, Any]) -> None:
    """Nothing else ever comes out, and an article always has an id and a title, and goes through the topic."""
    read = READER.made(1, raw)
    if isinstance(read, Article):
        assert read.id
        assert read.title
        assert Article.decode(read.encode()) == read
    else:
        assert read
        assert all(isinstance(one, BadInput) and one.line == 1 for one in read)


async def pieces(*some: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
    for lines in some:
        yield lines


async def test_lines_are_counted_each_once() -> None:
    """Good, wrong and empty lines add up; faults are told in order; a check sends nothing."""
    told: list[BadInput] = []
    counts = await push(pieces([line(), b"\n"], [b"{\n", line(id="b")], [line(tags=5)]), READER, None, told.append)
    assert counts.line() == {"lines": 5, "articles": 2, "refused": 2, "empty": 1}
    assert [one.line for one in told] == [3, 5]


@pytest.mark.broker
async def test_articles_arrive_on_the_topic(settings: Settings) -> None:
    """More than may be under way at once: all are on the topic when the counts are told."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make(TOPICS)
    many = [line(id=f"a-{number}") for number in range(1500)]
    async with kafka.sending(settings.kafka) as producer:
        outbox = Outbox(producer, settings, "/stellwerk/push")
        counts = await push(pieces(many[:700], many[700:]), READER, outbox, print)
    found = [Article.decode(record.value).id async for record in kafka.whole(settings.kafka, ARTICLES)]
    assert counts.articles == len(found) == 1500
    assert set(found) == {f"a-{number}" for number in range(1500)}


@pytest.mark.broker
async def test_what_the_broker_refuses_is_an_error(settings: Settings) -> None:
    """A topic that does not take it: the sender hears of it."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make(TOPICS)
    large = good(text="x" * 200_000).model_copy(update={"text": "x" * 1_200_000})
    async with kafka.sending(settings.kafka) as producer:
        outbox = Outbox(producer, settings, "/stellwerk/push")
        with pytest.raises(Transient, match="did not take"):
            async with asyncio.timeout(30):
                await outbox.publish_all([good(), large])
