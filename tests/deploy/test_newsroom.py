"""The demo newsroom over a real loopback server, and the data that it prints.

The server's clock is a value of the test, so that time passes without waiting.
"""

import csv
import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from deploy.demo.articles import OUTLETS
from deploy.demo.newsroom import DemoArticle, Newsroom, load_articles, make_server, render_page, sources

ROOT = Path(__file__).parents[2]
DATA = ROOT / "deploy" / "demo"
ANCHOR = datetime(2026, 11, 23, 9, tzinfo=UTC)
ARTICLES = load_articles(DATA / "articles.jsonl")
LIVE = tuple(article for article in ARTICLES if article.hours_ago < 0)
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
TYPES = {
    "new_site", "site_expansion", "capital_investment", "market_entry", "site_closure",
    "contract_win", "project", "tender", "product_launch", "technology",
    "partnership", "acquisition", "divestment", "funding", "results", "insolvency",
    "hiring", "layoffs", "leadership_change", "event", "strategy", "award", "legal", "disruption",
}  # fmt: skip
STATUSES = {"rumoured", "planned", "under_way", "completed", "cancelled"}
COLUMNS = [
    "account_id", "name", "parent_id", "level", "aliases", "former_names", "legal_name",
    "domain", "tickers", "country", "industry", "owner", "teams", "regions",
]  # fmt: skip
KEYS = {
    "id", "kind", "url", "name", "language", "country", "credibility",
    "poll_min", "poll_max", "accounts", "rights",
}  # fmt: skip


class _Answer(NamedTuple):
    status: int
    headers: Message
    text: str


class _Site:
    """A running server with a clock that the test sets, and a client for it."""

    def __init__(self) -> None:
        self.now = ANCHOR
        self.server: Newsroom = make_server(ARTICLES, ANCHOR, clock=lambda: self.now)
        self.url = self.server.base_url

    def get(self, target: str, method: str = "GET", **headers: str) -> _Answer:
        parts = urlsplit(target)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return _Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()


class _ArticleText(HTMLParser):
    """Collects the paragraphs inside ``<article>``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = self.inside or tag == "article"
        if tag == "p":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"

    def handle_data(self, data: str) -> None:
        if self.inside and self.paragraphs:
            self.paragraphs[-1] += data


@pytest.fixture
def site() -> Iterator[_Site]:
    """A site that stands at the anchor, and is closed after the test."""
    site = _Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


@pytest.fixture(scope="module")
def accounts() -> dict[str, dict[str, str]]:
    """The rows of accounts.csv by their id."""
    with (DATA / "accounts.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return {row["account_id"]: row for row in reader}


def printed(outlet: str) -> list[DemoArticle]:
    """What an outlet shows at the anchor, newest first."""
    return sorted(
        (a for a in ARTICLES if a.outlet == outlet and a.hours_ago >= 0),
        key=lambda article: article.hours_ago,
    )


def links(site: _Site, outlet: str) -> list[str]:
    """The item links of an outlet's feed, in its order."""
    feed = site.get(OUTLETS[outlet].feed_path).text
    match OUTLETS[outlet].form:
        case "rss":
            return [item.findtext("link", "") for item in ET.fromstring(feed).iter("item")]
        case "atom":
            entries = ET.fromstring(feed).iter(f"{ATOM}entry")
            return [entry.find(f"{ATOM}link").get("href", "") for entry in entries]  # type: ignore[union-attr]
        case "json":
            return [item["url"] for item in json.loads(feed)["items"]]


@pytest.mark.parametrize(("outlet", "full"), [("industriebote", False), ("meldewerk", True)])
def test_rss_parses_and_holds_what_the_outlet_gives(site: _Site, outlet: str, full: bool) -> None:
    """An RSS feed has title, teaser, author, tags and date of each article; one outlet gives its text."""
    answer = site.get(f"/{outlet}/rss.xml")
    assert answer.headers.get_content_type() == "application/rss+xml"
    items = list(ET.fromstring(answer.text).iter("item"))
    assert [item.findtext("title") for item in items] == [a.title for a in printed(outlet)]
    for item, article in zip(items, printed(outlet), strict=True):
        assert item.findtext("description") == article.teaser
        assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == article.author
        assert [category.text for category in item.iter("category")] == list(article.tags)
        assert parsedate_to_datetime(item.findtext("pubDate", "")) == article.published(ANCHOR)
        content = item.findtext(CONTENT)
        assert (content is not None) is full
        assert content is None or article.body[-1][:40] in content


def test_atom_parses_and_gives_teasers_only(site: _Site) -> None:
    """The Atom feed has an id, a date and a summary for each article, but not its text."""
    answer = site.get("/plant-and-freight/atom.xml")
    feed = ET.fromstring(answer.text)
    entries = feed.findall(f"{ATOM}entry")
    expected = printed("plant-and-freight")
    assert feed.findtext(f"{ATOM}title") == "Plant & Freight Review"
    assert [entry.findtext(f"{ATOM}summary") for entry in entries] == [a.teaser for a in expected]
    assert [datetime.fromisoformat(e.findtext(f"{ATOM}published", "")) for e in entries] == [
        a.published(ANCHOR) for a in expected
    ]
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    assert not list(feed.iter(f"{ATOM}content"))


def test_json_feed_parses_and_gives_full_text(site: _Site) -> None:
    """The JSON Feed says its version and carries each article's whole text and date."""
    feed = json.loads(site.get("/halyard-wire/feed.json").text)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    for item, article in zip(feed["items"], printed("halyard-wire"), strict=True):
        assert item["title"] == article.title
        assert datetime.fromisoformat(item["date_published"]) == article.published(ANCHOR)
        assert article.body[-1][-40:-1].replace("&", "&amp;") in item["content_html"]


@pytest.mark.parametrize("outlet", OUTLETS)
def test_every_link_answers_with_the_article(site: _Site, outlet: str) -> None:
    """Each link of each feed leads to a page whose ``<article>`` holds every paragraph, and no other's."""
    targets = links(site, outlet)
    assert len(targets) == len(printed(outlet)) > 10
    for target, article in zip(targets, printed(outlet), strict=True):
        answer = site.get(target)
        assert answer.status == 200
        texts = [text.strip() for text in _ArticleText(answer.text).paragraphs]
        assert [text for text in texts if text in article.body] == list(article.body)
        assert not any(other.body[0] in answer.text for other in ARTICLES if other is not article)


def test_page_has_the_metadata_of_a_real_one() -> None:
    """A page names language, title, author, time and canonical link in its head, and escapes the text."""
    article = replace(ARTICLES[0], title='R&D <b>"up"</b>')
    page = render_page(article, ANCHOR, "http://127.0.0.1:1", ARTICLES[1:3])
    assert f'<html lang="{article.language}">' in page
    assert '<meta property="og:title" content="R&amp;D &lt;b&gt;&quot;up&quot;&lt;/b&gt;">' in page
    assert f'<meta property="article:published_time" content="{article.published(ANCHOR).isoformat()}">' in page
    assert f'<meta name="author" content="{article.author}">' in page
    assert f'<link rel="canonical" href="http://127.0.0.1:1{article.path}">' in page
    for part in ("<nav", "cookie-notice", "<aside", "<footer", f'<a href="{ARTICLES[1].path}">'):
        assert part in page


def test_tracker_parameters_stand_in_one_outlet_only(site: _Site) -> None:
    """Only one outlet's links carry ``utm_source``; its pages answer with and without it."""
    tracked = {outlet for outlet in OUTLETS if any("utm_source=rss" in link for link in links(site, outlet))}
    assert tracked == {"industriebote"}
    link = links(site, "industriebote")[0]
    assert site.get(link).text == site.get(link.partition("?")[0]).text


@pytest.mark.parametrize("outlet", OUTLETS)
def test_conditional_get_of_a_feed(site: _Site, outlet: str) -> None:
    """A feed that has not changed gives 304 without a body, by tag or by date, and 200 to another tag."""
    path = OUTLETS[outlet].feed_path
    first = site.get(path)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    same = site.get(path, If_None_Match=tag)
    assert (first.status, same.status, same.text, same.headers["ETag"]) == (200, 304, "", tag)
    assert site.get(path, If_None_Match=f'"other", W/{tag}').status == 304
    assert site.get(path, If_Modified_Since=date).status == 304
    assert site.get(path, If_None_Match='"other"', If_Modified_Since=date).status == 200
    earlier = format_datetime(parsedate_to_datetime(date) - timedelta(seconds=1), usegmt=True)
    assert site.get(path, If_Modified_Since=earlier).status == 200
    assert site.get(path, If_Modified_Since="yesterday").status == 200


@pytest.mark.parametrize("article", LIVE, ids=lambda article: article.slug)
def test_article_appears_when_its_time_comes(site: _Site, article: DemoArticle) -> None:
    """An article after the anchor is nowhere before its second, then in its feed and on its page."""
    path = OUTLETS[article.outlet].feed_path
    site.now = article.published(ANCHOR) - timedelta(seconds=1)
    before = site.get(path)
    assert article.path not in before.text
    assert site.get(article.path).status == 404
    site.now += timedelta(seconds=1)
    after = site.get(path, If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert article.path in after.text
    assert parsedate_to_datetime(after.headers["Last-Modified"]) == article.published(ANCHOR)
    assert site.get(article.path).status == 200


def test_index_leads_to_every_outlet_and_feed(site: _Site) -> None:
    """The index page links each outlet and names each feed as an alternate; both answer."""
    page = site.get("/").text
    for outlet in OUTLETS.values():
        assert f'<a href="/{outlet.id}/">' in page
        assert re.search(rf'<link rel="alternate" type="{re.escape(outlet.feed_type)}"[^>]*{outlet.feed_path}"', page)
        assert site.get(f"/{outlet.id}/").status == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/industriebote/no-such-article", "/meldewerk/atom.xml", "/industriebote", "/.."]
)
def test_unknown_path_is_not_found(site: _Site, path: str) -> None:
    """A path that the site does not have gives 404."""
    assert site.get(path).status == 404


def test_robots_and_head(site: _Site) -> None:
    """robots.txt lets agents read the outlets, and HEAD answers like GET without a body."""
    assert site.get("/robots.txt").text.startswith("User-agent: *\n")
    head = site.get("/", method="HEAD")
    assert (head.status, head.text) == (200, "")
    assert int(head.headers["Content-Length"]) > 1000


def test_sources_name_feeds_that_answer(site: _Site) -> None:
    """The text of sources.toml has one valid table for each outlet, and every URL in it answers."""
    tables = tomllib.loads(sources(site.url))["source"]
    assert [table["id"] for table in tables] == list(OUTLETS)
    for table in tables:
        assert set(table) == KEYS
        assert 0 <= table["credibility"] <= 1
        assert site.get(table["url"]).status == 200


def test_sources_of_the_compose_file() -> None:
    """`deploy/demo/sources.toml` is what the newsroom says of itself under its name in docker-compose.yml."""
    compose = (ROOT / "docker-compose.yml").read_text()
    assert '"http://newsroom:8000"' in compose
    assert (DATA / "sources.toml").read_text().endswith("\n\n" + sources("http://newsroom:8000"))


def test_links_begin_with_the_base_url() -> None:
    """Where others reach the site by another name, its links begin with that name."""
    with make_server(ARTICLES, ANCHOR, base_url="http://newsroom:8000/", clock=lambda: ANCHOR) as server:
        feed = server.find("/meldewerk/rss.xml")
    assert feed is not None
    assert b"<link>http://newsroom:8000/meldewerk/" in feed.body
    assert b"127.0.0.1" not in feed.body


def test_anchor_file_keeps_the_first_start(tmp_path: Path) -> None:
    """The first start writes the moment down; a later one takes it from there, and refuses a broken file."""
    file = tmp_path / "anchor"
    command = [sys.executable, "-m", "deploy.demo.newsroom", "--anchor-file", str(file)]
    kept = []
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.terminate()
        kept.append((process.returncode, datetime.fromisoformat(file.read_text())))
    assert kept[0] == kept[1] == (0, kept[0][1])
    file.write_text("yesterday")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_main_serves_and_ends_on_a_signal(number: signal.Signals) -> None:
    """The program prints one JSON line with its URL, answers there, and ends with 0 on a signal."""
    command = [sys.executable, "-m", "deploy.demo.newsroom", "--port", "0"]
    command += ["--anchor", ANCHOR.isoformat(), "--data", str(DATA)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = urlsplit(json.loads(process.stdout.readline())["url"])
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("arguments", [["--anchor", "2026-11-23T09:00:00"], ["--data", "/nowhere"]])
def test_main_refuses_wrong_use(arguments: list[str]) -> None:
    """An anchor without a time zone, or data that is not there, ends the program with 2 and a reason."""
    command = [sys.executable, "-m", "deploy.demo.newsroom", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error:" in done.stderr


@pytest.mark.parametrize("line", ["{", '{"slug": "a"}', "[]", None])
def test_a_broken_line_is_named(tmp_path: Path, line: str | None) -> None:
    """A line that is no article, or repeats a slug, is refused with its file and number."""
    good = (DATA / "articles.jsonl").read_text(encoding="utf-8").splitlines()[0]
    path = tmp_path / "articles.jsonl"
    path.write_text(f"{good}\n\n{good if line is None else line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"articles\.jsonl:3: "):
        load_articles(path)


def test_every_type_is_told_in_both_languages() -> None:
    """All 24 types stand in German and in English articles, and no other type or status does."""
    seen = {(article.language, s.type) for article in ARTICLES for s in article.signals}
    assert seen == {(language, type_) for language in ("de", "en") for type_ in TYPES}
    assert {s.status for article in ARTICLES for s in article.signals} == STATUSES


def test_signals_belong_to_groups_that_the_lead_names(accounts: dict[str, dict[str, str]]) -> None:
    """Each signal's account is a group, and title, teaser or first paragraph names it or a part of it."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in accounts.values():
        top = row
        while top["parent_id"]:
            top = accounts[top["parent_id"]]
        names[top["account_id"]] |= {row["name"], *filter(None, row["aliases"].split(";"))}
    for article in ARTICLES:
        lead = " ".join((article.title, article.teaser, article.body[0]))
        for found in article.signals:
            assert accounts[found.account_id]["level"] == "group"
            assert any(name in lead for name in names[found.account_id]), article.slug


def test_accounts_form_a_tree(accounts: dict[str, dict[str, str]]) -> None:
    """Units hang under groups and sites under units; domains end in .example; every group has an owner."""
    above = {"group": None, "unit": "group", "site": "unit"}
    for row in accounts.values():
        parent = accounts[row["parent_id"]]["level"] if row["parent_id"] else None
        assert parent == above[row["level"]]
        assert not row["domain"] or row["domain"].endswith(".example")
    groups = [row for row in accounts.values() if row["level"] == "group"]
    assert all(row["owner"].endswith("@supplier.example") and row["regions"] for row in groups)
    assert len(groups) == 14


def test_stories_are_told_by_several_outlets_and_move_on() -> None:
    """Many stories stand in two outlets and both languages, and three of them change their status."""
    stories: dict[str, list[DemoArticle]] = defaultdict(list)
    for article in sorted(ARTICLES, key=lambda article: -article.hours_ago):
        stories[article.story].append(article)
    shared = [told for told in stories.values() if len({a.outlet for a in told}) > 1]
    assert len([told for told in shared if {a.language for a in told} == {"de", "en"}]) >= 10
    assert all(told[0].signals for told in shared)
    moves = {story: [a.signals[0].status for a in told if a.signals] for story, told in stories.items()}
    assert moves["nordhaff-baltrava"] == ["rumoured", "planned", "completed"]
    assert moves["brueggenthal-opole"] == ["rumoured", "planned", "planned", "under_way"]
    assert moves["kredantis-leasing"] == ["rumoured", "planned"]


def test_articles_are_as_long_as_news_and_spread_over_time() -> None:
    """Bodies have 2-6 paragraphs and 150-450 words; six articles come after the anchor, none is too old."""
    for article in ARTICLES:
        assert 2 <= len(article.body) <= 6
        assert 150 <= sum(len(text.split()) for text in article.body) <= 450, article.slug
        assert article.hours_ago <= 60
    assert len(LIVE) == 6
    assert min(article.hours_ago for article in ARTICLES if article not in LIVE) >= 0.2


def test_ordinary_news_and_the_trap_word_are_there() -> None:
    """A quarter of the articles tell no account's signal, and three of those use the word ``Linie``."""
    quiet = [article for article in ARTICLES if not article.signals]
    assert {language: sum(a.language == language for a in quiet) for language in ("de", "en")} == {
        "de": 9,
        "en": 9,
    }
    assert sum(bool(re.search(r"\bLinie\b", " ".join((a.title, *a.body)))) for a in quiet) >= 3
