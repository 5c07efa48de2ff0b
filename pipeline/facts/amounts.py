"""Amounts of money: a number with a currency, or a word such as `Milliardenauftrag`.

    $300m · € 1,2 Mrd. · USD 5bn · 30-Milliarden-Geschäft · acht Milliarden einbringen     with a value
    Milliarden-Deal · dreistelliger Millionenbetrag · Hunderte Millionen Euro              vague

Left out: prices per unit or share, wages and fares, and people, doses or views that are counted in millions.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.facts.numbers import GAP, JOIN, Number
from pipeline.records import Fact, FactKind

_CODES: Final = (
    "EUR USD GBP CHF CAD AUD NZD HKD SGD JPY CNY RMB INR SEK NOK DKK PLN CZK HUF KRW BRL MXN ZAR TRY RUB AED SAR"
).split()
_SIGNS: Final = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY"}
_DOLLARS: Final = {
    "": "USD",
    **dict.fromkeys(("US", "U.S."), "USD"),
    **dict.fromkeys(("C", "CA", "CAD", "CDN", "CAN"), "CAD"),
    **dict.fromkeys(("A", "AU", "AUD"), "AUD"),
    **{"HK": "HKD", "S": "SGD", "SG": "SGD", "NZ": "NZD", "R": "BRL", "NT": "TWD", "MX": "MXN"},
}
_NAMES: Final = (
    (r"US[ -]?\$|US[- ]?[Dd]ollars?|U\.S\. dollars?|amerikanische[rn]? Dollar", "USD"),
    (r"kanadische[rn]? Dollar|Canadian dollars?|C\$", "CAD"),
    (r"australische[rn]? Dollar|Australian dollars?|A\$", "AUD"),
    (r"Hongkong-Dollar|Hong Kong dollars?", "HKD"),
    (r"Singapur-Dollar|Singapore dollars?", "SGD"),
    (r"[Ee]uros?|EUROS?|€", "EUR"),
    (r"[Dd]ollars?|DOLLARS?|\$", "USD"),
    (r"(?:britische )?Pfund(?: Sterling)?|pounds?(?: sterling)|sterling|£", "GBP"),
    (r"(?:Schweizer )?Franken|(?:[Ss]wiss )?[Ff]rancs?|SFr\.?|Fr\.", "CHF"),
    (r"(?:japanische )?[Yy]en|¥", "JPY"),
    (r"(?:chinesische )?[Yy]uan|[Rr]enminbi", "CNY"),
    (r"(?:indische )?Rupien|[Rr]upees?|₹", "INR"),
    (r"schwedische[rn]? Kronen|Swedish (?:krona|kronor|crowns)", "SEK"),
    (r"norwegische[rn]? Kronen|Norwegian (?:krone|kroner|crowns)", "NOK"),
    (r"dänische[rn]? Kronen|Danish (?:krone|kroner|crowns)", "DKK"),
    (r"tschechische[rn]? Kronen|Czech (?:koruna|crowns)", "CZK"),
    (r"Zloty|zloty", "PLN"),
    (r"Forint|forint", "HUF"),
    (r"Rubel|roubles?|rubles?", "RUB"),
    (r"Won|won(?= (?:invest|worth))", "KRW"),
    (r"(?:brasilianische )?Reais|reais", "BRL"),
    (r"Rand(?! )|rand(?! )", "ZAR"),
)
_RIGHT = re.compile(
    JOIN
    + "(?:"
    + "|".join(f"(?P<n{index}>{name})" for index, (name, _) in enumerate(_NAMES))
    + f"|(?P<code>{'|'.join(_CODES)}))(?![^\\W_])"
)
_LEFT = re.compile(
    rf"(?:(?P<dollar>(?<![A-Za-z])(?:US|U\.S\.|CA|CAD|CDN|CAN|AUD|AU|HK|SG|NZ|NT|MX|C|A|S|R){GAP}?\$|\$)"
    rf"|(?P<sign>[€£¥₹₽₩₺])"
    rf"|(?<![^\W_])(?:(?P<code>{'|'.join(_CODES)})|(?P<franc>SFr\.?|Fr\.)|(?P<rupee>Rs\.?)|(?P<euro>Euro))){GAP}?\Z"
)
_PER = re.compile(
    rf"[\"”)]?(?:,?{GAP}*(?:per|pro|je(?={GAP}[A-ZÄÖÜ])|a(?={GAP}(?:share|barrel|ton|tonne|ounce|unit|night|month"
    rf"|piece|head|gallon|pound|"
    rf"bushel|week|day|megawatt|kilo|ticket|litre|liter|year)\b)|an(?={GAP}(?:ounce|hour)\b)|apiece|[Mm]onatlich"
    rf"|monthly|je(?={GAP}Aktie))"
    rf"(?:{GAP}+(?P<per>[^\W\d_]+))?|/{GAP}?(?P<slash>[^\W\d_]+)|{GAP}(?P<die>die|das){GAP}(?:Aktie|Tonne|Stunde"
    rf"|Stück|Barrel|Fass)|[- ]pro[- ])"
)
_TIME: Final = frozenset("jahr year annum quartal quarter monat month tag day woche week anno".split())
_PRICE = re.compile(
    r"(?:kursziel|preis|kost[e]|kurs|price|\bcost|starting|msrp|uvp|gehalt|lohn|salar|miete|rent\b|abfindung|\bfee"
    r"|gebühr|bonus|prämie"
    r"|aktie|share|ticket|verdien|wage|\bbid|bitcoin|ethereum|\bbtc|\beth\b|token|\bgold\b)[^.;\n]{0,40}\Z",
    re.IGNORECASE,
)
_EACH = re.compile(r"abfindung|gehalt|salar|pro kopf|severance|each\b|grundpreis|listenpreis", re.IGNORECASE)
_PRICED: Final = 300_000
"""Below this a figure without `million` behind a word such as `price` is one."""
_COIN: Final = 1_000
"""Below this a figure without `million` is a price, whatever stands around it."""

_MONEY = (
    r"Verlust|Gewinn|Umsatz|Schulden|Strafe|Bußgeld|Kredit|Investition|Überschuss|Kosten|Miese|Minus|Plus|Erlös"
    r"|Schaden|Kapital|Risikokapital"
    r"|Fördermittel|Förderung|Staatshilfe|Subvention|Einnahme|Dividende|Abfindung|Steuer|Ertrag|Finanz|Budget|Hilfe"
    r"|Rabatt|Miete|Auftrag"
)
_FOLLOWS = re.compile(rf"{GAP}+(?P<adjective>(?:[a-zäöüß]+e[nrs]?{GAP}+)?)(?P<noun>[^\W\d_]+)")
_PARTICLES: Final = frozenset(
    "eine einen einem einer eines ihre ihren seine seinen diese dieser diesen alle weitere mehrere der die den unter"
    " über hinter oder aber weder "
    "wegen neben gegen innerhalb außer".split()
)
_CUE = re.compile(
    r"invest|zahl[te]|kauf|übern|kredit|verlust|verlier|verlor|gewinn|umsatz|straf|euro|dollar|€|\$|kost|spar|schuld"
    r"|finanz|erlös|einbring|steck|wert"
    r"|darlehen|förder|subvention|bußgeld|schaden|einnahm|budget|kapital|fonds|pump|bewert|verkauf|angebot|bieten"
    r"|deal|geld|hilfe|überweis|lässt sich"
    r"|\bfür (?:bis zu |rund |etwa |mehr als |knapp |gut |über )?\Z",
    re.IGNORECASE,
)
_BARE_CUE = re.compile(
    r"invest|steck|verl[io]|zahl[te]|kost[e](?:t|n)\b|spar|sicher|fließ|schuld|verdien|pump|einnehm|einspiel|förder|kredit"
    r"|bußgeld|straf|fonds|spend|cost|lose|lost"
    r"|saves?\b|pour|raise",
    re.IGNORECASE,
)
_COUNTED = (
    r"(?:fach|mal\b|stadt|städt|metropol|publikum|auflage|heer|zuschauer|nutzer|jahr|volk|seller|dose|stel"
    r"|ste[nr]?\b|är|mensch|kunde|bevölk|reichweite|leser|hit\b"
    r"|erbe|dorf|park|spieler|fund|konzern|unternehm|start-?up|firm|famil|stream|abruf|klick|download|fans)"
)
_COMPOUND = re.compile(
    rf"(?:[Mm]illi(?:arden|onen)|MILLI(?:ARDEN|ONEN))-?(?!{_COUNTED})(?P<rest>[^\W\d_]{{3,}}(?:-[^\W\d_]+)*)"
)
_DIGITS_WORD = re.compile(
    rf"(?:(?:hohe|niedrige|mittlere|obere|untere)[nrs]?{GAP}+)?(?:ein|zwei|drei|vier|mehr)-?stellige[nrsm]?{GAP}+\Z",
    re.IGNORECASE,
)
_MULTI = re.compile(rf"(?:multi|double-digit{GAP}|triple-digit{GAP}|single-digit{GAP})-?{GAP}?\Z", re.IGNORECASE)
_MANY = re.compile(
    rf"(?:(?:[Hh]undert|[Zz]ehn|[Dd]utzend)\w*|[Hh]underten?{GAP}von|[Mm]ehrere[rn]?|[Ee]inige|[Vv]iele|[Hh]undreds"
    rf" of|[Tt]ens of|[Ss]everal|[Dd]ozens of|[Mm]any){GAP}+(?:hundert{GAP}+)?\Z"
)
_VALUED = re.compile(rf"-(?!{_COUNTED})[A-ZÄÖÜ][^\W\d_]+(?:-[^\W\d_]+)*")
_TAIL = re.compile(r"-[A-ZÄÖÜ][^\W\d_]+(?:-[A-ZÄÖÜ][^\W\d_]+)*")
_GIVEN = re.compile(rf"{GAP}für{GAP}")
"""`Milliarden für die Bahn`, at the start of a headline."""
_OF_MONEY = re.compile(rf"{GAP}+of{GAP}+(?:euros|dollars|pounds)")
_MULTI_WORD = re.compile(r"[mb]illion(?:[- ](?P<currency>dollar|euro|pound|franc)s?)?(?![^\W_])", re.IGNORECASE)
_BARE = re.compile(r"(?:[Mm]illi(?:arden|onen)|[BbMm]illions)(?![^\W_]|-)")


def amount(body: str, number: Number, *, german: bool) -> Fact | None:
    """Return the amount that begins with this number, or None; in German without currency too (`acht Milliarden`)."""
    end, value = number.end, number.value or 0.0
    if not number.scaled and number.letter == 1.0 and value < _COIN:
        return None
    left = _LEFT.search(body, max(0, number.start - 6), number.start)
    start = left.start() if left else number.start
    factor = number.letter
    right = _RIGHT.match(body, end) or (_RIGHT.match(body, number.long) if factor > 1 else None)
    if left is None and right is None:
        return _without_currency(body, number) if german else None
    if factor > 1 and (left or (right and right.start() >= number.long)):
        end, value = number.long, value * factor
    elif right and right.start() < number.long:
        factor = 1.0
    if right and (left is None or right.group("code") or right.group().strip()[0] not in "$€£¥"):
        end = max(end, right.end())
    scaled = number.scaled or factor > 1e3
    if _price(body, start, end, value, scaled=scaled):
        return None
    currency = _left_code(left) if left else _right_code(right)
    return _fact(body, start, _tail(body, end), value=value, currency=currency)


def _left_code(left: re.Match[str]) -> str:
    if left.group("dollar"):
        return _DOLLARS.get(left.group("dollar").rstrip("$ \u00a0"), "USD")
    if left.group("sign"):
        return _SIGNS[left.group("sign")]
    if left.group("code"):
        return "CNY" if left.group("code") == "RMB" else left.group("code")
    return "CHF" if left.group("franc") else "INR" if left.group("rupee") else "EUR"


def _right_code(right: re.Match[str] | None) -> str:
    if right is None or right.lastgroup is None:
        return ""
    if right.lastgroup == "code":
        return "CNY" if right.group("code") == "RMB" else right.group("code")
    return _NAMES[int(right.lastgroup[1:])][1]


def _price(body: str, start: int, end: int, value: float, *, scaled: bool) -> bool:
    """Say whether this is what one of something costs."""
    if not scaled and value < _COIN:
        return True
    per = _PER.match(body, end)
    if per:
        unit = (per.group("per") or per.group("slash") or "").lower()
        return not (scaled and unit in _TIME)
    if scaled or value >= _PRICED:
        return False
    if body[end : end + 1] == "-" and value < _PRICED:
        return True
    return (
        _PRICE.search(body, max(0, start - 60), start) is not None
        or _EACH.search(body, end, min(len(body), end + 50)) is not None
    )


def _without_currency(body: str, number: Number) -> Fact | None:
    """Return `acht Milliarden` or `30-Milliarden-Geschäft`; what is counted instead of paid gives None."""
    if (
        not number.scaled
        or (number.value or 0) < 1e6
        or not re.search(r"[Mm]illi(?:on|ard)|Mrd|Mio", body[number.start : number.end])
    ):
        return None
    compound = _VALUED.match(body, number.end)
    if compound:
        return _fact(body, number.start, compound.end(), value=number.value)
    if _counts(body, number.end) or not _near(_CUE, body, number.start, number.end):
        return None
    return _fact(body, number.start, number.end, value=number.value)


def _counts(body: str, end: int) -> bool:
    """Say whether a noun follows that is counted, such as `Menschen`; money (`Verlust`) and verbs do not count."""
    follows = _FOLLOWS.match(body, end)
    if follows is None:
        return body[end : end + 1] in "-‑%" and end < len(body)
    noun = follows.group("noun")
    if follows.group("adjective").strip() in _PARTICLES:
        return False
    if re.match(_MONEY, noun, re.IGNORECASE) or re.search(rf"(?:{_MONEY.lower()})\w{{0,2}}\Z", noun.lower()):
        return False
    return noun[0].isupper() or bool(
        re.match(r"(?:people|users|customers|shares|tons|tonnes|of|ounces|years|units|square|pounds|homes)\b", noun)
    )


def _near(cue: re.Pattern[str], body: str, start: int, end: int) -> bool:
    """Look for a cue in the same line, 90 characters to both sides."""
    low = max(body.rfind("\n", 0, start) + 1, start - 90)
    high = body.find("\n", end)
    high = min(len(body) if high < 0 else high, end + 90)
    return cue.search(body, low, start) is not None or cue.search(body, end, high) is not None


def vague(body: str, at: int) -> Fact | None:
    """Return the amount without a figure whose `Million` or `Milliard` begins at `at`, or None."""
    if at and (body[at - 1].isalnum() or (at > 1 and body[at - 2].isdigit())):
        return _multi(body, at)
    compound = _COMPOUND.match(body, at)
    if compound:
        digits = _DIGITS_WORD.search(body, max(0, at - 40), at)
        return _fact(body, digits.start() if digits else at, compound.end(), vague=True)
    multi = _multi(body, at)
    bare = None if multi else _BARE.match(body, at)
    if bare is None:
        return multi
    many = _MANY.search(body, max(0, at - 24), at)
    currency = _RIGHT.match(body, bare.end()) or _OF_MONEY.match(body, bare.end())
    start = many.start() if many else at
    if currency:
        code = (
            _right_code(currency)
            if currency.re is _RIGHT
            else {"e": "EUR", "d": "USD", "p": "GBP"}[currency.group().split()[-1][0]]
        )
        return _fact(body, start, currency.end(), currency=code, vague=True)
    given = _GIVEN.match(body, bare.end()) and body[max(0, start - 2) : start].strip(" ") in ("", ":", "\n", ".")
    if _counts(body, bare.end()) or not (given or _near(_BARE_CUE, body, at, bare.end())):
        return None
    return _fact(body, start, bare.end(), vague=True)


def _multi(body: str, at: int) -> Fact | None:
    """Return `multi-billion-dollar deal`, `multimillion-euro`, `triple-digit million`, `billion-dollar`."""
    word = _MULTI_WORD.match(body, at)
    before = _MULTI.search(body, max(0, at - 16), at)
    if word is None or (
        before is None and not (word.group("currency") and "-" in word.group() and not body[at - 1].isalnum())
    ):
        return None
    code = {"d": "USD", "e": "EUR", "p": "GBP", "f": "CHF"}.get((word.group("currency") or " ")[0].lower(), "")
    return _fact(body, before.start() if before else at, word.end(), currency=code, vague=True)


def _tail(body: str, end: int) -> int:
    """Return where a compound such as `500-Millionen-Euro-Auftrag` ends."""
    tail = _TAIL.match(body, end)
    return tail.end() if tail else end


def _fact(
    body: str, start: int, end: int, *, value: float | None = None, currency: str = "", vague: bool = False
) -> Fact:
    return Fact(
        kind=FactKind.AMOUNT,
        text=body[start:end],
        start=start,
        end=end,
        value=value,
        currency=currency or None,
        vague=vague,
    )
