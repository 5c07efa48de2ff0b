"""Names in texts: word forms, traps, and offsets that always hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Mention
from pipeline.route.mentions import Finder
from pipeline.route.names import fold, keys, without_legal_form
from pipeline.route.tree import Account, Accounts, Level

ACCOUNTS = Accounts(
    [
        Account("vw", "Volkswagen", aliases=("VW",), legal_name="Volkswagen AG"),
        Account("basf", "BASF", legal_name="BASF SE", tickers=("DE: BAS",)),
        Account("siemens", "Siemens", legal_name="Siemens AG"),
        Account("siemens-energy", "Siemens Energy"),
        Account("bayer", "Bayer", legal_name="Bayer AG"),
        Account("merck", "Merck KGaA", aliases=("Merck",)),
        Account("bank", "Deutsche Bank"),
        Account("duerr", "Dürr"),
        Account("metro", "Metro", legal_name="METRO AG"),
        Account("linde", "Linde", legal_name="Linde plc"),
        Account("orange", "Orange", legal_name="Orange S.A."),
        Account("apple", "Apple", legal_name="Apple Inc."),
        Account("target", "Target", legal_name="Target Corporation"),
        Account("man", "MAN", legal_name="MAN SE"),
        Account("ams", "ams Osram", aliases=("AMS",)),
        Account("eon", "E.ON"),
        Account("jpm", "JPMorgan Chase", aliases=("J.P. Morgan",)),
        Account("hk", "Heckler & Koch"),
        Account("tesla", "Tesla"),
        Account("tesla-gruenheide", "Tesla Gigafactory Grünheide", parent_id="tesla", level=Level.SITE),
        Account("kappa", "Kappadona Group", legal_name="Kappadona Group Inc."),
        Account("toennies", "Tönnies"),
        Account("x", "X", aliases=("Twitter",)),
    ]
)
FINDER = Finder(ACCOUNTS)


def _found(text: str) -> list[tuple[str, str]]:
    return [(mention.account_id, mention.text) for mention in FINDER.find(text)]


@pytest.mark.parametrize(
    ("text", "account", "span"),
    [
        ("VW-Tochter schließt Werk", "vw", "VW-Tochter"),
        ("Neue Pläne im BASF-Werk", "basf", "BASF-Werk"),
        ("BASFs Umsatz sinkt", "basf", "BASFs"),
        ("Siemens' neuer Auftrag", "siemens", "Siemens'"),
        ("Siemens’ neuer Auftrag", "siemens", "Siemens’"),
        ("Ex-VW-Chef vor Gericht", "vw", "Ex-VW-Chef"),
        ("Die Volkswagentochter baut um", "vw", "Volkswagentochter"),
        ("Volkswagen AG meldet Zahlen", "vw", "Volkswagen AG"),
        ("Kritik an der Deutschen Bank wächst", "bank", "Deutschen Bank"),
        ("DEUTSCHE BANK STREICHT STELLEN IN FRANKFURT", "bank", "DEUTSCHE BANK"),
        ("Duerr liefert Lackieranlage", "duerr", "Duerr"),
        ("Der Chemiekonzern (DE: BAS) wächst", "", ""),
        ("Eon baut Netze aus", "eon", "Eon"),
        ("JP Morgan senkt die Prognose", "jpm", "JP Morgan"),
        ("Heckler und Koch erhält Auftrag", "hk", "Heckler und Koch"),
        ("Heckler & Koch erhält Auftrag", "hk", "Heckler & Koch"),
        ("Kappadona opens plant", "kappa", "Kappadona"),
        ("Tesla's profit rises", "tesla", "Tesla's"),
    ],
)
def test_word_forms(text: str, account: str, span: str) -> None:
    """Genitives, compounds, legal forms, inflection and umlaut spellings are found, with the whole word form."""
    assert _found(text) == ([(account, span)] if account else [])


@pytest.mark.parametrize(
    "text",
    [
        "Orange County approves new budget for roads",
        "The Orange Bowl draws a crowd",
        "Eine neue Metro für Kopenhagen",
        "Metro Atlanta grows faster than expected",
        "Unter der alten Linde im Dorf",
        "Ein Apple a day",
        "Bayern gewinnt gegen Dortmund",
        "Bayer Leverkusen gewinnt das Spiel",
        "Analysts raise target for the year",
        "Das kann man so sehen",
        "Man muss die Lage ernst nehmen",
        "Robert Tönnies gewinnt ein Turnier",
        "Schalke-Boss Tönnies tritt zurück",
        "Die deutsche Bankenlandschaft ändert sich",
        "Das Arbeitsmarktservice (AMS) meldet mehr Arbeitslose. Das AMS hilft.",
        "Mehr auf www.siemens.com/jobs oder info@siemens.com",
        "Die Röntgenstrahlen, auf Englisch X-Rays",
        "Siemensstadt bekommt einen Park",
    ],
)
def test_traps(text: str) -> None:
    """Ordinary words, places, persons, clubs, other abbreviations and web addresses are no mentions."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("Der Handelskonzern Metro verkauft Filialen", "metro"),
        ("Metro-Aktie nach Gewinnwarnung im Minus", "metro"),
        ("Linde plc reports record results", "linde"),
        ("Orange S.A. to acquire rival operator", "orange"),
        ("Apple übernimmt Start-up", "apple"),
        ("Shares of Target Corp. fell", "target"),
        ("MAN baut Werk in Polen", "man"),
        ("Das soziale Netzwerk X sperrt Konten", "x"),
    ],
)
def test_ordinary_words_with_context_are_companies(text: str, account: str) -> None:
    """A legal form, a kind of company, a compound or a verb decides, and the mention says so."""
    mentions = FINDER.find(text)
    assert [mention.account_id for mention in mentions] == [account]
    assert mentions[0].why


def test_the_longest_name_wins() -> None:
    """`Siemens` inside `Siemens Energy` is not Siemens; standing alone it is."""
    assert _found("Siemens Energy und Siemens trennen sich") == [
        ("siemens-energy", "Siemens Energy"),
        ("siemens", "Siemens"),
    ]


def test_a_name_that_goes_on_as_somebody_else_is_refused() -> None:
    """Merck & Co. is not Merck KGaA."""
    assert _found("Merck & Co. wins approval for cancer drug") == []
    assert _found("Merck baut in Darmstadt aus und investiert Millionen in die Produktion") == [("merck", "Merck")]


def test_an_ordinary_word_is_sure_where_the_company_is_named_in_full() -> None:
    """One certain name makes the doubtful ones of the same text certain too."""
    body = "METRO AG senkt Ausblick\nNun spart Metro."
    assert [account for account, _ in _found(body)] == ["metro", "metro"]


def test_a_plant_in_a_town_is_the_site() -> None:
    """`Tesla-Werk` with the town in the text means the site, without it the group."""
    assert _found("Streit um Tesla-Werk in Grünheide") == [("tesla-gruenheide", "Tesla-Werk")]
    assert _found("Streit um Tesla-Werk") == [("tesla", "Tesla-Werk")]


def test_a_symbol_in_brackets_belongs_to_the_name_before_it() -> None:
    """A stock symbol right after a name is that account's, listed or not."""
    assert _found("Kappadona Group Inc. (NYSE: KPDN) reports results") == [
        ("kappa", "Kappadona Group Inc."),
        ("kappa", "KPDN"),
    ]


def test_names_do_not_cross_the_line_between_title_and_text() -> None:
    """The end of the title and the beginning of the text make no name."""
    assert _found("Neues von der Deutsche\nBank an der Ecke") == []


def test_a_capital_that_grows_in_lower_case_moves_nothing() -> None:
    """`İ` has two characters in lower case; offsets hold all the same."""
    body = "İİİ İstanbul: Siemens baut"
    assert [(m.text, body[m.start : m.end]) for m in FINDER.find(body)] == [("Siemens", "Siemens")]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "VW-Tochter",
                    "Siemens’ ",
                    "İ",
                    "ß",
                    "\n",
                    " BASFs ",
                    "(NYSE: KPD)",
                    "Kappadona",
                    " Deutsche Bank ",
                    "O₂",
                    "X",
                    "-",
                    ".",
                ]
            ),
        ),
        max_size=20,
    ).map("".join)
)
@settings(max_examples=150, deadline=None)
def test_spans_always_cut_out_their_text(body: str) -> None:
    """Whatever the text, each mention's offsets cut out its text, and the second run says the same."""
    mentions = FINDER.find(body)
    assert all(body[mention.start : mention.end] == mention.text and mention.text for mention in mentions)
    assert mentions == FINDER.find(body)
    assert all(isinstance(mention, Mention) and mention.probability >= 0.5 for mention in mentions)


@given(st.text(max_size=60))
def test_folding_keeps_the_length(text: str) -> None:
    """The folded spelling has a character for each character."""
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Volkswagen AG", "Volkswagen"),
        ("Fresenius SE & Co. KGaA", "Fresenius"),
        ("Miele & Cie. KG", "Miele"),
        ("Amazon.com, Inc.", "Amazon.com"),
        ("Škoda Auto a.s.", "Škoda Auto"),
        ("The Gap, Inc.", "Gap"),
        ("Enel S.p.A.", "Enel"),
        ("Industria de Diseño Textil, S.A.", "Industria de Diseño Textil"),
        ("SE", "SE"),
    ],
)
def test_legal_forms_are_taken_off(name: str, bare: str) -> None:
    """German, European and American legal forms go; a name that is nothing else stays."""
    assert without_legal_form(name) == bare


def test_spellings_of_umlauts_and_separators() -> None:
    """One name is looked for with umlaut, with `ae`, with a bare vowel, joined and apart."""
    assert {"dürr", "duerr", "durr"} <= set(keys("Dürr"))
    assert {"open ai", "openai"} <= set(keys("OpenAI"))


def test_a_text_of_nothing_but_names_is_read_so_far() -> None:
    """A list without end is cut off at two thousand names; no article has more."""
    assert len(FINDER.find("VW, " * 2_500)) == 2_000
