"""What the site has at which path, and when: pure functions over articles, anchor and time.

/                     every outlet, its feed and its articles
/OUTLET/              an outlet's front page
/OUTLET/FEED          rss.xml, atom.xml or feed.json
/OUTLET/SLUG          an article, from the moment it is published
/robots.txt
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from deploy.demo.articles import OUTLETS, DemoArticle, Outlet, visible
from deploy.demo.feeds import RENDERERS
from deploy.demo.pages import render_front, render_index, render_page

HTML = "text/html; charset=utf-8"
ROBOTS = b"User-agent: *\nDisallow: /search\n"


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands at a path at one moment."""

    content_type: str
    body: bytes
    modified: datetime | None = None  # None: no Last-Modified

    @property
    def etag(self) -> str:
        """A strong entity tag, quotes included."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


def resource(
    path: str, articles: Sequence[DemoArticle], anchor: datetime, now: datetime, base_url: str
) -> Resource | None:
    """What the site has at ``path`` (no query) at ``now``; None where it has nothing.

    Args:
        path: the path of the request, such as ``/industriebote/rss.xml``.
        articles: all articles, those of the future too.
        anchor: the moment that the articles' times count from.
        now: only articles published by then exist.
        base_url: the site's URL without a trailing slash.
    """
    shown = visible(articles, anchor, now)
    if path == "/":
        return Resource(HTML, render_index(shown).encode(), _newest(shown, anchor))
    if path == "/robots.txt":
        return Resource("text/plain; charset=utf-8", ROBOTS)
    outlet = OUTLETS.get(path.strip("/").partition("/")[0])
    if outlet is None:
        return None
    own = [article for article in shown if article.outlet == outlet.id]
    if path == f"/{outlet.id}/":
        return Resource(HTML, render_front(outlet, own).encode(), _newest(own, anchor))
    if path == outlet.feed_path:
        body = RENDERERS[outlet.form](outlet, own, anchor, base_url)
        return Resource(f"{outlet.feed_type}; charset=utf-8", body, _newest(own, anchor))
    return _page(path, own, anchor, base_url)


def unchanged(found: Resource, tags: str | None, since: str | None) -> bool:
    """Whether a client has it already.

    Args:
        found: what the site has.
        tags: the request's If-None-Match; decides alone where there is one (RFC 9110, 13.2.2).
        since: the request's If-Modified-Since; one that is no date is passed over.
    """
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return found.etag in known or "*" in known
    if since is None or found.modified is None:
        return False
    try:
        return found.modified <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # no date, or one without a zone
        return False


def sources(base_url: str) -> str:
    """The text of a ``sources.toml`` with one ``[[source]]`` table for each feed of the site."""
    return "\n".join(_source(outlet, base_url) for outlet in OUTLETS.values())


def _page(path: str, own: Sequence[DemoArticle], anchor: datetime, base_url: str) -> Resource | None:
    """The page of one of an outlet's articles; it links the three before it, so that it stays as it is."""
    for index, article in enumerate(own):
        if article.path == path:
            page = render_page(article, anchor, base_url, own[index + 1 : index + 4])
            return Resource(HTML, page.encode(), article.published(anchor))
    return None


def _newest(articles: Sequence[DemoArticle], anchor: datetime) -> datetime | None:
    return articles[0].published(anchor) if articles else None


def _source(outlet: Outlet, base_url: str) -> str:
    return f"""[[source]]
id = "{outlet.id}"
kind = "feed"
url = "{base_url}{outlet.feed_path}"
name = "{outlet.name}"
language = "{outlet.language}"
country = "{outlet.country}"
credibility = {outlet.credibility}
poll_min = "5s"
poll_max = "30s"
accounts = []
rights = "text"
"""
