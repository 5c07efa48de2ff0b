"""A page without feed to entries: newsrooms and press pages that only list their articles.

With rules from the source file the list is where they say; rules that find nothing are a fault, because a page that was
rebuilt must not look like one without news. Without rules the list is found: links of one shape, in blocks of one
shape, best with dates beside them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from agents.chars import decoded, shortened
from agents.dates import when
from agents.entries import TEXT, TITLE, Entry, Feed, language_of
from agents.errors import NotAFeed, Walled
from agents.links import clean, host_of
from agents.plain import line, plain
from agents.rules import Rules, select
from agents.sniff import stated
from agents.sources import Source
from agents.walls import wall

#: A list has so many entries at least, where nobody said where it is.
_LIST: Final = 3
#: Shorter link texts are `more` and `next` and sections; headlines are longer.
_HEADLINE: Final = 18
_TEASER: Final = 1000
_ASIDE: Final = frozenset(("nav", "footer", "header", "aside", "form", "select", "button"))
_HEADS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MONTHS: Final = (
    "jan(?:uar|uary)?|jänner|feb(?:ruar|ruary)?|mär(?:z)?|mar(?:ch)?|apr(?:il)?|mai|may|jun[ie]?|jul[iy]?|aug(?:ust)?"
    "|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DATE: Final = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d(?:T[\d:.+-]+Z?)?|\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{4}}|\d{{1,2}}\.?\s(?:{_MONTHS})\.?,?\s\d{{4}}"
    rf"|(?:{_MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{4}})\b",
    re.IGNORECASE,
)
#: Addresses of articles have a date, a number or many words in them; those of sections and imprints do not.
_ARTICLE: Final = re.compile(
    r"/(?:19|20)\d\d[/-]?\d\d?\b|\d{4,}|[a-z0-9]+(?:[-_][a-z0-9]+){3,}|/article|/artikel|\.html?$"
)
_NO_PAGE: Final = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|zip|mp[34]|css|js|ics|xlsx?|docx?|pptx?)$", re.IGNORECASE)

Node = Any


def parse(body: bytes, url: str, source: Source, content_type: str = "", most: int = 2000) -> Feed:
    """Return the list on a page as a feed.

    Args:
        body: HTML, as fetched.
        url: where it came from.
        source: its rules say where the list is, if it has any.
        content_type: the header; its charset counts.
        most: entries taken, from the top.

    Raises:
        Walled: a consent wall, a login or a check for robots stands in its place.
        NotAFeed: there is no list on it, or the rules find none.
    """
    root = _root(body, stated(content_type))
    title = _squeezed(" ".join(root.xpath("//head//title[1]//text()")))[:TITLE]
    base = urljoin(url, next(iter(root.xpath("//base/@href")), "")) or url
    rules = source.rules or Rules()
    entries = _unique(_ruled(root, rules, base) if not rules.empty else _found(root, rules, base))
    if not entries:
        _refuse(title, root, url, rules)
    language = language_of(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"))
    return Feed(title, language, None, tuple(entries[:most]), len(entries))


def _refuse(title: str, root: Node, url: str, rules: Rules) -> None:
    """Raise what is on the page instead of a list."""
    words = _squeezed(_words(root))
    if looks := wall(title, words[:20_000], "", url):
        raise Walled(looks)
    if not rules.empty:
        raise NotAFeed(f"the rules find no article: item = {rules.item!r}, link = {rules.link!r}")
    raise NotAFeed("no list of articles found on the page; say where it is with rules")


def _root(body: bytes, charset: str) -> Node:
    """Return the page as a tree."""
    text = decoded(shortened(body), charset).replace("\0", "")
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", no_network=True)
    try:
        root: Node = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        raise NotAFeed("no HTML") from None
    for silent in root.xpath("//script|//style|//template|//noscript|//svg"):
        silent.drop_tree()
    return root


def _ruled(root: Node, rules: Rules, base: str) -> Iterator[Entry]:
    """Yield what the rules find."""
    blocks = select(rules.item)(root) if rules.item else [_block(node) for node in select(rules.link)(root)]
    for block in blocks:
        anchors = _anchors(block, rules)
        # The headline's link and the picture's lead to the same place; the one with words names it.
        if anchors:
            yield from _entry(block, max(anchors, key=lambda node: len(_squeezed(_words(node)))), rules, base)


def _anchors(block: Node, rules: Rules) -> list[Node]:
    """Return the links of a block that the rules mean."""
    places = (select(rules.link)(block) or [block]) if rules.link else [block]
    found = [one for place in places for one in ([place] if place.get("href") else place.xpath(".//a[@href]"))]
    return found or block.xpath("ancestor::a[@href][1]")


def _block(node: Node) -> Node:
    """Return what stands around a link and no other: where its date and teaser are."""
    anchor = node if node.get("href") else next(iter(node.xpath(".//a[@href]")), node)
    target = anchor.get("href", "")
    while (parent := node.getparent()) is not None and parent.tag not in ("body", "html", "main"):
        others = (other for other in parent.iter("a") if other.get("href", target) != target)
        if any(len(_squeezed(_words(other))) >= _HEADLINE for other in others):
            break
        node = parent
    return node


def _entry(block: Node, anchor: Node, rules: Rules, base: str) -> Iterator[Entry]:
    """Yield the entry of a block, if it has a link and a title."""
    url = clean(anchor.get("href", ""), base)
    if not url or _NO_PAGE.search(urlsplit(url).path):
        return
    head = _by_rule(block, rules.title) or _headline(block, anchor)
    teaser = plain(_by_rule(block, rules.teaser))[:_TEASER] if rules.teaser else _teaser(block, head)
    if head:
        yield Entry(url, url, head[:TITLE], teaser, teaser[:TEXT], _date(block, rules), "", (), "")


def _headline(block: Node, anchor: Node) -> str:
    """Return the title: a heading's text, the link's, or what it says for those who do not see."""
    heads = [_squeezed(_words(node)) for node in (*anchor.iter(*_HEADS), *block.iter(*_HEADS))]
    own = _squeezed(_words(anchor))
    inner = [_squeezed(_words(node)) for node in anchor.iter("a", "span", "strong", "p", "div") if node is not anchor]
    if any(heads):
        return next(head for head in heads if head)
    if len(own) > 200 and inner:
        # The whole card is the link: its longest short piece is the headline.
        return max((one for one in inner if len(one) <= 200), key=len, default=own)
    return own or _squeezed(anchor.get("title", "") or anchor.get("aria-label", ""))


def _teaser(block: Node, head: str) -> str:
    """Return the longest paragraph of a block that is not its headline."""
    texts = (_squeezed(_words(node)) for node in block.iter("p", "div", "span") if not len(node.xpath(".//p|.//div")))
    return max((text for text in texts if text != head and len(text) > 60), key=len, default="")[:_TEASER]


def _date(block: Node, rules: Rules) -> datetime | None:
    """Return when a block says that its article was published."""
    if rules.date:
        return next((time for node in select(rules.date)(block) if (time := _dated(node)) is not None), None)
    times = (time for node in block.iter("time") if (time := _dated(node)) is not None)
    return next(times, None) or _written(_words(block))


def _dated(node: Node) -> datetime | None:
    """Return the time in an element: as its attributes say, else its text."""
    for text in (node.get("datetime"), node.get("content"), node.get("data-date"), node.get("title"), _words(node)):
        if text and (time := when(_squeezed(text)) or _written(text)):
            return time
    return None


def _written(text: str) -> datetime | None:
    """Return the first date in a text."""
    found = _DATE.search(_squeezed(text))
    return when(found[0]) if found else None


def _found(root: Node, rules: Rules, base: str) -> Iterator[Entry]:
    """Yield the entries of the lists that a page seems to have."""
    groups: dict[tuple[str, ...], list[Node]] = defaultdict(list)
    host = _site(base)
    for anchor in root.iter("a"):
        url = clean(anchor.get("href", ""), base)
        if url and _site(url) == host and urlsplit(url).path.rstrip("/") != urlsplit(base).path.rstrip("/"):
            path = _path(anchor)
            if path:
                groups[path].append(anchor)
    lists = [made for anchors in groups.values() if (made := _listed(anchors, rules, base))]
    dated = [made for made in lists if sum(one.published is not None for one in made) >= 0.6 * len(made)]
    if dated:
        for made in dated:
            yield from made
    elif lists:
        yield from max(lists, key=lambda made: sum(len(one.title) for one in made))


def _listed(anchors: list[Node], rules: Rules, base: str) -> list[Entry]:
    """Return the entries behind links of one shape; none where they do not look like articles."""
    entries = _unique(entry for anchor in anchors for entry in _entry(_block(anchor), anchor, rules, base))
    named = [entry for entry in entries if len(entry.title) >= _HEADLINE]
    article = sum(bool(_ARTICLE.search(_behind(entry.url))) for entry in named)
    return named if len(named) >= _LIST and 2 * article >= len(named) >= 0.6 * len(entries) else []


def _path(anchor: Node) -> tuple[str, ...]:
    """Return the shape of the place where a link stands; empty in menus and footers."""
    above = list(anchor.iterancestors())
    if any(node.tag in _ASIDE and not (node.tag == "header" and _within(node, "article")) for node in above):
        return ()
    return tuple(f"{node.tag}.{'.'.join(sorted(_classes(node)))}" for node in above[:4])


def _within(node: Node, tag: str) -> bool:
    return any(above.tag == tag for above in node.iterancestors())


def _classes(node: Node) -> Iterable[str]:
    """Yield an element's classes but those that count or mark single ones."""
    return (name for name in node.get("class", "").split() if not re.search(r"\d|first|last|odd|even|active", name))


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries, each address once, in their order; of two for one address the one that says more."""
    kept: dict[str, Entry] = {}
    for entry in entries:
        other = kept.get(entry.url)
        if other is None or (entry.published is not None, len(entry.title)) > (
            other.published is not None,
            len(other.title),
        ):
            kept[entry.url] = entry
    return list(kept.values())


def _behind(url: str) -> str:
    """Return path and query."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _site(url: str) -> str:
    """Return the last two labels of a host: `presse.konzern.example` and `www.konzern.example` are one site."""
    return ".".join(host_of(url).split(".")[-2:])


def _by_rule(block: Node, rule: str) -> str:
    found = select(rule)(block) if rule else []
    return _squeezed(_words(found[0])) if found else ""


def _words(node: Node) -> str:
    return " ".join(node.itertext())


def _squeezed(text: str) -> str:
    return line(text, TEXT, markup=False)
