"""Words around a company's name that say what it has to do with the thing told.

Each cue looks at the words before the name, at the rest of its compound, or at the words after it, inside one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.records import Mention
from pipeline.route.passages import Passages


class Cue(NamedTuple):
    """One kind of clue.

    Attributes:
        name: as the weights know it.
        before: what the sentence's words before the name end with.
        tail: what the name's own compound goes on with.
        after: what follows the name.
        why: for people.
    """

    name: str
    before: str = ""
    tail: str = ""
    after: str = ""
    why: str = ""


_GAP = r"(?:[\w.-]+ ){0,3}"
_AUTHORITY = (
    r"(?:kartellamt|kommission|gericht|bgh|olg|staatsanwalt\w*|bafin|\bsec\b|\bftc\b|justiz|behörden?|aufsicht|"
    r"richter|\beu\b|bundesregierung|ministerium|"
    r"regulators?|court|judge|prosecutors?|commission|department)"
)
_WORKERS = (
    r"(?:verdi|ver\.di|ig metall|ig bce|gewerkschaft|betriebsrat|pilotenstreik|piloten|lokführer|gdl|aktionäre|"
    r"anleger|investoren|verbraucherschützer|union)"
)

_CUES: Final = (
    Cue(
        "against",
        before=(
            r"(?:gegen|against|sues|sued|suing|verklagt?e?n?|klagt|anklage|vorwürfe an|streit mit|kritik an|"
            rf"protest bei) {_GAP}"
        ),
        why="'gegen' or 'against' before it",
    ),
    Cue(
        "object",
        before=(
            r"(?:übernimmt|kauft|erwirbt|schluckt|übernehmen|kaufen|rettet|buys?|acquires?|acquire|acquired|bought|"
            r"acquiring|takes over|"
            r"beteiligt sich an|steigt bei|einstieg bei|beteiligung an|anteile an|mehrheit an|stake in|invests? in|"
            r"investiert .{0,40}in|investitionen in|investment in|bid for|offer for) " + _GAP
        ),
        why="it is bought or invested in",
    ),
    Cue(
        "deal",
        before=(
            r"(?:übernahme|kauf|verkauf|börsengang|fusion|abspaltung|zerschlagung|rettung|verstaatlichung|"
            r"kontrolle|aufsicht|bewertung|übernahmespekulationen|"
            r"acquisition|takeover|purchase|sale|ipo|merger|spin-?off) (?:von|der|des|bei|mit|of|with) " + _GAP
        ),
        why="a takeover, sale or flotation of it",
    ),
    Cue(
        "authority",
        before=rf"{_AUTHORITY}.{{0,70}}(?:von|bei|gegen|mit|für|an|over|into|against|of|for|from|unter|\b) {_GAP}",
        why="an authority acts on it",
    ),
    Cue(
        "verdict",
        before=r"",
        after=(
            r".{0,50}(?:im visier|unter druck|vor gericht|angeklagt|verklagt|durchsucht|muss .{0,30}zahlen|strafe|"
            r"übernommen|verkauft werden|sued|accused|fined|charged)"
        ),
        why="it is accused or taken over",
    ),
    Cue(
        "workers",
        before=rf"{_WORKERS}.{{0,60}}(?:bei|von|gegen|at|from) {_GAP}",
        why="a union or shareholders demand something of it",
    ),
    Cue(
        "trouble",
        before=(
            r"(?:streiks?|warnstreiks?|durchsuchung\w*|razzia|unfall|explosion|brand|ermittlungen|tarif\w*|"
            r"schließungen|\w*schließungen|unfällen) (?:bei|im|in|der|at) "
        )
        + _GAP,
        why="something happens at it",
    ),
    Cue(
        "case",
        tail=(
            r"(?:übernahme|klage|verfahren|prozess|bann|skandal|aktionäre\w*|anleger\w*|einstieg|urteil|börsengang|"
            r"verkauf|deal|fusion|streit|streik|affäre|fall)\b"
        ),
        why="the compound makes it the object",
    ),
    Cue("by", before=r"(?:durch|by|seitens) " + _GAP, why="'durch' or 'by' before it"),
    Cue(
        "with",
        before=r"(?:\bmit|with|gemeinsam mit|zusammen mit|together with|alongside|between .{1,30}and|between) " + _GAP,
        why="'mit' or 'with' before it",
    ),
    Cue(
        "partner",
        before=(
            r"(?:partner|partnerschaft|kooperation|zusammenarbeit|allianz|joint venture|gemeinschaftsunternehmen|"
            r"partnership|collaboration|collaborat\w+|partner\w*|"
            r"cooperation|kooperier\w*|hilft|vertrag|auftrag von|kunden?|agreement|lieferant|customer)\W+(?:\w+ "
            r"){0,2}(?:mit|von|with|of|for|für)? ?" + _GAP
        ),
        why="a partner, customer or supplier",
    ),
    Cue(
        "order",
        before=r"(?:bestell\w+|ordert|liefert|orders?|ordered) .{0,25}",
        tail=r"(?:jets?|flugzeuge?|maschinen|chips?|züge?n?)",
        why="its goods are ordered",
    ),
    Cue(
        "like",
        before=(
            r"(?:\bwie|like|such as|including|unter anderem|etwa|e\.g\.|neben|beside|besides|unlike|than|versus|"
            r"vs\.?|als|anders als|ähnlich wie|à la) (?:[\w.-]+,? (?:und |oder |and |or )?){0,4}"
        ),
        why="an example or a comparison",
    ),
    Cue(
        "rival",
        before=(
            r"(?:konkurrent\w*|rival\w*|wettbewerber\w*|mitbewerber\w*|competitors?|marktführer|konkurrenz) "
            r"(?:[\w.-]+,? (?:und |and )?){0,3}"
        ),
        why="a competitor",
    ),
    Cue("rivalry", tail=r"(?:konkurren\w*|rival\w*)", why="a competitor"),
    Cue(
        "said",
        before=(
            r"(?:laut|according to|zufolge|berichtet\w*|sagte?|says|said|told|befragte\w*|von|analyst\w* .{0,"
            r"30}(?:der|von|at)|expert\w* .{0,30}(?:der|von|at)|magazin|zeitung|agentur) "
        ),
        why="it is only quoted",
    ),
    Cue(
        "voice",
        tail=r"(?:analyst\w*|ökonom\w*|experte\w*|volkswirt\w*|umfrage|bericht\w*|daten|angaben)",
        why="it is only quoted",
    ),
    Cue(
        "former",
        before=r"(?:früher\w*|ehemalig\w*|einstig\w*|former|ex-|damalig\w*|bisherig\w*) " + _GAP,
        why="a former employer or owner",
    ),
    Cue(
        "past",
        before=(
            r"(?:worked|joined from|years at|stints? at|roles? at|positions? at|engineer at|veteran of|experience "
            r"at|drei jahre nach|seit|zuvor bei|wechselt von) .{0,30}"
        ),
        why="a station in a career",
    ),
    Cue(
        "shop",
        before=(
            r"(?:available|verfügbar|purchase|pre-sales|order|found|sold|kaufen|erhältlich|app|on|auf|via|über) "
            r"(?:.{0,20}(?:at|on|from|bei|auf) )?"
        ),
        why="a place to buy or post",
    ),
    Cue(
        "people",
        tail=(
            r"(?:chef\w*|boss|vorst\w*|ceo|manager\w*|sprecher\w*|gründer\w*|aufsichtsrat\w*|vorständ\w*|spitze|"
            r"konzern\w*)"
        ),
        why="its management acts",
    ),
    Cue(
        "family",
        tail=r"(?:tochter\w*|mutter\w*|sparte|beteiligung|marke\w*|nachfolger\w*)",
        why="an owner or part of it",
    ),
    Cue(
        "thing",
        tail=(
            r"(?:modell\w*|produkt\w*|auto\w*|handy\w*|smartphones?|läden|laden|filiale\w*|aktie\w*|papiere?|"
            r"werk\w*|kund\w*|mitarbeiter\w*|nutzer\w*)"
        ),
        why="its goods, shares or staff",
    ),
    Cue("topic", after=r"\s*:", why="it heads the line"),
    Cue(
        "verb",
        after=(
            r"(?: \([^)]*\)){0,2},? (?:will|soll|muss|kann|darf|plant|baut|kauft|verkauft|übernimmt|investiert|"
            r"meldet|schließt|streicht|eröffnet|steigert|senkt|erhöht|macht|hat|ist|wird|stellt|startet|"
            r"zieht|gibt|geht|setzt|verliert|gewinnt|holt|bringt|liefert|erhält|bekommt|wehrt|kündigt|prüft|sucht|"
            r"schafft|rechnet|bleibt|verlässt|erwartet|warnt|hebt|legt|sieht|wächst|bestellt|erwägt|"
            r"bestätigt|expandiert|gründet|verklagt|kooperiert|entlässt|profitiert|hofft|bereitet|entwickelt|"
            r"produziert|verbucht|verzeichnet|überrascht|steht|beginnt|lässt|möchte|dementiert|widerspricht|"
            r"to|is|has|will|plans|says|said|announce\w*|launch\w*|opens?|buys|acquires|acquired|sells|cuts|"
            r"report\w*|wins|won|signs|names|appoints|expands|raises|unveils|invests|builds|joins|sees|"
            r"posts|targets|renews|tackles|provides|reveals|begins?|completes?|introduces|receives|secures|today)\b"
        ),
        why="it is the subject of the verb after it",
    ),
    Cue(
        "subject",
        before=r"^\W*(?:(?:der|die|das|the|auch|nach|in|so|wie|warum) )?(?:[\w-]+ )?",
        why="the sentence begins with it",
    ),
    Cue(
        "passive",
        after=(
            r" (?:wird|wurde|ist|werden|is|was|has been|soll) .{0,60}(?:übernommen|verklagt|verkauft|verurteilt|"
            r"acquired|sued|fined|bought|taken over|eingestellt|genehmigt)"
        ),
        why="it is acted on",
    ),
    Cue("list", after=r"(?:,| und| and| oder| or| &) (?:[A-ZÄÖÜ]\w+|Co\b)", why="one in a list"),
    Cue("listed", before=r"[A-ZÄÖÜ][\w-]+(?:,| und| and| oder| or) ", why="one in a list"),
    Cue(
        "model",
        before=r"\b(?:19|20)\d\d (?:[A-Z]\w+ )?",
        after=r"(?:[ -][A-Z]{0,3}\d|[ -]?(?:Modell?|Museum|Music|Store|App|Laden|Phone)\b)",
        why="a model or a shop, not the company",
    ),
    Cue(
        "outlet",
        before=(
            r"\b(?:available|verfügbar|found|erhältlich|sold|order|at no charge|free)\b.{0,60}\b(?:at|on|from|via|"
            r"bei|auf) (?:the )?"
        ),
        why="a place to buy something",
    ),
    Cue(
        "matter",
        tail=r"(?:prozess|insolvenz|pleite|skandal|affäre|fall|verfahren|untersuchung|ausschuss|aktionär\w*|anleger\w*)$",
        why="the compound speaks of an affair",
    ),
    Cue("paired", after=r"\s*(?:und|&|and|,)\s", why="another one is named with it"),
    Cue("pair", before=r"(?:\bund|&|\band|,)\s", why="another one is named with it"),
    Cue(
        "example",
        before=r"(?:firmen|unternehmen|konzerne|companies|anbieter\w*|giants) (?:wie|like|such as)[^.]{0,40}",
        why="an example",
    ),
    Cue("at", before=r"(?:\bbei|at|beim|von|of|zu|für|for|an) " + _GAP, why="a preposition before it"),
)


class _Compiled(NamedTuple):
    name: str
    before: re.Pattern[str] | None
    tail: re.Pattern[str] | None
    after: re.Pattern[str] | None
    reach: int


#: Cues that look further back than a few words.
_FAR: Final = frozenset(("authority", "workers", "object", "past", "subject", "outlet", "example"))
_CAPITALS: Final = frozenset(("list", "listed", "model"))
"""Cues that need the text's capitals; the others look at lower case."""
_COMPILED: Final = tuple(
    _Compiled(
        cue.name,
        re.compile(f"(?:{cue.before})$") if cue.before else None,
        re.compile(rf".*?-?(?:{cue.tail})") if cue.tail else None,
        re.compile(cue.after) if cue.after else None,
        110 if cue.name in _FAR else 45,
    )
    for cue in _CUES
)
#: `A Nordhaff warehouse`: the thing is the subject, not whose it is.
_A_THING: Final = re.compile(r"\b(?:an?|eine?[nrms]?) $")
WHY: Final = {cue.name: cue.why for cue in _CUES}
_REACH: Final = 110


def cues(body: str, mention: Mention, passages: Passages) -> Iterator[str]:
    """Yield the names of the clues that this name's surroundings give."""
    start, end = passages.at(mention.start)
    first = max(start, mention.start - _REACH)
    before = body[first : mention.start]
    text = body[mention.start : mention.end]
    cut = text.find("-")
    tail = text[cut:].lower() if cut > 0 else ""
    after = body[mention.end : min(end, mention.end + _REACH)]
    low, low_after = before.lower(), after.lower()
    for cue in _COMPILED:
        plain = cue.name in _CAPITALS
        left = cue.before is None or _ends(cue, before if plain else low, first == start)
        if cue.name == "model":
            holds = (bool(before) and left) or bool(cue.after and cue.after.match(after))
        else:
            holds = left and (cue.tail is None or bool(tail and cue.tail.match(tail)))
            holds = holds and (cue.after is None or bool(cue.after.match(after if plain else low_after)))
        if holds:
            yield cue.name


def _ends(cue: _Compiled, before: str, whole: bool) -> bool:
    """Say whether the words before the name end as the cue wants; `whole` where they begin the sentence."""
    if cue.before is None:
        return True
    if cue.name == "subject":
        return whole and bool(cue.before.match(before)) and not _A_THING.search(before)
    return bool(before) and bool(cue.before.search(before, max(0, len(before) - cue.reach)))
