"""Which side of a deal an account is on, where the signal's type names the other one.

An acquisition is the buyer's and a divestment the seller's; one sentence often carries both, and both names. Whoever is
on the other side is a partner of the deal, and whose shares are sold is its target.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.records import Mention, Role, Signal
from pipeline.route.passages import Passages
from pipeline.signals import SignalType

_SELLS: Final = re.compile(
    r"[^.;:!?]{0,12}? (?:verkauft|veräußert|stößt|sells|sold|trennt sich|löst sich)\b(?! w[eo]rden)|"
    r" (?:will|möchte|kann|soll|to|plans to|wants to)[^.;:!?]{0,60}? (?:verkaufen|abstoßen|veräußern|sell|divest)\b"
)
_SOLD_TO: Final = re.compile(
    r"(?:verkauf\w*|veräußer\w*|abgabe|sale|sells?|sold|selling|geht|gehen)\b[^.;:!?]{0,80}\b(?:an|to)"
    r"(?: (?:den|die|das|the))?(?: [\w-]+){0,2} $"
)
_SHARES: Final = re.compile(r"-(?:anteile?n?s?|beteiligung\w*|aktien\w*|paket\w*)\b")
_SHARES_IN: Final = re.compile(
    r"(?:anteile?n?s?|beteiligung\w*|aktien|stake|shares) (?:an|bei|von|in|of)(?: [\w-]+){0,2} $"
)
_INVESTS: Final = re.compile(r"[^.;:!?]{0,20}\b(?:als investor\w*|as (?:an )?investors?|among)\b")
_INVESTORS: Final = re.compile(
    r"(?:investor\w*|geldgeber\w*|backers?|led by|including)(?: [\w&.-]+,?(?: und| and)?){0,6} $"
)


def side(body: str, names: Sequence[Mention], passages: Passages, signal: Signal) -> tuple[Role, str] | None:
    """Return the role that a deal's sentence gives an account, and why; None where it says nothing of sides.

    Args:
        body: the whole text.
        names: the account's names in the passage, at least one.
        passages: the text's sentences.
        signal: whose passage it is.
    """
    start, end = passages.at(names[0].start)
    text = names[0].text.lower()
    before, after = body[start : names[0].start].lower(), body[names[0].end : end].lower()
    compound = text[text.find("-") :] if "-" in text else ""
    if signal.type is SignalType.ACQUISITION and _SELLS.match(after):
        return Role.PARTNER, "it is who sells"
    if signal.type is SignalType.DIVESTMENT and (_SHARES.match(compound) or _SHARES_IN.search(before)):
        return Role.TARGET, "shares of it are sold"
    if signal.type is SignalType.DIVESTMENT and _SOLD_TO.search(before):
        return Role.PARTNER, "it is who buys"
    if signal.type is SignalType.FUNDING and (_INVESTS.match(after) or _INVESTORS.search(before)):
        return Role.PARTNER, "it gives the money"
    return None
