"""What is proposed for an account file."""

from __future__ import annotations

from pipeline.route.suggest import seen, words
from pipeline.route.tree import Account, Accounts

ACCOUNTS = Accounts(
    [
        Account("linde", "Linde", aliases=("Next",)),
        Account("nordhaff", "Nordhaff", aliases=("Nordhaff Cargo",)),
    ]
)


def test_names_that_are_also_words() -> None:
    """A name that is a word is shown with what its row lacks; an alias of every day is to be left out."""
    found = {one.name: one.why for one in words(ACCOUNTS)}
    assert found["Linde"] == "also an ordinary word; it counts only with context: fill in legal_name, domains, industry"
    assert "take it out" in found["Next"]
    assert not found.keys() & {"Nordhaff", "Nordhaff Cargo"}


def test_names_that_articles_use() -> None:
    """Units and abbreviations that two articles have are proposed; known ones, officers and capitals are not."""
    bodies = [
        "Nordhaff wächst\nDie Sparte Nordhaff Energy baut in Ulm. Nordhaff Cargo (NHC) nicht.",
        "Nordhaff wächst weiter\nAuch Nordhaff Energy liefert. Nordhaff Cargo (NHC) sucht Fahrer, so Nordhaff Chef X.",
        "Nordhaff Opens New Plant In Ulm Soon\nNordhaff Vorstand Meier freut sich.",
    ]
    assert [(one.kind, one.account_id, one.name, one.articles) for one in seen(ACCOUNTS, bodies)] == [
        ("alias", "nordhaff", "NHC", 2),
        ("unit", "nordhaff", "Nordhaff Energy", 2),
    ]
