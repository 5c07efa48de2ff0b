"""Source files of three forms: read, checked all at once, written back."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.export import export
from agents.sources import Source, check_sources, load_sources
from pipeline.errors import BadInput, Undecodable

WITH_CSS = pytest.mark.skipif(
    importlib.util.find_spec("cssselect") is None, reason="cssselect is not installed: run make install"
)

BROKEN = """# three faults in the first, one in the second, the third is good
[[source]]
id = "Groß"
url = "ftp://a.example/rss"
credibility = 2

[[source]]
url = "https://b.example/rss"
kind = "telepathy"

[[source]]
url = "https://c.example/rss"

[[source]]
url = "https://c.example/rss"
name = "the third again"
"""


def _checked(folder: Path, name: str, text: str | bytes) -> list[tuple[int | None, str]]:
    """Return line and field of each fault."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    good, faults = check_sources(file)
    if faults:
        with pytest.raises(BadInput):
            load_sources(file)
    else:
        assert load_sources(file) == good
    return [(fault.line, fault.field) for fault in faults]


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    """Not only the first: whoever corrects a file corrects it once."""
    found = _checked(tmp_path, "s.toml", BROKEN)
    assert found == [(3, "id"), (4, "url"), (5, "credibility"), (9, "kind"), (15, "url")]
    with pytest.raises(BadInput, match=r"lower-case letters.*\(and 4 more"):
        load_sources(tmp_path / "s.toml")


def test_faults_say_what_to_write(tmp_path: Path) -> None:
    """A near miss is named, and what would fit."""
    (tmp_path / "s.toml").write_text('[[source]]\nurl = "https://a.example/"\nlangauge = "de"\nrights = "all"\n')
    _, faults = check_sources(tmp_path / "s.toml")
    assert [fault.message for fault in faults] == [
        "no such field; did you mean language?",
        "'all' does not fit; write text, excerpt or link",
    ]


def test_broken_toml_hides_no_other_fault(tmp_path: Path) -> None:
    """Each table is read by itself where the file as a whole cannot be."""
    found = _checked(tmp_path, "s.toml", '[[source]]\nurl = \n\n[[source]]\nurl = "https://a.example/"\npages = 3\n')
    assert found == [(2, ""), (6, "pages")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read(tmp_path: Path, delimiter: str) -> None:
    """Lists by semicolon, any usual delimiter, a BOM, empty lines, defaults for empty cells."""
    accounts = '"a;b"' if delimiter == ";" else "a;b"
    rows = [
        ["id", "url", "name", "poll_min", "accounts", "pages", "credibility"],
        ["one", "https://a.example/rss", "Ä", "15m", accounts, "no", "0.8"],
        [],
        ["two", "https://b.example/rss", "", "", "", "", ""],
    ]
    text = "\ufeff" + "\n".join(delimiter.join(row) for row in rows)
    assert _checked(tmp_path, "s.csv", text) == []
    one, two = load_sources(tmp_path / "s.csv")
    assert (one.name, one.poll_min, one.accounts, one.pages, one.credibility) == ("Ä", 900.0, ("a", "b"), False, 0.8)
    assert (two.name, two.pages, two.credibility) == ("b.example", True, 0.5)


def test_faults_in_csv_have_their_lines(tmp_path: Path) -> None:
    """The line where the row begins, also behind cells of several lines."""
    text = (
        'id,url,name\na,https://a.example/,"two\nlines"\nb,nowhere,x\nc,https://c.example/,x,y\nc,https://a.example/,\n'
    )
    assert _checked(tmp_path, "s.csv", text) == [(4, "url"), (5, ""), (6, "url")]
    assert _checked(tmp_path, "t.csv", "name;address\na;b\n") == [(1, "url")]
    assert _checked(tmp_path, "u.csv", "") == [(1, "url")]


OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Feeds</title></head><body>
<outline text="Wirtschaft">
  <outline type="rss" text="Zeitung" xmlUrl="https://zeitung.example/rss" htmlUrl="https://zeitung.example/"/>
  <outline type="rss" text="Zeitung" xmlUrl="https://zeitung.example/lokal.rss" language="de-AT"/>
</outline>
<outline text="noch einmal"><outline text="Zeitung" xmlUrl="https://zeitung.example/rss"/></outline>
<outline text="kein Feed" url="https://x.example"/>
<outline title="Bote &amp; Anzeiger" text="" xmlURL="https://bote.example/feed"/>
</body></opml>"""


def test_opml_is_read(tmp_path: Path) -> None:
    """All levels; a feed in two folders is one; two feeds of one name get ids that do not hang on their order."""
    assert _checked(tmp_path, "s.opml", OPML) == []
    first, second, third = load_sources(tmp_path / "s.opml")
    assert (first.name, first.url, third.name, third.id) == (
        "Zeitung",
        "https://zeitung.example/rss",
        "Bote & Anzeiger",
        "bote-anzeiger",
    )
    assert second.language == "de"
    assert first.id.startswith("zeitung-")
    assert len({first.id, second.id}) == 2
    swapped = OPML.replace("/rss", "/x").replace("/lokal.rss", "/rss").replace("/x", "/lokal.rss")
    assert _checked(tmp_path, "t.opml", swapped) == []
    assert {one.id for one in load_sources(tmp_path / "t.opml")} == {first.id, second.id, third.id}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<opml><body><outline", 1),
        ("<html/>", 1),
        ("<opml/>", 1),
        ("<!DOCTYPE opml [<!ENTITY x 'y'>]><opml>&x;</opml>", 1),
        (OPML.replace("https://bote", "ftp://bote"), 9),
    ],
)
def test_faults_in_opml_have_their_lines(tmp_path: Path, text: str, line: int) -> None:
    """What is no OPML, and what in it is no source."""
    assert [found for found, _ in _checked(tmp_path, "s.opml", text)] == [line]


def test_unknown_accounts_are_told(tmp_path: Path) -> None:
    """With the account file at hand, its ids are compared."""
    (tmp_path / "s.toml").write_text('[[source]]\nurl = "https://a.example/"\n\naccounts = ["siemens", "simens"]\n')
    assert check_sources(tmp_path / "s.toml", {"siemens", "simens"})[1] == ()
    (fault,) = check_sources(tmp_path / "s.toml", {"siemens"})[1]
    assert (fault.line, fault.field) == (4, "accounts")
    assert "simens" in fault.message


@WITH_CSS
def test_rules_are_read_and_checked(tmp_path: Path) -> None:
    """As an inline table, as a table of their own, as columns; a selector that is none is told with its line."""
    inline = '[[source]]\nkind = "page"\nurl = "https://a.example/"\nrules = { item = "li", link = "a" }\n'
    own = '[[source]]\nkind = "page"\nurl = "https://a.example/"\n[source.rules]\nitem = "li"\nlink = "a"\n'
    cells = "kind,url,rules.item,rules.link\npage,https://a.example/,li,a\n"
    for name, text in (("a.toml", inline), ("b.toml", own), ("c.csv", cells)):
        assert _checked(tmp_path, name, text) == []
        (source,) = load_sources(tmp_path / name)
        assert source.rules
        assert (source.rules.item, source.rules.link) == ("li", "a")
    assert _checked(tmp_path, "d.toml", own.replace('"li"', '"li["')) == [(5, "rules.item")]
    assert _checked(tmp_path, "e.toml", own.replace("item", "itme")) == [(5, "rules.itme")]
    assert _checked(tmp_path, "f.toml", own.replace('kind = "page"', "")) == [(4, "rules")]


@pytest.mark.parametrize(
    ("kind", "url", "fits"),
    [
        ("mastodon", "@name@social.example", True),
        ("mastodon", "#tag@social.example", True),
        ("mastodon", "https://social.example/@name", True),
        ("mastodon", "name", False),
        ("bluesky", "bsky:name.social.example", True),
        ("reddit", "r/logistics", True),
        ("youtube", "UCabcdefghijklmnopqrstuv", True),
        ("push", "", True),
        ("feed", "r/logistics", False),
        ("feed", "", False),
    ],
)
def test_social_sources_have_names(kind: str, url: str, fits: bool) -> None:
    """What a network calls an account stands for its address."""
    raw = {"id": "x", "kind": kind, "url": url}
    if fits:
        assert Source.model_validate(raw).url == url
    else:
        with pytest.raises(ValueError, match="url"):
            Source.model_validate(raw)


def test_assertions_are_numbers() -> None:
    """Three a week is three in 604,800 seconds."""
    assert Source(id="x", url="https://a.example/", expect="3 / week").expected == (3, 604800.0)
    assert Source(id="x", url="https://a.example/").expected is None
    with pytest.raises(ValueError, match="expect"):
        Source(id="x", url="https://a.example/", expect="often")


def test_a_source_is_a_record() -> None:
    """It goes onto a topic and comes back; what is no source is refused."""
    source = Source(id="x", url="https://a.example/", accounts=("a",), expect="3/week", keep="mentions")
    assert Source.decode(source.encode()) == source
    with pytest.raises(Undecodable):
        Source.decode(b'{"schema_version": 1, "id": "x", "url": "nowhere"}')


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)
FORMULAS = ['=HYPERLINK("http://e","x")', "+cmd", "-1+1", "@SUM(1)", "'=1", "''", "'", "＝1", "\t=1"]
SOURCES = st.builds(
    Source,
    id=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
    url=st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9/?=&;,]{0,20}", fullmatch=True),
    name=st.sampled_from(FORMULAS[:-1]) | TEXTS.map(lambda text: " ".join(text.split()) or "x"),
    language=st.sampled_from(["", "de", "en"]),
    country=st.sampled_from(["", "DE"]),
    credibility=st.sampled_from([0.0, 0.5, 0.8]),
    poll_min=st.sampled_from([5.0, 900.0, 1.5]),
    poll_max=st.sampled_from([3600.0, 86400.0]),
    accounts=st.lists(st.sampled_from(["a", "b-c"]), unique=True, max_size=2).map(tuple),
    rights=st.sampled_from(["text", "excerpt"]),
    pages=st.booleans(),
    expect=st.sampled_from(["", "3/week"]),
    keep=st.sampled_from(["all", "mentions"]),
)


def test_a_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    """A name that somebody else chose is no formula in the CSV, and the same name when it is read back."""
    made = [Source(id=f"s{at}", url=f"https://a.example/{at}", name=name) for at, name in enumerate(FORMULAS)]
    made.append(Source(id="m", kind="mastodon", url="@presse@werke.example", name="Werke"))
    file = tmp_path / "s.csv"
    file.write_text(export(made, "csv"), encoding="utf-8")
    with file.open(newline="") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r＝＋－＠"]
    assert [(one.name, one.url) for one in load_sources(file)] == [(one.name, one.url) for one in made]


@pytest.mark.parametrize("form", ["toml", "csv", "opml"])
@given(sources=st.lists(SOURCES, min_size=1, max_size=4, unique_by=(lambda one: one.id, lambda one: one.url)))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, form: str, sources: list[Source]
) -> None:
    """Every form holds every field."""
    file = tmp_path_factory.mktemp("forms") / f"s.{form}"
    file.write_text(export(sources, form), encoding="utf-8")  # type: ignore[arg-type]
    assert load_sources(file) == tuple(sources)
