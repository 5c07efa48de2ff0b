"""Sentences whose grammar says outright what an account has to do with the thing told.

`X wird von Y übernommen`: X is the target, Y the actor. `Former X manager`, `than its rival X`: only mentioned. Each
name is looked at by itself; a frame counts for an account when its first name in the title, or its only one, has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.records import Mention, Role
from pipeline.route.passages import Passages

_TAKEN: Final = (
    r"(?:übernommen|aufgekauft|gekauft|geschluckt|erworben|verklagt|acquired|bought|taken over|purchased|sued|fined)"
)
_PASSIVE: Final = re.compile(
    r"^,?(?: \w+){0,2} (?:wird|werden|wurden?|ist|sind|soll|will|is|are|was|were|has been|have been|to be|being)\b"
    rf"(?: [\w.,&-]+){{0,9}}? (?:be )?{_TAKEN}\b"
)
_BY: Final = re.compile(
    rf"(?:\b(?:wird|werden|wurden?|ist|soll)\b[^.;:!?]*\b(?:von|durch)|{_TAKEN} by)(?: der| dem| the)?(?: [\w-]+)? $"
)
_TAKEN_AFTER: Final = re.compile(rf"^[^.;:!?]{{0,60}}\b{_TAKEN}\b")
_FORMER: Final = re.compile(r"(?:^|[\s„\"(])(?:ex-|früher\w*|ehemalig\w*|einstig\w*|vormalig\w*|former|ex) $")
_OFFICE: Final = re.compile(
    r"^(?:[- ](?:\w+-)?(?:chef\w*|manager\w*|vorst\w*|boss|executive|director|ceo|cfo|chief|president|head|employee|"
    r"engineer|mitarbeiter\w*)\b)"
)
_RIVAL: Final = re.compile(
    r"(?:\b(?:than|als|vor|wie|against|beats?|überholt|ahead of) (?:(?:der|die|den|dem|its?|ihr\w*|sein\w*|the) )?|\b)"
    r"(?:rival\w*|konkurrent\w*|wettbewerber\w*|competitor) $"
)


def framed(body: str, own: Sequence[Mention], passages: Passages) -> tuple[Role, str] | None:
    """Return the role that a frame gives an account, and why; None where no frame does.

    Args:
        body: the whole text.
        own: the account's names that are judged, at least one, in order.
        passages: the text's sentences.
    """
    found = [_frame(body, mention, passages) for mention in own[:2]]
    if found[0] and (len(found) == 1 or own[0].start < passages.title_end):
        return found[0]
    return None


def _frame(body: str, mention: Mention, passages: Passages) -> tuple[Role, str] | None:
    start, end = passages.at(mention.start)
    before = body[max(start, mention.start - 110) : mention.start].lower()
    bare = mention.text.lower()
    after = body[mention.end : min(end, mention.end + 110)].lower()
    if _BY.search(before) and ("by" in before or _TAKEN_AFTER.match(after)):
        return Role.ACTOR, "the passive names it as the one who acts"
    if _PASSIVE.match(after):
        return Role.TARGET, "the passive makes it the one acted on"
    office = _OFFICE.match(after) or _OFFICE.match(bare[bare.find("-", 3) :] if "-" in bare[3:] else "")
    if bare.startswith("ex-") or (_FORMER.search(before) and office):
        return Role.MENTIONED, "somebody's former employer"
    if _RIVAL.search(before) and not before.startswith(("rival", "konkurrent")):
        return Role.MENTIONED, "a rival for comparison"
    return None
