"""From people's labels to what the account file says of its names.

A label judges an alert's account, not a name. So a verdict counts for a name only where that is the one name of the
account in what was shown: with two, nobody can say which of them was judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from pipeline.records import Alert, Label
from pipeline.route.mentions import Finder
from pipeline.route.tree import Accounts
from pipeline.route.verdicts import Judged, parse


class Learnt(NamedTuple):
    """What labels teach.

    Attributes:
        names: account id → the verdicts on its names, by name.
        verdicts: how many counted.
        unclear: how many did not: the alert is not there, or shows none or several of its account's names.
    """

    names: dict[str, tuple[Judged, ...]]
    verdicts: int
    unclear: int


def learn(labels: Iterable[Label], alerts: Mapping[str, Alert], accounts: Accounts) -> Learnt:
    """Count the verdicts on each name; of a person's on one name in one article, the last.

    Args:
        labels: in any order; those that do not judge an account say nothing here.
        alerts: by id, the last revision of each that a label names.
        accounts: whose names are looked for.
    """
    finder, unclear = Finder(accounts), 0
    last: dict[tuple[str, str, str, str], bool] = {}
    for label in sorted(labels, key=lambda one: one.at):
        if label.account_right is None:
            continue
        alert = alerts.get(label.alert_id)
        names = _names(label, alert, finder, accounts) if alert else frozenset()
        if len(names) == 1:
            last[(label.author, label.article_id, *next(iter(names)))] = label.account_right
        else:
            unclear += 1
    counts = Counter((account, name, right) for (_, _, account, name), right in last.items())
    found: dict[str, tuple[Judged, ...]] = {}
    for account, name in sorted({(account, name) for account, name, _ in counts}):
        right, wrong = counts[account, name, True], counts[account, name, False]
        found[account] = (*found.get(account, ()), Judged(name, right, right + wrong))
    return Learnt(found, len(last), unclear)


def _names(label: Label, alert: Alert, finder: Finder, accounts: Accounts) -> frozenset[tuple[str, str]]:
    """Return the names of the alert's group in the passages that the label judges, each with its account."""
    of_article = [one for one in alert.evidence if one.article_id == label.article_id]
    return frozenset(
        (account, name)
        for one in of_article or alert.evidence
        for account, name in finder.named(f"{one.title}\n{one.text}")
        if accounts.group_id(account) == alert.account.id
    )


def taught(accounts: Accounts, learnt: Learnt) -> Accounts:
    """Return the accounts with these verdicts; a name without new ones keeps those that the file has.

    Alerts leave Kafka, so verdicts on old ones can no longer be counted.
    """
    made = accounts.copy()
    for account_id, verdicts in learnt.names.items():
        account = made[account_id]
        kept = {one.name: one for one in map(parse, account.judged) if one}
        kept |= {one.name: one for one in verdicts}
        made.put(replace(account, judged=tuple(str(kept[name]) for name in sorted(kept))))
    return made
