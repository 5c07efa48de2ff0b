"""What the second look of routing is fitted on: bound signals, each right, wrong or not judged."""

from __future__ import annotations

import pytest

from models.bears import Row, fitted, measure, rows, table, written
from models.corpus import Item, Labelled
from models.roles import article
from pipeline.records import Classified, Signal, Span
from pipeline.route.step import Router
from pipeline.route.tree import Account, Accounts
from pipeline.signals import FAMILY, Direction, SignalType, Status

ROUTER = Router(Accounts([Account("rhenovar", "Rhenovar"), Account("nordhaff", "Nordhaff")]))


def said(item: Item, kind: SignalType) -> Classified:
    whole = Span(text=item.title, start=0, end=len(item.title))
    signal = Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.8,
        status=Status.PLANNED,
        direction=Direction.GROWTH,
        evidence=(whole,),
    )
    return Classified(article=article(item), language=item.language, signals=(signal,), model="m")


@pytest.mark.parametrize(
    ("kind", "company", "right"),
    [
        (SignalType.NEW_SITE, "Rhenovar", [True]),
        (SignalType.NEW_SITE, "Klingenbeck", [False]),
        (SignalType.LAYOFFS, "Rhenovar", [False]),
        (SignalType.PARTNERSHIP, "Klingenbeck", []),
    ],
)
def test_a_bound_signal_is_right_where_the_label_names_the_account(
    kind: SignalType, company: str, right: list[bool]
) -> None:
    """Another company or another type makes it wrong; of a partnership the label names one side only."""
    labelled = SignalType.NEW_SITE if kind is SignalType.LAYOFFS else kind
    label = Labelled(labelled, Status.PLANNED, company, 0, 10)
    item = Item("i", "de", "Rhenovar baut neues Werk für Pumpen, Klingenbeck auch", "", (label,))
    assert [row.right for row in rows(item, said(item, kind), 0, ROUTER)] == right


def test_a_fitted_table_says_what_it_has_learnt() -> None:
    """A clue that goes with wrong ones is told as such by folds and table; `en_` counts where it says more."""
    made = [
        Row(
            {"head_for": float(n % 2), "near": 1.0, **({"en_near": 1.0, "english": 1.0} if n % 3 == 0 else {})},
            n % 2 == 0,
            n % 5,
            "en",
        )
        for n in range(100)
    ]
    of = table(made)
    assert of.names == ["en_near", "english", "head_for", "near"]
    assert ((measure(of) > 0.5) == of.right).all()
    weights = {name: float(value) for name, value in map(str.split, written(of).splitlines()[1:])}
    assert weights["head_for"] < -1
    assert fitted(of, of.fold >= 0).classes_.tolist() == [False, True]
