"""Which language a text is in, from its title and lead.

py3langid knows a hundred languages and guesses wildly on a headline; asked among ten, about 120 characters or more, it
is hardly ever wrong. Shorter text goes by the source's hint, then by a vote of stop words, then by py3langid where it
is sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.classify.walk import Walk

UNKNOWN: Final = "und"
AMONG: Final = ("de", "en", "fr", "it", "es", "nl", "pl", "pt", "cs", "sv", "da")
ENOUGH: Final = 120
"""Characters from which the text decides and the hint does not matter."""
SURE: Final = 0.85
"""Probability from which a headline may be called anything else than German or English; half as short: 0.99."""
_LEAD: Final = 300
_MANY: Final = 16
"""Texts from which on it costs less to ask about all of them at once."""

_WORD = re.compile(r"[^\W\d_]+")
_HINT = re.compile(r"[A-Za-z]{2}(?![A-Za-z])")
_GERMAN = re.compile(r"(?:ung|ungen|keit|heit|schaft|ieren|chen|lichen?|ischen?|[bdgklmnrstz]en|zig|ß|[äöü]\w+)\b")
_ENGLISH = re.compile(r"(?:tions?|[^aeiou]ing|ments?|ally|ness|ship|'s|[^aeiou]ed|ties)\b")
_VOTES: Final = {
    **dict.fromkeys(
        """der die das und den dem des ein eine einen einem einer im ist auf für mit von zu zum zur bei nach nicht auch
        sich wird werden aus über vor als wie mehr wegen gegen soll meldet um am vom ab baut neue neuer neues neuen
        streicht übernimmt schließt steigt warum sind hat kann trotz zwischen unter durch ohne noch bis nun droht
        verkauft kauft bekommt seine ihre beim dass einstellen ausbauen abbauen übernehmen bauen verkaufen schließen
        weiter erstmals""".split(),
        "de",
    ),
    **dict.fromkeys(
        """the of and to for with on by from its at new is are as after into over a an up out be has will how why that
        this what amid more than names plans opens launches announces wins acquires appoints signs expands cuts buys
        sells reports says gets takes joins completes""".split(),
        "en",
    ),
}


def language(title: str, text: str, hint: str = "") -> str:
    """Return the ISO 639-1 code of the language, or `und`.

    Args:
        title: the headline.
        text: the article; the first 300 characters are looked at: more changes no answer and costs twice as much.
        hint: what the source says, such as `de` or `en-GB`; decides short text only.
    """
    return languages([(title, text, hint)])[0]


def languages(asked: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what `language` says of each title, text and hint; many at once cost less."""
    leads = [f"{title}\n{text[:_LEAD]}".strip() for title, text, _ in asked]
    long = [at for at, lead in enumerate(leads) if len(lead) >= ENOUGH and _WORD.search(lead)]
    known = dict(zip(long, _of_long([leads[at] for at in long]), strict=True))
    return [
        known.get(at) or _of_short(lead, hint) for at, (lead, (*_, hint)) in enumerate(zip(leads, asked, strict=True))
    ]


def _of_long(texts: Sequence[str]) -> list[str]:
    """Return the language of texts that are long enough for statistics."""
    if len(texts) < _MANY:
        return [_identifier().classify(text)[0] for text in texts]
    return _walk().classify(texts)


def _of_short(text: str, hint: str) -> str:
    """Return the language that the source names, else the one that the words speak for."""
    said = _HINT.match(hint) if len(text) < ENOUGH else None
    return said.group().lower() if said else _voted(text)


def _voted(text: str) -> str:
    """Return the language of a text that is too short for statistics."""
    if not _WORD.search(text):
        return UNKNOWN
    ranked = _identifier().rank(text)
    best, probability = ranked[0]
    if best not in ("de", "en") and probability >= (SURE if len(text) >= ENOUGH // 2 else 0.99):
        return str(best)
    lower = text.lower()
    votes = {"de": len(_GERMAN.findall(lower)), "en": len(_ENGLISH.findall(lower))}
    for word in _WORD.findall(lower):
        if word in _VOTES:
            votes[_VOTES[word]] += 1
    if votes["de"] != votes["en"]:
        return max(votes, key=lambda code: votes[code])
    weight = dict(ranked)
    if weight["de"] + weight["en"] < 0.3:
        return UNKNOWN
    return "de" if weight["de"] > weight["en"] else "en"


def load() -> None:
    """Read the language model now rather than with the first text."""
    _walk()


@cache
def _walk() -> Walk:
    return Walk(_identifier())


@cache
def _identifier() -> LanguageIdentifier:
    """Return the identifier; loading it takes half a second, so once."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(AMONG)
    return identifier
