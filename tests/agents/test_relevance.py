"""Names in raw pages."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from agents.errors import NoText
from agents.extract import extract
from agents.relevance import Aliases, Names, load_aliases
from pipeline.route.accounts import load_accounts
from pipeline.route.mentions import Finder
from tests.e2e.world import stock_accounts

ALIASES = Aliases(
    ["Müller Straßenbau", "H&M", "Orange", "eBay", "Škoda", "Deutsche Bank", "SAP", "Österreichische Post"]
)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Die Müller Straßenbau baut</p>",
        "<p>M&uuml;ller Stra&szlig;enbau</p>",
        "<p>M&#252;ller Stra&#xdf;enbau</p>",
        "<p>MUELLER STRASSENBAU</p>",
        "<p>bei Muller Strassenbau.</p>",
        "<p>Deutsche&nbsp;Bank</p>",
        "<p>Deut&shy;sche\n\tBank</p>",
        "<p><b>Deutsche</b> Bank</p>",
        "<p>die Deutsche-Bank-Tochter</p>",
        "<p>H&amp;M und H &amp; M</p>",
        "<p>ein SAP-Werk</p>",
        "<p>(SAPs Zahlen)</p>",
        "<p>eBay</p>",
        "<p>ŠKODA</p>",
        "<p>&#352;koda</p>",
        "<p>Skoda</p>",
        "<p>&Ouml;sterreichische Post</p>",
        "<p>der ÖSTERREICHISCHE POST</p>",
        '<script type="application/ld+json">{"articleBody": "Die SAP\\nbaut"}</script>',
        "<script>never closed, SAP",
    ],
)
def test_names_are_found_however_they_are_written(html: str) -> None:
    """Umlauts, entities, soft hyphens, tags, case, endings and separators."""
    assert ALIASES.named_on(html.encode())


@pytest.mark.parametrize(
    "html",
    [
        "<p>Sapphire, Wassap, SAPPHIRE</p>",
        "<p>ein orange Kleid</p>",
        '<a class="Orange" href="/Orange">x</a>',
        "<script>var x = 'SAP';</script><style>.SAP{}</style>",
        "<p>Deutsche Banken</p>",
        "<p>Müller und Straßenbau</p>",
        "",
        "<",
    ],
)
def test_what_only_looks_like_a_name_is_none(html: str) -> None:
    """Parts of words, words in lower case, attributes, scripts."""
    assert not ALIASES.named_on(html.encode())


@pytest.mark.parametrize("coding", ["utf-8", "latin-1", "cp1252", "utf-16"])
def test_any_encoding_will_do(coding: str) -> None:
    """The characters count, not the bytes; a wrong header does no harm."""
    page = "<p>Die Österreichische Post wächst</p>".encode(coding)
    assert ALIASES.named_on(page)
    assert ALIASES.named_on(page, "no-such-charset")


def test_rubbish_is_looked_at_without_harm() -> None:
    """Any bytes, and only so many of them."""
    assert not ALIASES.named_on(bytes(range(256)) * 100)
    assert not ALIASES.named_on(b"x " * 1_500_000 + b"SAP")
    assert not ALIASES.named_on("ä".encode() * 1_000_001)


def test_plain_texts_too() -> None:
    """An entry's own words."""
    assert ALIASES.named_in("Neues Werk der SAP")
    assert not ALIASES.named_in("Neues Werk")


async def test_names_are_read_when_needed(tmp_path: Path) -> None:
    """Once, however often they are asked for."""
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,name,aliases\na,Hallmann Fördertechnik,HFT\n")
    names = Names(file)
    first = await names()
    assert first is await names()
    assert first.named_in("Die HALLMANN FOERDERTECHNIK")


def test_no_page_that_names_an_account_is_passed_over(data: Path, tmp_path: Path) -> None:
    """On real pages: wherever routing finds a listed company in the text, the raw page was let through."""
    file = stock_accounts(data, tmp_path / "accounts.csv")
    finder, aliases = Finder(load_accounts(file)), load_aliases(file)
    passed = named = 0
    for path in sorted((data / "html" / "pages").iterdir())[::12]:
        body = gzip.decompress(path.read_bytes())
        try:
            page = extract(body, about=False)
        except NoText:
            continue
        if finder.find(f"\n{page.text}"):
            named += 1
            passed += aliases.named_on(body)
    print(f"\n{named} pages name a company, {passed} of them were let through")
    assert named > 3
    assert passed == named
