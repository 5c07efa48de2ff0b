"""Fit what says whether an account bears a signal, and measure it: `python -m models.bears DATA [--write]`.

DATA holds `gold/` (items with the company of each signal, `accounts.csv`) and `accounts/stocks.yaml`. Signals are those
of classifiers that have seen neither the item nor its story, bound to accounts as routing does; one is right where the
item has a signal of this type whose company is the account. The figures are from the same folds; `--write` puts the
fitted logits beside the code.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

import pipeline.route
from models.corpus import Item, gather, helping
from models.folds import folds
from models.learn import fit
from models.roles import article, in_service
from pipeline.classify.step import classify
from pipeline.records import Classified, Mention, Role, Signal
from pipeline.route.accounts import load_accounts
from pipeline.route.bears import LEAST, clues
from pipeline.route.binding import Bound, Scene, bind
from pipeline.route.passages import Passages
from pipeline.route.roles import Roles
from pipeline.route.step import Router
from pipeline.route.tree import Account, Accounts
from pipeline.signals import SignalType

HERE: Final = Path(pipeline.route.__file__).parent
#: Pairs that must have a clue; the regression's strength; what an English pair weighs, of which there are few.
_LEAST, _C, _ENGLISH = 8, 0.3, 2.5
_FOLDS: Final = 5
#: Of these the labels name one side only, so that an account on the other side is neither right nor wrong.
_SIDED: Final = frozenset(
    (
        *(SignalType.ACQUISITION, SignalType.DIVESTMENT, SignalType.FUNDING, SignalType.LEGAL),
        *(SignalType.CONTRACT_WIN, SignalType.PROJECT, SignalType.DISRUPTION),
    )
)


class Row(NamedTuple):
    """One bound signal: its clues, whether it is right, the item's fold and language."""

    clues: Mapping[str, float]
    right: bool
    fold: int
    language: str


def accounts(data: Path) -> Accounts:
    """Return the accounts of the gold set, and listed companies beside them."""
    known = list(load_accounts(data / "gold" / "accounts.csv"))
    names = {name.lower() for account in known for name in (account.name, *account.aliases)}
    listed = yaml.load((data / "accounts" / "stocks.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    made = {
        one["name"]: Account(f"listed-{number}", one["name"], aliases=tuple(map(str, one.get("akas") or ())))
        for number, one in enumerate(listed["companies"])
        if one["name"].lower() not in names
    }
    return Accounts((*known, *made.values()))


def unseen(data: Path) -> Iterator[tuple[Item, Classified, int]]:
    """Yield each item as a classifier sees it that knows nothing of its story, with its fold."""
    items = gather(data)
    every = [*items, *helping(data)]
    fold = folds(every, _FOLDS).tolist()
    for number in range(_FOLDS):
        fresh = in_service(fit([item for item, mine in zip(every, fold, strict=True) if mine != number]))
        held = [item for item, mine in zip(items, fold, strict=False) if mine == number]
        for item, one in zip(held, classify(fresh, [article(item) for item in held]), strict=True):
            yield item, one, number


def rows(item: Item, said: Classified, fold: int, router: Router) -> Iterator[Row]:
    """Yield the signals of an item that routing binds and that its labels judge."""
    body = item.body
    passages, mentions = Passages(body), router.finder.find(body)
    roles = Roles(body, mentions, passages, router.accounts, said.signals)
    judged = {account: clue.role for account, clue in roles.all().items()}
    mentions = [one.model_copy(update={"role": judged[one.account_id]}) for one in mentions]
    scene = Scene(router.accounts, body, passages, mentions, (), (), roles)
    for signal in said.signals if mentions else ():
        for one in bind(scene, signal):
            group = router.accounts.group_id(one.account_id)
            own = [name for name in mentions if router.accounts.group_id(name.account_id) == group]
            right = _right(item, signal, one, own)
            if right is not None:
                inside = [n for n in own if any(n.start < s.end and s.start < n.end for s in signal.evidence)] or own
                found = clues(body, passages, inside, one.matched, said.signals, said.language)
                yield Row(found, right, fold, said.language)


def _right(item: Item, signal: Signal, one: Bound, own: Sequence[Mention]) -> bool | None:
    """Say whether the labels give the signal to the account; None where they do not say."""
    role = one.matched.role
    of_type = [label for label in item.signals if label.kind is signal.type]
    if role not in (Role.ACTOR, Role.TARGET):
        return None
    if any(_names(item.body, label.company, own) for label in of_type):
        return True
    sided = signal.type is SignalType.PARTNERSHIP or (signal.type in _SIDED and role is Role.TARGET)
    return None if of_type and sided else False


def _names(body: str, company: str, own: Sequence[Mention]) -> bool:
    """Say whether one of these names stands where the text has the company."""
    places = [found.span() for found in re.finditer(re.escape(company), body)] if company else []
    return any(name.start < end and start < name.end for name in own for start, end in places)


class Table(NamedTuple):
    """Rows as arrays."""

    names: list[str]
    clues: Any
    right: Any
    fold: Any
    english: Any


def table(made: Sequence[Row]) -> Table:
    """Return rows as arrays, with the clues that enough of them have."""
    counted = Counter(name for row in made for name in row.clues)
    # What only English rows have says the same with and without `en_`.
    names = sorted(
        name
        for name, count in counted.items()
        if count >= _LEAST and not (name.startswith("en_") and counted[name.removeprefix("en_")] == count)
    )
    values = np.array([[row.clues.get(name, 0.0) for name in names] for row in made])
    english = np.array([row.language == "en" for row in made])
    return Table(names, values, np.array([row.right for row in made]), np.array([row.fold for row in made]), english)


def fitted(of: Table, these: Any) -> LogisticRegression:
    """Return the regression on some of the rows."""
    weight = np.where(of.english, _ENGLISH, 1.0)
    with threadpool_limits(1):
        return LogisticRegression(C=_C, max_iter=1000).fit(
            of.clues[these], of.right[these], sample_weight=weight[these]
        )


def measure(of: Table) -> Any:
    """Return the chance of each row by a regression that has not seen its fold."""
    chance = np.zeros(len(of.right))
    for number in np.unique(of.fold):
        model = fitted(of, of.fold != number)
        chance[of.fold == number] = model.predict_proba(of.clues[of.fold == number])[:, 1]
    return chance


def report(of: Table) -> None:
    """Print, per language, how many are right before and after, and how many of the right ones are kept."""
    kept = measure(of) >= LEAST
    for name, mine in (("other than English", ~of.english), ("English", of.english)):
        before, after = of.right[mine].mean(), of.right[mine & kept].mean()
        share = kept[mine & of.right].mean()
        print(f"{name}: {mine.sum()} bound signals, right {before:.3f} -> {after:.3f}, right ones kept {share:.3f}")


def written(of: Table) -> str:
    """Return the table of logits, fitted on everything."""
    model = fitted(of, np.ones(len(of.right), dtype=np.bool_))
    head = "# Logits of each clue that an account bears a signal; fitted by models/bears.py, see docs/routing.md."
    pairs = [("bias", model.intercept_[0]), *zip(of.names, model.coef_[0], strict=True)]
    return "\n".join([head, *(f"{name} {value:+.2f}" for name, value in pairs if abs(value) >= 0.005)]) + "\n"


def main() -> None:
    """Measure, and write the table where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write bears.txt")
    wanted = parser.parse_args()
    router = Router(accounts(wanted.data))
    of = table([row for item, said, fold in unseen(wanted.data) for row in rows(item, said, fold, router)])
    report(of)
    if wanted.write:
        (HERE / "bears.txt").write_text(written(of))


if __name__ == "__main__":
    main()
