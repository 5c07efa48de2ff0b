"""Sentences whose grammar says outright what an account has to do with the thing told.

`X wird von Y übernommen`: X is the target, Y the actor. `Klage gegen X`: the target. `Former X manager`, `X-Lieferant`,
`for X Cloud`: only mentioned. Each name is looked at by itself; a frame counts for an account when its first name in
the title, or its only one, has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pipeline.records import Mention, Role
from pipeline.route.passages import Passages

_SURE: Final = 4.0
"""What a frame adds to its role, as a logit, where the grammar leaves no choice."""
_CERTAIN: Final = 6.0
"""The same, where the name is only a part of another one's description."""
_LIKELY: Final = 2.5
"""The same, where the words nearly always mean it."""
_REACH: Final = 110


class Frame(NamedTuple):
    """What a sentence says of an account.

    Attributes:
        role: that it has.
        weight: logit that this adds to the role.
        why: for people.
    """

    role: Role
    weight: float
    why: str


class _Words(NamedTuple):
    """A frame told by words: what the text before the name ends with, and what the name's compound or text goes on."""

    frame: Frame
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None


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
    r"(?:\b(?:than|als|vor|wie|against|beats?|überholt|ahead of) (?:(?:der|die|den|dem|its?|ihr\w*|sein\w*|the) )?|"
    r"(?<![\w-]))"
    r"(?:rival\w*|konkurrent\w*|wettbewerber\w*|competitor) $"
)

#: `Tesla rival X`, `Tesla-Rivale X`: the rival is who the sentence is about.
_SOMEBODYS: Final = re.compile(r"[A-ZÄÖÜ][\w’']+[ -](?:[Rr]ival\w*|[Kk]onkurrent\w*|[Ww]ettbewerber\w*|competitor) $")

#: What may stand between a preposition or a verb and the name: an article, an adjective, what kind of firm it is.
_UP_TO: Final = (
    r"(?: (?:der|die|das|dem|den|des|the|its|ihr\w*|sein\w*))?(?: [a-zäöü]+(?:e[nmrs]?|ish|ese|an))?"
    r"(?: [\w-]*(?:konzerns?|herstellers?|"
    r"unternehmens?|bauers?|anbieters?|bank|kette|tochter|riesen?|maker|giant|firm|rival|konkurrent(?:en)?|"
    r"start-?ups?|spezialist(?:en)?|händlers?|börse|betreibers?|airline|fluglinie))? [„“\"‚]?$"
)
_LISTED: Final = r"(?: [\w&.-]+(?: [\w&.-]+)?,? (?:und|and))?"
_PRODUCT: Final = (
    r"(?:[’']s)?[ -](?:cloud|play|maps|store|apps?|azure|alexa|aws|prime|marketplace|teams|workspace|ads|pay|tv|watch|"
    r"music|office|windows|search|chrome|android|bedrock|copilot|dynamics|platforms?|plattform\w*|reviews?|"
    r"quest|echo|kindle|pixel|xbox|bestseller\w*|best seller\w*|magic quadrant)\b"
)


def _words(role: Role, why: str, before: str = "", after: str = "", weight: float = _LIKELY) -> _Words:
    return _Words(
        Frame(role, weight, why),
        re.compile(before + _UP_TO) if before else None,
        re.compile(after) if after else None,
    )


_ALL: Final = (
    _words(
        Role.ACTOR,
        "'durch' or 'by' names who takes over",
        before=r"\b(?:übernahme|kauf|erwerb|verkauf|einstieg|takeover|acquisition|purchase)\b[^.;:!?]{0,60}\b(?:durch|by)",
    ),
    _words(
        Role.ACTOR,
        "it is who sues",
        after=r"(?: [\w-]+){0,2} (?:verklagt|klagt|sues|sued|is suing|files suit|reicht \w*klage)\b(?! w[eo]rden)",
        weight=_SURE,
    ),
    _words(
        Role.ACTOR, "its own bid for another one", after=r"-(?:einstieg|beteiligung|angebot|gebot) (?:bei|an|für)\b"
    ),
    _words(Role.MENTIONED, "something else stands in its place", before=r"\b(?:statt|anstelle von|instead of)"),
    _words(
        Role.MENTIONED,
        "somebody does better than it",
        before=r"\b(?:sticht|schlägt|überholt|überflügelt|verdrängt|beats|overtakes|outperforms|outsells)",
        weight=_SURE,
    ),
    _words(
        Role.MENTIONED,
        "somebody who works for it",
        before=(
            r"(?:dienstleister|lieferant(?:en)?|zulieferer|auftragsfertiger|supplier|vendor|contractor)s? "
            r"(?:für|von|der|des|of|to|for)"
        ),
        weight=_CERTAIN,
    ),
    _words(
        Role.MENTIONED,
        "where something is shown or posted",
        before=r"\b(?:on|auf|via|über|at|bei) [\w&]+ \((?:formerly|ehemals|früher|vormals|ex)",
        weight=_SURE,
    ),
    _words(
        Role.MENTIONED,
        "the compound names somebody else",
        after=(
            r"[- ](?:\w+-)?(?:rival\w*|konkurren\w*|wettbewerber\w*|mitbewerber\w*|lieferant\w*|zuliefer\w*|"
            r"supplier\w*|competitor\w*|alternative\w*|auftragsfertiger\w*|agentur|dienstleister\w*|seller\w*|backed)\b"
        ),
        weight=_SURE,
    ),
    _words(
        Role.TARGET,
        "a takeover of it",
        before=(
            r"\b(?:übernahme|kauf|erwerb|takeover|acquisition|purchase|mehrheit|anteile?)(?: (?:von|of|an|at|in))|"
            r"\b(?:greift nach|wirbt um|buhlt um|werben um|bietet für|angebot für|offerte für|gebot für|interesse an|"
            r"steigt bei|einstieg bei|spekulationen (?:bei|um|über)|beteiligt sich an|beteiligung an|stake in|"
            r"bid for|offer for|invests in|investiert in|invested in|ab von)"
        ),
    ),
    _words(
        Role.TARGET,
        "the verb before it is done to it",
        before=(
            r"\b(?:übernimmt|kauft|erwirbt|schluckt|acquires?|acquired|buys|bought|takes over|to buy|verklagt|"
            rf"verklagen|sues|sued|suing){_LISTED}"
        ),
    ),
    _words(
        Role.TARGET, "somebody wants to take it over", after=r"(?: (?:und|and) \w[\w-]+)? (?:übernehmen|schlucken)\b"
    ),
    _words(
        Role.TARGET,
        "a claim or an inquiry against it",
        before=(
            r"\b(?:\w*klagen?|ermittlungen|verfahren|vorwürfe|ermittelt|ermitteln|prozess|strafe|bußgeld|beschwerde|"
            r"lawsuit|suit|charges|complaint|probe|case|investigation|fine|protest\w*|urteil)[^.;:!?]{0,40}"
            r"\b(?:gegen|against|into|an)"
        ),
    ),
    _words(
        Role.TARGET,
        "an authority demands something of it",
        before=(
            r"\b(?:eu|eu-kommission|kommission|kartellamt|behörde\w*|gericht|sec|ftc|doj|bafin|staatsanwaltschaft|"
            r"regulators?|court)\b[^.;:!?]{0,30}\b(?:fordert|verlangt|untersagt|verbietet|verhängt|orders|fines|"
            r"sues|demands)\b[^.;:!?]{0,40}"
        ),
    ),
    _words(
        Role.TARGET,
        "it is struck: a strike, a raid, an accident",
        before=(
            r"\b(?:\w*streiks?|razzia|razzien|durchsuchung\w*|unfall|explosion|brand|hackerangriff|cyberangriff|tarif\w+|"
            r"arbeitsunfällen|störung\w*|strike|outage|fire|raid)\b(?: [\w-]+)? (?:bei|beim|im|in|at|von|of)"
        ),
    ),
    _words(
        Role.PARTNER,
        "a cooperation with it",
        before=(
            r"\b(?:kooperation|zusammenarbeit|partnerschaft|allianz|joint venture|kooperiert|zusammen|gemeinsam|"
            r"vertrag|partnership|collaboration|cooperation|alliance|partners|partnered|partnering|teams up|team up|"
            r"collaborates|agreement)(?: [\w-]+){0,2} (?:mit|with)"
        ),
    ),
    _words(
        Role.MENTIONED,
        "its product is only the scene",
        before=rf"(?<![\w-])(?:for|on|in|via|with|to|from|by|für|auf|im|mit|bei)(?: [\w&.’'-]+,)*{_LISTED}",
        after=_PRODUCT,
    ),
)


def framed(body: str, own: Sequence[Mention], passages: Passages) -> Frame | None:
    """Return what a sentence's grammar says of an account; None where it leaves that open.

    Args:
        body: the whole text.
        own: the account's names that are judged, at least one, in order.
        passages: the text's sentences.
    """
    if len(own) > 1 and own[0].start >= passages.title_end:
        return None
    return _frame(body, own[0], passages)


def _frame(body: str, mention: Mention, passages: Passages) -> Frame | None:
    start, end = passages.at(mention.start)
    before = body[max(start, mention.start - _REACH) : mention.start].lower()
    bare = mention.text.lower()
    after = body[mention.end : min(end, mention.end + _REACH)].lower()
    if _BY.search(before) and ("by" in before or _TAKEN_AFTER.match(after)):
        return Frame(Role.ACTOR, _SURE, "the passive names it as the one who acts")
    if _PASSIVE.match(after):
        return Frame(Role.TARGET, _SURE, "the passive makes it the one acted on")
    office = _OFFICE.match(after) or _OFFICE.match(bare[bare.find("-", 3) :] if "-" in bare[3:] else "")
    if bare.startswith("ex-") or (_FORMER.search(before) and office):
        return Frame(Role.MENTIONED, _CERTAIN, "somebody's former employer")
    if _RIVAL.search(before) and not _SOMEBODYS.search(body, max(start, mention.start - _REACH), mention.start):
        return Frame(Role.MENTIONED, _SURE, "a rival for comparison")
    cut = bare.find("-")
    goes_on = (bare[cut:] if cut > 0 else "") + after
    for words in _ALL:
        if (words.before is None or words.before.search(before)) and (
            words.after is None or words.after.match(goes_on)
        ):
            return words.frame
    return None
