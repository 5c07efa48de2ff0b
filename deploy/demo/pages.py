"""The newsroom's pages, with all that surrounds an article elsewhere: menu, cookie notice, sidebar, footer.

Pure functions from values to HTML5; all text that comes from articles is escaped here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from string import Template

from deploy.demo.articles import OUTLETS, DemoArticle, Outlet

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip

SITE = Outlet("", "The demo newsroom", "Four outlets, all invented", "en", "GB", 0.0, "#444", "json", full_text=False)

WORDS = {
    "de": {
        "by": "Von", "front": "Startseite", "all": "Alle Häuser", "tags": "Schlagwörter",
        "related": "Das könnte Sie auch interessieren", "newest": "Zuletzt erschienen",
        "letter": "Der Brief am Morgen", "subscribe": "Abonnieren", "accept": "Einverstanden",
        "letter_text": "Das Wichtigste vor dem ersten Kaffee, fünfmal die Woche.",
        "cookies": "Diese Seite würde gern Kekse setzen. Es sind aber keine da: Sie ist eine Vorführung.",
        "imprint": "Impressum · Datenschutz · Mediadaten",
        "invented": "Alle Unternehmen, Personen und Nachrichten sind erfunden.",
    },
    "en": {
        "by": "By", "front": "Front page", "all": "All outlets", "tags": "Topics",
        "related": "You may also like", "newest": "Latest",
        "letter": "The morning letter", "subscribe": "Subscribe", "accept": "Fine",
        "letter_text": "What matters, before your first coffee, five days a week.",
        "cookies": "This site would like to set cookies. It has none: it is a demonstration.",
        "imprint": "About · Privacy · Advertise",
        "invented": "All companies, people and news on this site are invented.",
    },
}  # fmt: skip

STYLE = """
body{margin:0;background:#f6f4ef;color:#222;font:17px/1.6 Georgia,serif}a{color:var(--accent)}
header,footer{background:var(--accent);color:#fff;padding:1rem 2rem}
header a{color:#fff;text-decoration:none}header strong{font-size:1.7rem}nav a{margin-right:1.2rem}
.cookie-notice{background:#fff3cd;padding:.5rem 2rem}
.columns{display:grid;grid-template-columns:minmax(0,42rem) 16rem;gap:3rem;max-width:64rem;margin:2rem auto;
padding:0 1rem}h1{line-height:1.2}.lead{font-size:1.15rem;font-weight:bold}
.byline,.tags,aside,footer,nav,.cookie-notice{font-family:system-ui,sans-serif;font-size:.85rem}
.tags li{display:inline;margin-right:1rem}ul{padding-left:1.1rem}
@media(max-width:50rem){.columns{grid-template-columns:1fr}}
"""

LAYOUT = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
$head
<style>:root{--accent:$colour}$style</style>
</head>
<body>
<header><a href="$home"><strong>$name</strong></a> <span>$tagline</span>
<nav aria-label="$front"><a href="$home">$front</a><a href="/">$all</a></nav></header>
<div class="cookie-notice" role="dialog" aria-label="Cookies"><p>$cookies <button type="button"
onclick="this.closest('.cookie-notice').remove()">$accept</button></p></div>
<div class="columns">
<main>
$main
</main>
<aside class="sidebar"><h2>$letter</h2><p>$letter_text</p>
<p><button type="button">$subscribe</button></p></aside>
</div>
<footer><p>&copy; $name · $imprint</p><p>$invented</p></footer>
</body>
</html>
""")

ARTICLE = Template("""<article>
<h1>$title</h1>
<p class="lead">$teaser</p>
<p class="byline">$by <span class="author">$author</span> · <time datetime="$iso">$shown</time></p>
$paragraphs
</article>
<section class="tags"><h2>$tags_head</h2><ul>$tags</ul></section>
<section class="related"><h2>$related_head</h2>$related</section>""")


def render_page(article: DemoArticle, anchor: datetime, base_url: str = "", related: Sequence[DemoArticle] = ()) -> str:
    """One article's page: an HTML5 document with its metadata in the head and the text in ``<article>``.

    Args:
        article: what to show.
        anchor: the moment that the article's time counts from.
        base_url: the site's URL without a trailing slash; the canonical link starts with it.
        related: other articles to link to, below the text.
    """
    outlet, words = OUTLETS[article.outlet], WORDS[article.language]
    moment = article.published(anchor)
    main = ARTICLE.substitute(
        title=escape(article.title), teaser=escape(article.teaser), by=words["by"],
        author=escape(article.author), iso=moment.isoformat(), shown=_shown(moment, article.language),
        paragraphs="\n".join(f"<p>{escape(text, quote=False)}</p>" for text in article.body),
        tags_head=words["tags"], tags="".join(f"<li>{escape(tag)}</li>" for tag in article.tags),
        related_head=words["related"], related=_links(related),
    )  # fmt: skip
    return _layout(outlet, f"{article.title} | {outlet.name}", _head(article, moment, base_url), main)


def render_front(outlet: Outlet, articles: Iterable[DemoArticle]) -> str:
    """An outlet's front page: its articles' titles in the order given, and where its feed is."""
    main = f"<h1>{WORDS[outlet.language]['newest']}</h1>\n{_links(articles)}"
    return _layout(outlet, outlet.name, _alternate(outlet), main)


def render_index(articles: Sequence[DemoArticle]) -> str:
    """The page at ``/``: every outlet with its feed and its articles, in the order given."""
    sections = "\n".join(
        f'<h2><a href="/{outlet.id}/">{escape(outlet.name)}</a></h2>'
        f'<p>{escape(outlet.tagline)} (<a href="{outlet.feed_path}">{outlet.feed_type}</a>)</p>'
        + _links(article for article in articles if article.outlet == outlet.id)
        for outlet in OUTLETS.values()
    )
    return _layout(SITE, SITE.name, "\n".join(map(_alternate, OUTLETS.values())), sections)


def _layout(outlet: Outlet, title: str, head: str, main: str) -> str:
    words = WORDS[outlet.language]
    return LAYOUT.substitute(
        words, language=outlet.language, title=escape(title), head=head, main=main,
        colour=outlet.colour, style=STYLE, home=f"/{outlet.id}/" if outlet.id else "/",
        name=escape(outlet.name), tagline=escape(outlet.tagline),
    )  # fmt: skip


def _head(article: DemoArticle, moment: datetime, base_url: str) -> str:
    outlet = OUTLETS[article.outlet]
    properties = {
        "og:type": "article", "og:title": article.title, "og:description": article.teaser,
        "og:site_name": outlet.name, "og:url": base_url + article.path,
        "article:published_time": moment.isoformat(),
    }  # fmt: skip
    names = {"description": article.teaser, "author": article.author, "keywords": ", ".join(article.tags)}
    metas = [f'<meta property="{key}" content="{escape(value)}">' for key, value in properties.items()]
    metas += [f'<meta name="{key}" content="{escape(value)}">' for key, value in names.items()]
    canonical = f'<link rel="canonical" href="{escape(base_url + article.path)}">'
    return "\n".join([canonical, *metas, _alternate(outlet)])


def _alternate(outlet: Outlet) -> str:
    title = escape(outlet.name)
    return f'<link rel="alternate" type="{outlet.feed_type}" title="{title}" href="{outlet.feed_path}">'


def _links(articles: Iterable[DemoArticle]) -> str:
    return "<ul>" + "".join(f'<li><a href="{a.path}">{escape(a.title)}</a></li>' for a in articles) + "</ul>"


def _shown(moment: datetime, language: str) -> str:
    moment = moment.astimezone(UTC)
    if language == "de":
        return f"{moment.day}. {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} Uhr (UTC)"
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
