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
    click here to (?:subscribe|sign up|get the)\b
    follow (?:\S+ ){0,5}?(?:on )?(?:us|me|him|her|the|@)\b.{0,80}(?:twitter|facebook|instagram|linkedin)
    follow (?:\S+ ){1,5}on (?:twitter|facebook|instagram|linkedin|x|bluesky)\b
    like this story\?
    share this
    (?:\d+ )?comments?$
    filed under:
    advertisement$
    (?:order|request) reprints?$
    print (?:this )?article$
    this copy is for your personal, non-commercial use
    this article has been sent to
    (?:sorry|thank you|thanks for signing up)!?$
    (?:there was|an) error (?:has )?(?:processing|occurred)\b
    don['’]t miss:?$
    explore further:?$
    (?:get|have) (?:a tip\?|the latest (?:news|updates|stories)\b)
    if you (?:buy|purchase) something (?:through|from)\b
    tags:?$
    copyright (?:©|\(c\)|\d{4}|by\b).{0,80}$
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
    (?:diesen )?artikel (?:teilen|drucken|merken|vorlesen|anhören|kommentieren|empfehlen)
    (?:drucken|merken|teilen|vorlesen|kommentieren|zum seitenanfang|nach oben)$
    (?:schlag|stich)w(?:örter|orte):?$
    (?:ge)?lesezeit:? (?:ca\. )?\d+ min
    zur (?:startseite|übersicht)$
    folgen sie (?:\S+ ){1,5}auf (?:twitter|facebook|instagram|linkedin|x|whatsapp|bluesky)\b
    externe[rnst]? inhalte?$
    empfohlene[rn]? (?:redaktionelle[rn]?|externe[rn]?) inhalte?\b
    an dieser stelle (?:finden sie|findest du|befindet sich|steht) .{0,40}(?:externe|inhalt)
    (?:ich bin|sie sind) (?:damit )?einverstanden, dass (?:mir|ihnen) (?:externe )?inhalte
    damit können personenbezogene daten an
    (?:sie sehen gerade|hier befindet sich) einen? (?:platzhalter|externe)
    mit dem laden (?:des|der) (?:videos?|inhalts?|tweets?|beitrags?|karte) akzeptieren sie
    (?:externen inhalt|inhalt|video|tweet|beitrag|karte|inhalte) (?:laden|entsperren|anzeigen|aktivieren)$
    (?:youtube|twitter|instagram|google maps|vimeo) immer entsperren
    folgen sie uns\b
    vorschau auf den nächsten artikel
    beiträge aus dem forum
    (?:titel)?(?:bild|foto)(?:s|nachweis|quelle|credit)?:.{0,80}$
    (?:photo|image|picture)(?: credit)?s?:.{0,80}$
    crédits? photos?.{0,60}$
"""
#: … what it is from end to end …
_WHOLE: Final = r"\d{4}-\d\d-\d\dt\d\d:\d\d\S*"
#: … or ends.
_ENDS: Final = r"(?:getty images|picture[- ]alliance|shutterstock|istockphoto|stock\.adobe\.com)\W{0,3}\w{0,20}$"
_CHAFF: Final = re.compile(
    rf"^\W*(?:{'|'.join(_BEGINS.split(chr(10))[1:-1]).replace('    ', '')})|^©|^\W*(?:{_WHOLE})$|{_ENDS}", re.IGNORECASE
)
_WORD: Final = re.compile(r"\w+")


def sifted(text: str, title: str = "") -> str:
    """Return the text without such lines, and without its own headline, with which pages also link to themselves.

    Args:
        text: one line per block.
        title: of the article, as often also of the page: `Headline | Publisher`.
    """
    lines = text.split("\n")
    if title and len(lines) > 1:
        named = _words(title)
        most = max(4, 0.6 * len(named))
        lines = [line for at, line in enumerate(lines) if not _same(line, named, most if at else 3)]
    kept = [line for line in lines if len(line) > _LONGEST or not _CHAFF.search(line)]
    return "\n".join(kept)


def _same(line: str, named: list[str], least: float) -> bool:
    """Say whether a line is the headline: `Headline | Publisher` begins with it; a short line stands in many titles."""
    if len(line) > _LONGEST:
        return False
    words = _words(line)
    return len(words) >= least and named[: len(words)] == words


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
