"""One article is one, however it is linked; a revision is one only where something was said differently."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.identity import article_id, canonical_url, revision

HOSTS = st.sampled_from(["news.example", "wirtschaft.zeitung.example", "münchen.example", "a-b.example"])
PATHS = st.lists(st.from_regex(r"[a-zäöü0-9]{1,9}(-[a-z0-9]{1,9}){0,3}", fullmatch=True), min_size=1, max_size=4).map(
    "/".join
)
QUERIES = st.lists(
    st.tuples(st.sampled_from(["id", "page", "article", "q"]), st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)),
    max_size=2,
)
TRACKERS = st.lists(
    st.sampled_from(
        ["utm_source=rss", "utm_medium=feed", "fbclid=IwAR0", "gclid=x", "wt_mc=nl", "at_medium=rss", "ref=home",
         "mtm_kwd=a", "xtor=RSS-1", "mc_cid=1", "cmp=soc", "UTM_Campaign=Z", "outputType=amp", "amp=1", "print=true"]
    ),
    max_size=4,
)  # fmt: skip


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, str]:
    """Return a link and the same link as somebody else would write it."""
    host, path, query = draw(HOSTS), draw(PATHS), draw(QUERIES)
    plain = f"https://{host}/{path}" + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    front = draw(st.sampled_from(["", "www.", "m.", "amp.", "www.m.", "mobil."]))
    name = draw(st.sampled_from([host, host.upper() if host.isascii() else host, host + "."]))
    port, scheme = draw(st.sampled_from([("", "https"), (":443", "https"), ("", "http"), (":80", "http")]))
    head = draw(st.sampled_from(["", "/amp"])) if "/" in path else ""
    tail = draw(st.sampled_from(["", "/", "/amp", "/amp/", ".amp.html", "/print", "/index.html", "/drucken/"]))
    pairs = [f"{key}={value}" for key, value in query] + draw(TRACKERS)
    random.Random(draw(st.integers())).shuffle(pairs)
    fragment = draw(st.sampled_from(["", "#kommentare", "#:~:text=Werk"]))
    return plain, f"{scheme}://{front}{name}{port}{head}/{path}{tail}" + (
        "?" + "&".join(pairs) if pairs else ""
    ) + fragment


@given(variants())
def test_variants_of_a_link_have_one_id(pair: tuple[str, str]) -> None:
    """Trackers, fragments, `www`, AMP, print, http, ports, order and case make no second article."""
    plain, other = pair
    assert canonical_url(other) == canonical_url(plain)
    assert article_id(other) == article_id(plain)


@given(HOSTS, PATHS, PATHS, QUERIES, QUERIES)
def test_different_articles_have_different_ids(
    host: str, one: str, other: str, asked: list[tuple[str, str]], otherwise: list[tuple[str, str]]
) -> None:
    """What names an article is never dropped."""

    def link(path: str, query: list[tuple[str, str]]) -> str:
        return f"https://{host}/{path}?" + "&".join(f"{name}={value}" for name, value in query)

    def bare(path: str) -> list[str]:
        # `/amp/x/y` and `/x/amp` are variants by rule, whatever a path generator meant by them.
        return [part for part in path.split("/") if part not in ("amp", "print", "drucken")]

    same = bare(one) == bare(other) and set(asked) == set(otherwise)
    if not same:
        assert article_id(link(one, asked)) != article_id(link(other, otherwise))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/amp/s/www.news.example/werk/amp/",
        "https://www-news-example.cdn.ampproject.org/v/s/www.news.example/werk?amp_js_v=0.1&usqp=mq331",
        "https://amp.news.example/amp/werk".replace("/amp/werk", "/werk"),
        "https://news.example/werk/?output=amp&wt.mc_id=x",
    ],
)
def test_viewers_and_caches_are_seen_through(url: str) -> None:
    """The publisher's address counts, not where a search engine keeps its copy."""
    assert canonical_url(url) == "https://news.example/werk"


TEXT = """Der Konzern baut in Köln ein Werk - es kostet 300 Millionen Euro. "Wir wachsen", sagte der Chef.
Stand: 05.03.2025, 10:30 Uhr
Bis 2027 sollen 400 Menschen dort arbeiten."""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" baut in ", "  baut\u00a0in\n"),
        (" - ", " – "),
        ('"Wir wachsen"', "„Wir wachsen“"),
        ('"Wir wachsen"', "»Wir wachsen«"),
        ("Werk", "We\u00adrk"),
        ("05.03.2025, 10:30 Uhr", "06.03.2025, 18:05 Uhr"),
        ("Stand: 05.03.2025, 10:30 Uhr", "Aktualisiert am 6. März 2025, 18:05"),
        ("Stand: 05.03.2025, 10:30 Uhr", "Aktualisiert: vor 3 Stunden"),
        ("Stand: 05.03.2025, 10:30 Uhr", "Last updated: March 6, 2025 6:05 pm"),
        ("Stand: 05.03.2025, 10:30 Uhr", "Do, 06.03.2025, 18:05"),
        ("Stand: 05.03.2025, 10:30 Uhr", "12 Kommentare"),
    ],
)
def test_what_changes_by_itself_is_no_revision(old: str, new: str) -> None:
    """White space, quotes, dashes, soft hyphens, stamps of time, counts of comments."""
    assert revision("Titel", TEXT.replace(old, new)) == revision("Titel", TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("300", "350"),
        ("Köln", "Bonn"),
        ("2027", "2028"),
        ("Der Konzern", "Die Tochter"),
        ("wachsen", "Wachsen"),
        ("Stand: 05.03.2025, 10:30 Uhr", "Update: 3 Werke folgen"),
    ],
)
def test_what_was_said_differently_is_a_revision(old: str, new: str) -> None:
    """Numbers, places, years, names, words."""
    assert revision("Titel", TEXT.replace(old, new)) != revision("Titel", TEXT)
    assert revision("Titel", TEXT) != revision("Titel!", TEXT)


@given(st.text(), st.text())
def test_no_text_breaks_a_revision(title: str, text: str) -> None:
    """Anything may stand in an article."""
    assert len(revision(title.encode("utf-8", "replace").decode(), text.encode("utf-8", "replace").decode())) == 20


def test_links_of_the_web_keep_their_hosts() -> None:
    """A canonical link is still a link to the publisher."""
    assert urlsplit(canonical_url("http://www.zeitung.example/a?utm_source=x")).netloc == "zeitung.example"
