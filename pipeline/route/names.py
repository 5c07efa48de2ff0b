"""What the name of an account can look like in a text.

Texts and names meet in one folded spelling (`fold`), which keeps every character's place: lower case, accents gone,
umlauts kept, and everything that is neither letter, digit nor `&` a space. So `Siemens-Energy` and `Siemens Energy`
are one, while umlaut and `&` variants are expanded here, in the names, never in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from pipeline.route.gazetteer import names
from pipeline.route.tree import Account, Level
from pipeline.route.words import FIRST_NAMES, ordinary


class _Fold(dict[int, int]):
    """A translation table that fills itself: one character in, one out."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        self[code] = folded = ord(_folded(character))
        return folded


_KEPT: Final = "äöüß&æ"
_OTHER: Final = {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ð": "d"}


def _folded(character: str) -> str:
    lower = character.lower()
    lower = lower if len(lower) == 1 else lower[0]
    if lower in _KEPT:
        return lower
    base = unicodedata.normalize("NFKD", lower)[:1] or " "
    base = _OTHER.get(base, base)
    return base if base.isalnum() else " "


_TABLE: Final = _Fold()


#: News in western languages fits into this encoding, and bytes are translated ten times as fast as characters.
_WESTERN: Final = "cp1252"
_BYTES: Final = bytes(ord(_folded(bytes([code]).decode(_WESTERN, "replace"))) & 0xFF for code in range(256))


def fold(text: str) -> str:
    """Return the text in folded spelling; exactly as long, so offsets hold."""
    try:
        return text.encode(_WESTERN).translate(_BYTES).decode("latin-1")
    except UnicodeEncodeError:
        return text.translate(_TABLE)


_LEGAL_WORDS: Final = (
    r"SE ?& ?Co\.? ?KGaA|AG ?& ?Co\.? ?(?:KGaA|KG|OHG|oHG)|GmbH ?(?:&|und|\+) ?Co\.? ?(?:KGaA|KG|OHG|oHG)|SE ?(?:&|"
    r"\+) ?Co\.? ?(?:KG|oHG|OHG)|"
    r"(?:Stiftung|UG|S\.à ?r\.l\.|B\.V\.) ?& ?Co\.? ?(?:KG|KGaA)|KGaA mbH|KGaA|gGmbH|mbH|GmbH|UG|e\.K\.|e\.V\.|"
    r"e\.G\.|eG|oHG|OHG|VVaG|a\.G\.|AöR|"
    r"& Cie\.? ?KG|& Co\.? ?KG|KG|AG|S\.?E\.?|SE|N\.?V\.?|B\.?V\.?|S\.?p\.?A\.?|S\.?r\.?l\.?|S\.?à ?r\.?l\.?|"
    r"S\.?A\.?S\.?|S\.?A\.?R\.?L\.?|S\.?C\.?A\.?|SCA|"
    r"S\.A\.U\.|S\.?A\.?(?:/N\.?V\.?)?|S\.L\.U?\.?|a\.s\.|s\.r\.o\.|sp\. ?z ?o\.o\.|Sp\. ?z ?o\.o\.|A/S|ASA|AS|AB|"
    r"Oyj|Oy|Kft\.?|Nyrt\.?|Zrt\.?|d\.o\.o\.|d\.d\.|PAO|OAO|"
    r"A\.Ş\.|Q\.C\.S\.C\.|P\.L\.C\.|p\.l\.c\.|plc|PLC|Plc|Public Limited Company|LLC|L\.L\.C\.|LLP|L\.?P\.?|PBC|"
    r"Inc\.?|Incorporated|INC\.?|Corp\.?|CORP\.?|Corporation|"
    r"& Co\.,? Inc\.?|Co\.,? Ltd\.?|Co\.|Company,? Limited|Company|Limited|Ltd\.?|LTD\.?|Pty\.? Ltd\.?|Pte\.? "
    r"Ltd\.?|Pvt\.? Ltd\.?|K\.K\.|Bhd\.?|Berhad|Tbk"
)
LEGAL_AFTER: Final = re.compile(rf",? (?:{_LEGAL_WORDS})(?![\w])\.?")
"""A legal form right after a name, with the comma before it."""
_LEGAL_END: Final = re.compile(rf"(?:,? (?:{_LEGAL_WORDS})\.?)+(?: \([^)]*\))?$")
_BRACKET = re.compile(r" ?\([^)]*\)$")
_TAIL = re.compile(
    r" (?:Group|Gruppe|GROUP|Holding|Holdings|Konzern|International|Global|Worldwide|Deutschland|Germany|"
    r"Technologies|Technology|"
    r"Industries|Corporation|Motor|Beteiligungs|Systems|Networks|Enterprises|Automobile|Platforms|Sciences|Labs|"
    r"Sparte)$"
)
_FIRST = re.compile(r"^The ")
_LETTER = re.compile(r"[^\W_]")
_CAMEL = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])")
_INFLECTED = re.compile(r"^(\w+(?:sche|ische|inigte|eine|erte|igte|tige|eue|oße))(?=[ -])")
_PLANT_AT = re.compile(r"^((?:\w+[ -])?(?:\w*[Ww]erk|Standort|Gigafactory|Fabrik|Campus|Plant|Factory)) (\w+)$")
_UMLAUT = re.compile(r"[äöüßæ]|[aou]e")
_UMLAUTS: Final = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("æ", "ae"))


HOME: Final = frozenset(("DE", "AT", "CH", "US", "GB"))
BRANDS: Final = frozenset("toyota mercedes meta thales".split())
"""Towns that everybody knows as companies."""


class Form(NamedTuple):
    """One way to write the name of one account.

    Attributes:
        account_id: whose name it is.
        text: as it would be written, in its usual case.
        kind: `name`, `alias`, `former`, `legal`, `bare` (without the legal form) `known` (what the
            press calls it) or `short` (a part that we derived).
        ordinary: 0 where it is nothing else, 1 where it may be a word, a place or an acronym, 2 where it mostly is.
    """

    account_id: str
    text: str
    kind: str
    ordinary: int


def without_legal_form(name: str) -> str:
    """Return the name without its legal forms at the end (`Linde plc` → `Linde`); whole where nothing would be left."""
    bare = _BRACKET.sub("", name.strip())
    bare = _FIRST.sub("", _LEGAL_END.sub("", bare).strip(" ,"))
    return bare if len(bare) > 1 else name.strip()


def forms(account: Account) -> list[Form]:
    """Return the names of an account as it gives them; spellings are left to `keys`."""
    written: list[tuple[str, str]] = [(_BRACKET.sub("", account.name), "name")]
    written += [(alias, "alias") for alias in account.aliases]
    written += [(name, "former") for name in account.former_names]
    if account.legal_name:
        written.append((account.legal_name, "legal"))
    bare = [(without_legal_form(text), "bare") for text, _ in written]
    known = account.name.lower().split()
    found: dict[str, Form] = {}
    for text, kind in (*written, *bare):
        words = text.split()
        # `Anton Schlecker e.K.` without its legal form is a person.
        person = (
            kind == "bare"
            and len(words) == 2
            and words[0].lower() in FIRST_NAMES
            and words[1:] != known
            and [words[1].lower()] == known
        )
        if not person and _LETTER.search(text):
            found.setdefault(text, Form(account.id, text, kind, _ordinary(text, kind, account.level is Level.SITE)))
    return list(found.values())


def _ordinary(text: str, kind: str, site: bool) -> int:
    """Return how likely the name is something else; see `Form`."""
    bare = text.strip(".")
    low = bare.lower()
    letters = len(bare) if len(bare) > 6 else sum(character.isalnum() for character in bare)
    weight = ordinary().get(low, 0)
    if " " in bare or "-" in bare:
        if site and " " in bare:
            return 0
        return 1 if bare.startswith(("Die ", "Der ", "Das ")) or is_place(low) else 0
    if low in FIRST_NAMES or is_place(low):
        weight = max(weight, 1)
    if letters <= 2 or text.islower() or (letters <= 3 and kind != "name"):
        weight = max(weight, 1)
    # Written as no word is, the name says itself: `MAN`, `ARM`, `xAI`.
    if weight == 2 and any(character.isupper() for character in text[1:]) and kind == "name":
        return 1
    return weight


def is_place(name: str) -> bool:
    """Say whether the name, in lower case, is also a country, a region or a larger town, or an adjective of one."""
    for entry in names().get(" ".join(name.replace("-", " ").split()), ()):
        if entry.kind != "city" or (
            entry.population >= (50_000 if entry.country in HOME else 500_000) and name not in BRANDS
        ):
            return True
    return False


def keys(text: str) -> Iterator[str]:
    """Yield the folded spellings under which this name is looked for."""
    spellings = {text}
    if len(text) > 3:
        spellings.add(_CAMEL.sub(" ", text))
    for spelling in list(spellings):
        inflected = _INFLECTED.match(spelling)
        if inflected:
            spellings |= {inflected.group(1) + ending + spelling[inflected.end() :] for ending in "nrms"}
        plant = _PLANT_AT.match(spelling)
        if plant:
            spellings |= {f"{plant.group(1)} in {plant.group(2)}", f"{plant.group(1)} {plant.group(2)}"}
        if spelling.lower().endswith("werke"):
            spellings.add(f"{spelling}n")
        if "&" in spelling:
            spellings |= {re.sub(r" ?& ?", f" {word} ", spelling) for word in ("und", "and", "&")} | {
                re.sub(r" ?& ?", "&", spelling)
            }
    seen: set[str] = set()
    for spelling in spellings:
        folded = fold(spelling).strip()
        tight = " ".join(folded.split())
        # `J.P. Morgan` is also written `JP Morgan`, `E.ON` also `Eon`, `Air Baltic` also `airBaltic`.
        variants = {folded, tight, tight.replace(" ", "")}
        if "." in spelling:
            variants.add(" ".join(fold(spelling.replace(".", "")).split()))
        for variant in variants:
            seen |= _umlauts(variant)
    yield from sorted(seen - {""})


def _umlauts(folded: str) -> set[str]:
    """Return the spelling with its umlauts, with `ae`, and with bare vowels; and the way back."""
    if not _UMLAUT.search(folded):
        return {folded}
    out, bare, back = folded, folded, folded
    for umlaut, two in _UMLAUTS:
        out = out.replace(umlaut, two)
        bare = bare.replace(umlaut, two[0] if umlaut in "äöü" else two)
        if umlaut in "äöü":
            back = back.replace(two, umlaut)
    return {folded, out, bare, back}


@cache
def _known() -> dict[str, tuple[str, ...]]:
    """Return the names under which the press knows large companies, by their full name in lower case."""
    lines = files("pipeline.route").joinpath("known.txt").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.lower(): tuple(others.split(";")) for name, _, others in pairs}


def short_forms(account: Account) -> Iterator[Form]:
    """Yield what the account is called besides: by the press, without `Group`, by its first word where that is rare.

    They are guesses; `Spellings` drops those that another account or another name has.
    """
    whole = without_legal_form(account.name)
    for other in _known().get(whole.lower(), ()):
        yield Form(account.id, other, "known", _ordinary(other, "known", False))
    for source in dict.fromkeys((whole, without_legal_form(account.legal_name) if account.legal_name else whole)):
        bare = _TAIL.sub("", source)
        if bare != source and len(bare) > 2:
            yield Form(account.id, bare, "short", max(1, _ordinary(bare, "short", False)))
        first = re.split(r"[ \-]", source)[0].strip(",")
        rare = len(first) >= 5 and first[0].isupper() and not _ordinary(first, "short", False)
        if first != source and rare and not first.lower().endswith(("er", "sche", "ische", "scher")):
            yield Form(account.id, first, "short", 1)
