"""Which way the company's business moves, where type and status alone do not say it.

Results are good or bad by their words (`Gewinn bricht ein`, `record revenue`); a loss that shrinks is good.
Everything else follows `signals.direction_of`.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.signals import Direction, SignalType, Status, direction_of

_LESS_BAD = re.compile(
    r"(?:weniger|kleinere?r?|geringere?r?|sinkende?r?) (?:verlust|minus)|verlust\w* (?:\w+ ){0,2}(?:verringer|reduzier|halbier|eingegrenzt|"
    r"gesunken|sinkt|schrumpf)|(?:narrow|cut|reduce|trim|shr[aiu]nk|halv|smaller|lower)\w* (?:\w+ ){0,3}loss|loss\w* (?:\w+ ){0,2}"
    r"(?:narrow|shr[aiu]nk|halv)|return\w* to (?:profit|growth|the black)|schwarze\w* zahlen|zurück in (?:der|die) gewinnzone|besser als erwartet|"
    r"better than (?:expected|forecast)|verlustzone (?:verlassen|hinter)",
)
_DOWN = re.compile(
    r"verlust|\bminus\b|einbruch|bricht|brechen|eingebrochen|rückgang|sink[te]|gesunken|sank|fällt|fiel\b|gefallen|schrumpf|schwach|schwäch|"
    r"gewinnwarnung|rote\w* zahlen|kürzt|streicht|kappt|senkt|weniger|halbier|verfehl|enttäusch|belast|abschreib|talfahrt|absturz|stürz|"
    r"mies|düster|trüb|unter den erwartungen|wertbericht|flaute|leidet|"
    r"\bloss(?:es)?\b|\bfell\b|\bfalls?\b|\bdrop|declin|decreas|\bdown\b|\bslump|\bplung|\bshr[aiu]nk|\bweak|\bmiss(?:es|ed)?\b|warning|"
    r"\bcuts? (?:its |the |full-year )*(?:outlook|forecast|guidance|dividend)|lowers?\b|lowered|write-?down|impairment|tumbl|\bslid|below expect|"
    r"\bsink|\bsank|\bworse|\bhalv",
)
_UP = re.compile(
    r"rekord|steig|gestieg|stieg\b|wächst|wachs|gewachsen|zuwachs|\bplus\b|legt\w* .{0,40}\bzu\b|zugelegt|erhöh|anhebt|hebt\b|angehoben|"
    r"verdoppel|übertr[ia]f|übertroffen|gewinnsprung|mehr (?:gewinn|umsatz|aufträge)|verdient\w* mehr|kräftig|boom|glänz|stark\w* (?:quartal|"
    r"geschäft|zahl)|milliardengewinn|bestwert|höchst|"
    r"\brecord|\brise|\brose|\brising|\bincreas|\bgrow|\bgrew|\bup\b|\bsurg|\bjump|\bsoar|\bbeat|\bexceed|\brais(?:es|ed)|\bhigher|strong|"
    r"\bdoubl|\btripl|\bgain|\bclimb|milestone|\bprofitable",
)
_CHECKED: Final = SignalType.RESULTS


def direction(kind: SignalType, status: Status, passage: str) -> Direction:
    """Return the direction of a signal.

    Args:
        kind: its type.
        status: how far the thing has come.
        passage: its evidence, and with it the title.
    """
    if kind is not _CHECKED:
        return direction_of(kind, status)
    text = passage.lower()
    if _LESS_BAD.search(text):
        return Direction.GROWTH
    down, up = len(_DOWN.findall(text)), len(_UP.findall(text))
    if down == up:
        return direction_of(kind, status)
    return Direction.DECLINE if down > up else Direction.GROWTH
