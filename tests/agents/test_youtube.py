"""YouTube. The feed here is our own small text in the shape that its Atom feeds have; none is a real channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import youtube
from agents.articles import article_id
from agents.errors import NotAFeed
from agents.fetch import Door
from agents.sources import Source
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

CHANNEL = "UCabcdefghijklmnopqrstuv"
BODY = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <link rel="self" href="http://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"/>
 <id>yt:channel:{CHANNEL[2:]}</id><yt:channelId>{CHANNEL[2:]}</yt:channelId><title>Beispielwerke</title>
 <entry>
  <id>yt:video:abcdefghijk</id><yt:videoId>abcdefghijk</yt:videoId><yt:channelId>{CHANNEL}</yt:channelId>
  <title>Spatenstich in Leuna &amp; Bitterfeld</title>
  <link rel="alternate" href="https://www.youtube.com/shorts/abcdefghijk"/>
  <author><name>Beispielwerke</name><uri>https://www.youtube.com/channel/{CHANNEL}</uri></author>
  <published>2026-03-05T09:30:00+00:00</published><updated>2026-03-06T09:30:00+00:00</updated>
  <media:group>
   <media:title>Spatenstich in Leuna</media:title>
   <media:description>Wir bauen (mehr: https://werke.example/leuna). #Chemie</media:description>
   <media:community>
    <media:starRating count="35" average="5.00" min="1" max="5"/><media:statistics views="1200"/>
   </media:community>
  </media:group>
 </entry>
</feed>""".encode()


def source(url: str = CHANNEL) -> Source:
    return Source(id="werke", kind="youtube", url=url, name="Beispielwerke", language="de")


@pytest.mark.parametrize(
    ("written", "start"),
    [
        (CHANNEL, f"{youtube.FEED}?channel_id={CHANNEL}"),
        (f"https://www.youtube.com/channel/{CHANNEL}/videos", f"{youtube.FEED}?channel_id={CHANNEL}"),
        ("PLabcdefghijklmnop", f"{youtube.FEED}?playlist_id=PLabcdefghijklmnop"),
        ("https://www.youtube.com/playlist?list=PLabcdefghijklmnop", f"{youtube.FEED}?playlist_id=PLabcdefghijklmnop"),
        (f"{youtube.FEED}?channel_id={CHANNEL}", f"{youtube.FEED}?channel_id={CHANNEL}"),
    ],
)
def test_sources_are_written_as_people_write_them(written: str, start: str) -> None:
    """Channel, playlist, page or feed: each leads to where polling begins."""
    assert youtube.start_url(source(written)) == start


def test_a_channel_by_name_says_what_to_write() -> None:
    """A page without a feed is an error with the way out, not a page to be guessed."""
    with pytest.raises(ValueError, match="channel id"):
        youtube.start_url(source("https://www.youtube.com/@beispielwerke"))


def test_a_video_becomes_an_entry() -> None:
    """Title, description, figures, links and hashtags; the address works for shorts and videos."""
    feed = youtube.parse(BODY, youtube.FEED, source())
    (entry,) = feed.entries
    assert (feed.title, feed.language, entry.title) == ("Beispielwerke", "de", "Spatenstich in Leuna & Bitterfeld")
    assert entry.content == "Wir bauen (mehr: https://werke.example/leuna). #Chemie"
    assert article_id(entry.url) == article_id("https://youtube.com/watch?v=abcdefghijk&utm_source=x")
    assert (entry.author, entry.tags) == ("Beispielwerke", ("Chemie",))
    assert (entry.extra["likes"], entry.extra["views"]) == (35, 1200)
    assert entry.extra["links"] == ["https://werke.example/leuna"]


def test_a_deleted_video_is_none() -> None:
    """What a hub sends of a deleted video has no entry in it."""
    body = b"""<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">
    <at:deleted-entry ref="yt:video:abcdefghijk" when="2026-03-07T00:00:00+00:00"/></feed>"""
    assert youtube.parse(body, youtube.FEED, source()).offered == 0


def test_a_consent_page_is_refused() -> None:
    """The page about cookies is no channel."""
    with pytest.raises(NotAFeed, match="HTML"):
        youtube.parse(b"<!doctype html><html><title>Bevor Sie fortfahren</title></html>", youtube.FEED, source())


async def test_a_feed_from_a_server(web: Web, fetch_settings: FetchSettings) -> None:
    """Fetched through the door like any other."""
    web.put("/feeds/videos.xml", BODY, kind="text/xml")
    one = source(web.url("/feeds/videos.xml"))
    async with Door(fetch_settings) as door:
        answer = await door.get(youtube.start_url(one))
    assert youtube.parse(answer.body, answer.url, one).offered == 1


def test_a_real_feed(data: Path) -> None:
    """A recorded channel feed gives its title, and an address for every video."""
    for file in sorted((data / "feeds" / "real").glob("*youtube_atom*")):
        feed = youtube.parse(file.read_bytes(), youtube.FEED, source())
        assert feed.offered > 0
        assert all("watch?v=" in entry.url and entry.extra["views"] for entry in feed.entries)
