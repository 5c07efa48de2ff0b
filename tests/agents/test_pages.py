"""Pages that list their articles: by rules, and without."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents.errors import NotAFeed, Walled
from agents.pages import parse
from agents.rules import Rules
from agents.sources import Source

pytest.importorskip("cssselect", reason="cssselect is not installed: run make install")

URL = "https://www.konzern.example/presse/"
MENU = (
    "<header><nav><ul>"
    + "".join(f"<li><a href='/{name}/'>Unser Bereich {name} im Überblick</a></li>" for name in ("a", "b", "c"))
    + "</ul></nav></header>"
)
FOOT = "<footer><a href='/impressum'>Impressum und Datenschutz</a><a href='https://x.example/'>Folgt uns</a></footer>"


def source(**rules: str) -> Source:
    """Return the source of the page."""
    return Source(id="presse", kind="page", url=URL, rules=Rules(**rules) if rules else None)


def page(body: str, head: str = "<title>Presse | Konzern</title>") -> bytes:
    """Return a page with menu and footer."""
    return f"<!doctype html><html lang='de-DE'><head>{head}</head><body>{MENU}{body}{FOOT}</body></html>".encode()


CARDS = (
    "<main>"
    + "".join(
        f"""<div class="teaser item-{n}">
    <a href="/presse/2026/meldung-{n}-neues-werk.html?utm_source=liste"><img src="x.jpg"></a>
    <span class="meta"><time datetime="2026-03-0{n}T09:00:00+01:00">{n}. März 2026</time></span>
    <h3><a href="/presse/2026/meldung-{n}-neues-werk.html?utm_source=liste">Konzern eröffnet Werk Nummer {n}</a></h3>
    <p>Am Standort Köln entstehen in diesem Jahr mehr als {n}00 neue Arbeitsplätze in der Fertigung.</p>
    <a href="/presse/2026/meldung-{n}-neues-werk.html?utm_source=liste">mehr</a></div>"""
        for n in range(1, 6)
    )
    + "</main>"
)

TABLE = (
    "<table>"
    + "".join(
        f"<tr><td>0{n}.03.2026</td><td><a href='m.php?id=10{n}0'>Quartalszahlen der Sparte {n} liegen vor</a></td></tr>"
        for n in range(1, 5)
    )
    + "</table>"
)

LINKS = (
    "<div id='news'>"
    + "".join(
        f"<a class='big' href='https://presse.konzern.example/de/unser-neues-werk-in-stadt-{n}'><div>3/{n}/2026</div>"
        f"<h4>Our new plant in town number {n}</h4><p>{'It will make parts for machines. ' * 4}</p></a>"
        for n in range(1, 5)
    )
    + "</div>"
)


@pytest.mark.parametrize(
    ("body", "number", "title", "published"),
    [
        (CARDS, 5, "Konzern eröffnet Werk Nummer 1", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (TABLE, 4, "Quartalszahlen der Sparte 1 liegen vor", datetime(2026, 3, 1, tzinfo=UTC)),
        (LINKS, 4, "Our new plant in town number 1", None),
    ],
)
def test_lists_are_found_without_rules(body: str, number: int, title: str, published: datetime | None) -> None:
    """Cards, tables, and links that are cards themselves; menus and footers are not taken."""
    feed = parse(page(body), URL, source())
    assert (len(feed.entries), feed.offered, feed.language, feed.title) == (number, number, "de", "Presse | Konzern")
    first = feed.entries[0]
    assert first.title == title
    if published:
        assert first.published == published
    assert first.url.startswith(("https://www.konzern.example/", "https://presse.konzern.example/"))
    assert first.id == first.url


def test_rules_say_where_everything_stands() -> None:
    """Item, link, title, date and teaser by CSS."""
    rules = {"item": "div.teaser", "link": "h3 a", "title": "h3", "date": "time", "teaser": "p"}
    feed = parse(page(CARDS), URL, source(**rules))
    assert [entry.title for entry in feed.entries] == [f"Konzern eröffnet Werk Nummer {n}" for n in range(1, 6)]
    assert feed.entries[1].published == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert feed.entries[1].summary.startswith("Am Standort Köln entstehen in diesem Jahr mehr als 200")
    assert feed.entries[1].url == "https://www.konzern.example/presse/2026/meldung-2-neues-werk.html?utm_source=liste"


def test_a_link_rule_alone_is_enough() -> None:
    """What stands around the link and no other is its block."""
    feed = parse(page(CARDS), URL, source(link="h3 a"))
    assert len(feed.entries) == 5
    assert feed.entries[4].published == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert "500 neue" in feed.entries[4].content


def test_rules_that_find_nothing_are_a_fault() -> None:
    """A page that was rebuilt does not look like one without news."""
    with pytest.raises(NotAFeed, match=r"rules find no article.*div\.gone"):
        parse(page(CARDS), URL, source(item="div.gone"))
    with pytest.raises(NotAFeed, match="no list"):
        parse(page("<main><p>Willkommen auf unseren Seiten im Netz.</p></main>"), URL, source())


def test_a_wall_is_no_list() -> None:
    """A consent wall in the list's place is told as one."""
    text = "Wir und unsere 120 Partner verarbeiten Ihre Daten. Mit Klick auf »Akzeptieren und weiter« stimmen Sie zu."
    with pytest.raises(Walled, match="consent"):
        parse(f"<html><body><p>{text}</p></body></html>".encode(), URL, source())


@pytest.mark.parametrize("body", [b"", b"\0\1\2", b"%PDF-1.7", b"<" * 10_000, b"<div>" * 20_000 + b"x"])
def test_nothing_breaks_it(body: bytes) -> None:
    """What is no page is refused with a reason."""
    with pytest.raises(NotAFeed):
        parse(body, URL, source())


def test_thousands_of_links_are_bearable() -> None:
    """A flat page of links costs no minutes."""
    body = "".join(
        f"<a href='/artikel/{n}-neues-werk-in-stadt'>Neues Werk in der Stadt Nummer {n}</a> " for n in range(5000)
    )
    assert len(parse(page(f"<main>{body}</main>"), URL, source(), most=100).entries) == 100
