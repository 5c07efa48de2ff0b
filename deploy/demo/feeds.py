"""The four outlets' feeds: RSS 2.0, Atom 1.0 and JSON Feed 1.1, as pure functions.

Each takes the outlet, its articles newest first, the anchor, and the site's base URL without a trailing
slash, and returns the bytes to send. The same arguments give the same bytes, so that an ETag over them holds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET

from deploy.demo.articles import DemoArticle, FeedForm, Outlet

FeedRenderer = Callable[[Outlet, Sequence[DemoArticle], datetime, str], bytes]


def render_rss(outlet: Outlet, articles: Sequence[DemoArticle], anchor: datetime, base_url: str) -> bytes:
    """RSS 2.0, with ``content:encoded`` where the outlet gives its full text; UTF-8 XML."""
    rss = ET.Element("rss", {
        "version": "2.0",
        "xmlns:atom": "http://www.w3.org/2005/Atom",
        "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
        "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    })  # fmt: skip
    channel = ET.SubElement(rss, "channel")
    _add(channel, "title", outlet.name)
    _add(channel, "link", f"{base_url}/{outlet.id}/")
    _add(channel, "description", outlet.tagline)
    _add(channel, "language", f"{outlet.language}-{outlet.country}")
    _add(channel, "atom:link", rel="self", type=outlet.feed_type, href=base_url + outlet.feed_path)
    if articles:
        _add(channel, "lastBuildDate", format_datetime(articles[0].published(anchor)))
    for article in articles:
        _rss_item(channel, outlet, article, anchor, base_url)
    return _xml(rss)


def render_atom(outlet: Outlet, articles: Sequence[DemoArticle], anchor: datetime, base_url: str) -> bytes:
    """Atom 1.0 with summaries, and ``content`` where the outlet gives its full text; UTF-8 XML."""
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": outlet.language})
    newest = articles[0].published(anchor) if articles else anchor
    _add(feed, "id", f"tag:{outlet.id}.example,2020:feed")
    _add(feed, "title", outlet.name)
    _add(feed, "subtitle", outlet.tagline)
    _add(feed, "updated", _iso(newest))
    _add(feed, "link", rel="self", type=outlet.feed_type, href=base_url + outlet.feed_path)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{base_url}/{outlet.id}/")
    for article in articles:
        _atom_entry(feed, outlet, article, anchor, base_url)
    return _xml(feed)


def render_json_feed(outlet: Outlet, articles: Sequence[DemoArticle], anchor: datetime, base_url: str) -> bytes:
    """JSON Feed 1.1, with ``content_html`` where the outlet gives its full text; UTF-8 JSON."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.tagline,
        "home_page_url": f"{base_url}/{outlet.id}/",
        "feed_url": base_url + outlet.feed_path,
        "language": f"{outlet.language}-{outlet.country}",
        "items": [_json_item(outlet, article, anchor, base_url) for article in articles],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


RENDERERS: Mapping[FeedForm, FeedRenderer] = {
    "rss": render_rss,
    "atom": render_atom,
    "json": render_json_feed,
}


def _rss_item(channel: ET.Element, outlet: Outlet, article: DemoArticle, anchor: datetime, base_url: str) -> None:
    item = ET.SubElement(channel, "item")
    _add(item, "title", article.title)
    _add(item, "link", _link(outlet, article, base_url))
    _add(item, "guid", base_url + article.path, isPermaLink="true")
    _add(item, "pubDate", format_datetime(article.published(anchor)))
    _add(item, "dc:creator", article.author)
    for tag in article.tags:
        _add(item, "category", tag)
    _add(item, "description", article.teaser)
    if outlet.full_text:
        _add(item, "content:encoded", _html(article))


def _atom_entry(feed: ET.Element, outlet: Outlet, article: DemoArticle, anchor: datetime, base_url: str) -> None:
    entry = ET.SubElement(feed, "entry")
    _add(entry, "id", f"tag:{outlet.id}.example,2020:{article.slug}")
    _add(entry, "title", article.title)
    _add(entry, "link", rel="alternate", type="text/html", href=_link(outlet, article, base_url))
    _add(entry, "published", _iso(article.published(anchor)))
    _add(entry, "updated", _iso(article.published(anchor)))
    _add(ET.SubElement(entry, "author"), "name", article.author)
    for tag in article.tags:
        _add(entry, "category", term=tag)
    _add(entry, "summary", article.teaser)
    if outlet.full_text:
        _add(entry, "content", _html(article), type="html")


def _json_item(outlet: Outlet, article: DemoArticle, anchor: datetime, base_url: str) -> dict[str, object]:
    item: dict[str, object] = {
        "id": base_url + article.path,
        "url": _link(outlet, article, base_url),
        "title": article.title,
        "summary": article.teaser,
        "date_published": _iso(article.published(anchor)),
        "authors": [{"name": article.author}],
        "tags": list(article.tags),
        "language": article.language,
    }
    # JSON Feed asks for one of the two contents in every item.
    content = {"content_html": _html(article)} if outlet.full_text else {"content_text": article.teaser}
    return item | content


def _link(outlet: Outlet, article: DemoArticle, base_url: str) -> str:
    return base_url + article.path + (f"?{outlet.tracker}" if outlet.tracker else "")


def _html(article: DemoArticle) -> str:
    paragraphs = (f"<p>{escape(text, quote=False)}</p>" for text in article.body)
    return f"<p><strong>{escape(article.teaser, quote=False)}</strong></p>" + "".join(paragraphs)


def _add(parent: ET.Element, tag: str, text: str | None = None, /, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _xml(root: ET.Element) -> bytes:
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
