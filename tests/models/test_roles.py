"""The roles that were read for training, and the table that is fitted on roles."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from models.corpus import Item
from models.roles import LABELS, Labels, Row, fitted, labels, measure, table, written
from pipeline.records import Role
from pipeline.route.roles import ORDER


def test_roles_that_were_read_are_of_known_texts_and_accounts(data: Path) -> None:
    """Each line names an item of the texts once, none of the gold set, and accounts of its file."""
    found = labels(data)
    with (data / "gold" / "accounts.csv").open(newline="") as handle:
        accounts = {line["account_id"] for line in csv.DictReader(handle)}
    lines = LABELS.read_text().splitlines()
    assert len(lines) == len(found.items) - len(found.gold)
    assert len({item.id for item in found.items}) == len(found.items)
    assert {account for roles in found.roles.values() for account in roles} <= accounts


def test_a_fitted_table_says_what_it_has_learnt() -> None:
    """Where one clue goes with one role always, folds get it right, frames beat it, and the table names it."""
    text = "Konzern meldet Zahlen Gewinn Umsatz Werk Bank Streik Klage Preis Markt Export Insel Regen".split()
    items = [Item(f"i{n}", "de", f"{text[n % 14]} {text[n // 3 % 14]} {n}", "", ()) for n in range(80)]
    found = Labels(items, {item.id: {} for item in items}, frozenset(item.id for item in items))
    none = (0.0, 0.0, 0.0, 0.0)
    made = [Row(item.id, {f"clue{n % 4}": 1.0}, n % 4, none) for n, item in enumerate(items)]
    of = table(made, found)
    assert (measure(of, 0) == of.role).all()
    framed = of._replace(frame=np.tile([9.0, 0.0, 0.0, 0.0], (len(items), 1)))
    assert (measure(framed, 0) == ORDER.index(Role.ACTOR)).all()
    head, bias, *lines = written(of).splitlines()
    assert head.startswith("#")
    assert bias.startswith("bias ")
    weights = {name: [float(value) for value in values] for name, *values in map(str.split, lines)}
    assert [int(np.argmax(weights[f"clue{n}"])) for n in range(4)] == [0, 1, 2, 3]
    assert fitted(of, of.role >= 0).classes_.tolist() == [0, 1, 2, 3]
