"""Lines that publishers put among the lines of an article: what else to read, whom to follow, whose picture it is."""

from __future__ import annotations

import re
from typing import Final

#: Longer ones say something themselves.
_LONGEST: Final = 200
#: How such a line begins …
_BEGINS: Final = r"""
    (?:read|see|learn) (?:more|also|next)\b
    also read
    more(?: from .{1,40}| on this| stories)?:
    related(?: (?:stories|articles|video))?:
    you may also like
    most (?:read|popular)
    popular on\b
    recommended(?: for you)?:?$
    sign up\b
    subscribe (?:to|now|here)\b
    click here to subscribe
    follow (?:us|me|him|her|the|@)\b.{0,80}(?:twitter|facebook|instagram|linkedin)
    like this story\?
    share this
    (?:\d+ )?comments?$
    filed under:
    advertisement$
    download our app
    get the .{1,40} newsletter
    (?:lesen|sehen|hören) sie (?:auch|hier|mehr|dazu)
    auch (?:lesen|interessant)
    mehr (?:zum thema|dazu|lesen)\b
    lesetipp
    weitere (?:artikel|beiträge|meldungen|nachrichten)\b
    das (?:thema )?könnte (?:sie|dich) auch interessieren
    empfohlene (?:beiträge|artikel)
    meistgelesen
    zum thema:?$
    anzeige$
    werbung$
    kommentare?(?: insgesamt)?(?:: ?\d+)?$
    (?:jetzt )?(?:newsletter|app) (?:abonnieren|herunterladen|bestellen)
    (?:hier|jetzt) (?:kostenlos )?(?:anmelden|abonnieren)
    artikel teilen
    folgen sie uns\b
    vorschau auf den nächsten artikel
    beiträge aus dem forum
    (?:titel)?(?:bild|foto)(?:s|nachweis|quelle|credit)?:.{0,80}$
    (?:photo|image|picture)(?: credit)?s?:.{0,80}$
    crédits? photos?.{0,60}$
"""
#: … or ends.
_ENDS: Final = r"(?:getty images|picture[- ]alliance|shutterstock|istockphoto|stock\.adobe\.com)\W{0,3}\w{0,20}$"
_CHAFF: Final = re.compile(
    rf"^\W*(?:{'|'.join(_BEGINS.split(chr(10))[1:-1]).replace('    ', '')})|^©|{_ENDS}", re.IGNORECASE
)
_WORDS: Final = re.compile(r"\w+")


def sifted(text: str, title: str = "") -> str:
    """Return the text without such lines, and without its own headline where it begins with it.

    Args:
        text: one line per block.
        title: of the article, as often also of the page: `Headline | Publisher`.
    """
    lines = text.split("\n")
    if title and len(lines) > 1 and _same(lines[0], title):
        lines = lines[1:]
    kept = [line for line in lines if len(line) > _LONGEST or not _CHAFF.search(line)]
    return "\n".join(kept)


def _same(line: str, title: str) -> bool:
    """Say whether a line is the headline."""
    words, named = ([word.lower() for word in _WORDS.findall(one)] for one in (line, title))
    # `Headline | Publisher` begins with the headline; a short line would be found in many titles.
    return len(words) > 2 and named[: len(words)] == words
