"""Identity, revision, dates and limits of articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.articles import Dropped, article_id, canonical_url, choose, revision, tidy, to_article
from agents.feeds import Entry
from agents.sources import Source
from pipeline.records import Article, How

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source(id="s", url="https://news.example/feed", name="News", language="de", credibility=0.7, accounts=("a",))
ENTRY = Entry("g-1", "https://news.example/a", "Titel", "Kurz", "Der Text.", NOW, "Eva", ("t",), "")

SAME = [
    "https://www.news.example/wirtschaft/werk-in-koeln",
    "http://news.example/wirtschaft/werk-in-koeln",
    "https://news.example:443/wirtschaft/werk-in-koeln/",
    "https://m.news.example/wirtschaft/werk-in-koeln#kommentare",
    "https://amp.news.example/wirtschaft/werk-in-koeln",
    "https://NEWS.example/wirtschaft/werk-in-koeln/amp/",
    "https://news.example/wirtschaft/werk-in-koeln.amp.html",
    "https://news.example/wirtschaft/werk-in-koeln?utm_source=rss&utm_medium=feed&fbclid=x",
    "https://news.example/wirtschaft/werk-in-koeln?wt_mc=nl&at_medium=rss&ref=home&amp=1",
    "https://news.example/wirtschaft/werk-in-koeln;jsessionid=AB12?print=1",
    "https://news.example/wirtschaft/w%65rk-in-koeln/print",
    "https://news-example.cdn.ampproject.org/c/s/www.news.example/wirtschaft/werk-in-koeln/amp",
]


def test_variants_of_a_link_are_one_article() -> None:
    """Trackers, mobile and print forms, hosts and schemes do not make a second article."""
    assert {canonical_url(url) for url in SAME} == {"https://news.example/wirtschaft/werk-in-koeln"}
    assert len({article_id(url) for url in SAME}) == 1


def test_different_articles_stay_different() -> None:
    """What says which article is meant is kept: path, letter case of the path, parameters and their values."""
    urls = ["/", "/a", "/A", "/a?id=1", "/a?id=2", "/a?id=1&page=2", "/a%2Fb", "/a/b", "/a?x=%26y", "/a?x=&y", "/m/a"]
    assert len({canonical_url(f"https://news.example{url}") for url in urls}) == len(urls)
    assert canonical_url("https://m.example/a") != canonical_url("https://example/a")


def test_order_of_parameters_does_not_matter() -> None:
    """Two links with the same parameters are the same."""
    assert canonical_url("https://n.example/?b=2&a=1") == canonical_url("https://n.example/?a=1&b=2")


def test_the_kept_link_still_works() -> None:
    """The link of the article loses trackers and nothing else: http, www and paths stay as they are."""
    assert tidy("http://www.news.example/a/amp/?utm_source=x&id=1#top") == "http://www.news.example/a/amp/?id=1"


URLS = st.builds(
    "{}://{}{}/{}?{}#{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", "www.", "m.", "amp.m.", "u:p@", "www.www."]),
    st.sampled_from(["news.example", "münchen.example", "1.2.3.4", "[::1]", "a.b.example:8080"]),
    st.text(alphabet="abAB/%2f.ü;=amphtml ", max_size=20),
    st.text(alphabet="abz=&%26;utm_ ü+", max_size=20),
    st.text(max_size=5),
)


@given(URLS)
def test_canonical_form_is_final(url: str) -> None:
    """The canonical form of a canonical form is itself, so ids never drift."""
    made = canonical_url(url)
    assert canonical_url(made) == made
    assert canonical_url(tidy(url)) == made


@given(st.text())
def test_no_text_breaks_identity(url: str) -> None:
    """Anything may stand where a link should."""
    assert canonical_url(url) == "" or canonical_url(url).startswith("https://")


def test_ids_are_pinned() -> None:
    """An id that changed would bring every article again as news."""
    assert article_id("https://news.example/a") == "ae82944d776572d2ebb6"
    assert revision("Titel", "Text") == "1905a9a0c75e9a814fee"


def test_article_has_what_the_entry_has() -> None:
    """Everything known goes into the record."""
    made = to_article(ENTRY, SOURCE, now=NOW)
    assert isinstance(made, Article)
    assert (made.id, made.url, made.title, made.text) == (article_id(ENTRY.url), ENTRY.url, "Titel", "Der Text.")
    assert (made.source_id, made.source, made.credibility, made.accounts) == ("s", "News", 0.7, ("a",))
    assert (made.published, made.published_guessed, made.fetched) == (NOW, False, NOW)
    assert (made.language_hint, made.tags, made.how, made.author) == ("de", ("t",), How.FEED, "Eva")


@pytest.mark.parametrize(
    "written",
    [None, NOW + timedelta(hours=25), datetime(9999, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)],
)
def test_unusable_dates_are_guessed_and_marked(written: datetime | None) -> None:
    """Missing, far future, before there were feeds: the time of fetching, and a mark."""
    made = to_article(replace(ENTRY, published=written), SOURCE, now=NOW)
    assert isinstance(made, Article)
    assert (made.published, made.published_guessed) == (NOW, True)


def test_texts_are_cut() -> None:
    """No text, title or excerpt is longer than records may be."""
    long = replace(ENTRY, title="x" * 900, content="Wort " * 100_000)
    made = to_article(long, SOURCE, now=NOW)
    assert isinstance(made, Article)
    assert (len(made.title), len(made.text)) == (500, 199_999)
    assert len(made.encode()) < 900_000
    excerpt = to_article(long, SOURCE.model_copy(update={"rights": "excerpt"}), now=NOW)
    link = to_article(long, SOURCE.model_copy(update={"rights": "link"}), now=NOW)
    assert isinstance(excerpt, Article)
    assert isinstance(link, Article)
    assert (len(excerpt.text), link.text) == (999, "")


def test_entry_without_link_is_not_lost() -> None:
    """A guid that is a URL is the link; without any, source and guid or title and date are the identity."""
    by_guid = to_article(replace(ENTRY, url="", id="https://news.example/a?utm_source=x"), SOURCE, now=NOW)
    without = to_article(replace(ENTRY, url=""), SOURCE, now=NOW)
    by_title = to_article(replace(ENTRY, url="", id=""), SOURCE, now=NOW + timedelta(days=1))
    again = to_article(replace(ENTRY, url="", id=""), SOURCE, now=NOW + timedelta(days=2))
    elsewhere = to_article(replace(ENTRY, url="", id=""), SOURCE.model_copy(update={"id": "t"}), now=NOW)
    made = (by_guid, without, by_title, again, elsewhere)
    assert all(isinstance(one, Article) for one in made)
    ids = [one.id for one in made if isinstance(one, Article)]
    assert ids[0] == article_id("https://news.example/a")
    assert ids[2] == ids[3]
    assert len(set(ids)) == 4
    assert isinstance(without, Article)
    assert without.url == SOURCE.url


def test_title_is_made_of_the_text_or_the_entry_dropped() -> None:
    """Posts without title are named after their first words; nothing at all is counted and dropped."""
    named = to_article(replace(ENTRY, title="", content="Erste Zeile\nzweite"), SOURCE, now=NOW)
    assert isinstance(named, Article)
    assert named.title == "Erste Zeile"
    assert to_article(replace(ENTRY, title="", content=""), SOURCE, now=NOW) is Dropped.NO_TITLE


def test_only_new_and_edited_entries_are_chosen() -> None:
    """Seen and unchanged, twice in one feed: counted; edited: chosen again under its id."""
    edited = replace(ENTRY, title="Neuer Titel")
    other = replace(ENTRY, url="https://news.example/b")
    first, dropped, present = choose([ENTRY, other, ENTRY], SOURCE, {})
    assert [(one.entry, one.edited) for one in first] == [(ENTRY, False), (other, False)]
    assert dropped == {Dropped.DUPLICATE: 1}
    second, dropped, _ = choose([edited, other], SOURCE, present)
    assert [(one.entry, one.id, one.edited) for one in second] == [(edited, first[0].id, True)]
    assert dropped == {Dropped.UNCHANGED: 1}


ENTRIES = st.builds(
    Entry,
    id=st.sampled_from(["", "1", "https://n.example/1", "https://n.example/2?utm_a=b"]),
    url=st.sampled_from(["", "https://n.example/1", "https://n.example/2", "http://www.n.example/1/"]),
    title=st.sampled_from(["", "a", "b"]),
    summary=st.just(""),
    content=st.sampled_from(["", "x", "y"]),
    published=st.sampled_from([None, NOW]),
    author=st.just(""),
    tags=st.just(()),
    language=st.just(""),
)


@given(st.lists(ENTRIES, max_size=12), st.lists(ENTRIES, max_size=12))
def test_every_entry_has_one_outcome(before: list[Entry], entries: list[Entry]) -> None:
    """Chosen or dropped, never both, never neither; and what was chosen once is not chosen again."""
    _, _, seen = choose(before, SOURCE, {})
    chosen, dropped, present = choose(entries, SOURCE, seen)
    assert len(chosen) + dropped.total() == len(entries)
    assert choose(entries, SOURCE, present)[0] == ()
    assert len({one.id for one in chosen}) == len(chosen)
