"""Markup to plain text, links to links that may be kept, written times to times."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.dates import when
from agents.links import clean, shown
from agents.plain import line, plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Hallo&nbsp;Welt</p><p>Zwei\nZeilen</p>", "Hallo Welt\nZwei Zeilen"),
        ("eins<br>zwei<li>drei", "eins\nzwei\ndrei"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("<script>alert(1)</script>Titel", "Titel"),
        ("<img src=x onerror=alert(1)>Titel", "Titel"),
        ("<meta http-equiv=refresh content='0;url=//evil'>Titel", "Titel"),
        ("&amp;amp; &lt;b&gt;", "&amp; <b>"),
        ("Zei\u00adlen\u202eum\u200b\ufeff\x00\x07 da\ud800", "Zeilenum da"),
        ("&#x202e;dreht", "dreht"),
        ("<![CDATA[Text]]>", "Text"),
        ("Mu\u0308nchen", "München"),
        ("<td>a</td><td>b</td>", "a b"),
        ("", ""),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    """No tag, no control character, one line per block, entities decoded once."""
    assert plain(markup) == text


def test_declared_plain_text_keeps_its_entities() -> None:
    """What was declared as plain is not decoded a second time, but tags go all the same."""
    assert plain("AT&amp;T <b>fett</b>", markup=False) == "AT&amp;T fett"


def test_what_nobody_means_as_such_is_decoded_in_plain_text_too() -> None:
    """`&nbsp;` in a text that calls itself plain is a mistake of its writer; `&lt;` may be what it speaks of."""
    assert plain("Werk&nbsp;II f&#252;r &quot;Leuna&quot; &#60;b&gt;", markup=False) == 'Werk II für "Leuna" &#60;b&gt;'


def test_depth_loses_no_text() -> None:
    """Fifty thousand nested elements are more than the parser takes; the text is kept."""
    assert plain("<div>" * 50_000 + "tief") == "tief"


def test_line_is_one_and_short() -> None:
    """Titles have one line and an end."""
    assert line("<p>eins</p><p>zwei drei</p>", 9) == "eins zwei"


@given(st.text())
def test_text_is_always_safe_to_keep(text: str) -> None:
    """Whatever comes in, what goes out is NFC, encodes as UTF-8 and has no control characters but newlines."""
    for made in (plain(text), plain(text, markup=False)):
        assert unicodedata.is_normalized("NFC", made)
        json.loads(json.dumps(made)).encode()
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in made.replace("\n", ""))
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(made)


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("mailto:a@b.de", ""),
        ("//evil.example/x", "https://evil.example/x"),
        ("http://user:pass@host.example/x", "http://host.example/x"),
        ("x/ä b?q=ü", "https://base.example/f/x/%C3%A4%20b?q=%C3%BC"),
        (" HTTP://Ex.COM:80 ", "http://ex.com/"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://[::1", ""),
        ("http://a.example:99999/", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("http://a%2e.example/", ""),
    ],
)
def test_links_are_cleaned_or_dropped(url: str, link: str) -> None:
    """Only http and https, absolute, without user names, of bearable length."""
    assert clean(url, "https://base.example/f/feed.xml") == link


@given(st.text())
def test_cleaning_never_fails_and_is_final(url: str) -> None:
    """Any text may stand where a link should; what was cleaned once stays as it is."""
    made = clean(url, "https://base.example/f/")
    assert clean(made) == made


def test_logs_show_no_secrets() -> None:
    """User names and queries are not shown, and a URL is one line."""
    assert shown("https://u:p@host.example/feed?key=s3cret\n#x") == "https://host.example/feed?…"


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("Wed, 05 Mar 2025 10:00:00 +0100", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("Wed, 05 Mar 2025 10:00:00 MESZ", datetime(2025, 3, 5, 8, tzinfo=UTC)),
        ("2025-03-05T10:00:00.123456789Z", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("2025-03-05 10:00:00 +0100", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("2025-03-05", datetime(2025, 3, 5, tzinfo=UTC)),
        ("Mi, 05 Mär 2025 10:00:00 +0100", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("5. März 2025, 10:00 Uhr", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("05.03.2025 10:00", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("March 5, 2025", datetime(2025, 3, 5, tzinfo=UTC)),
        ("Mi, 05 Mär 2025 10:00 +0100", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("Qua, 05 Dez 2025 10:00:00 -03:00", datetime(2025, 12, 5, 13, tzinfo=UTC)),
        ("2025/3/5 10:00:00", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("2025/2/30 10:00:00", None),
        ("Tue, 30 Feb 2024 10:00:00 GMT", None),
        ("2024-02-30", None),
        ("0000-00-00", None),
        ("vor 3 Stunden", None),
        ("1741168800", None),
        ("", None),
        ("x" * 10_000 + "1", None),
    ],
)
def test_written_times_are_read(written: str, time: datetime | None) -> None:
    """German and English, with and without zone; what does not exist is no time."""
    assert when(written) == time


@given(st.text(alphabet="0123456789-:+.,TZ /MarMärzGMTUhr", max_size=70))
def test_reading_times_never_fails(written: str) -> None:
    """Any text may stand where a date should."""
    time = when(written)
    assert time is None or time.tzinfo is UTC
