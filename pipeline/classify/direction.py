"""Which way the company's business moves, where type and status alone do not say it.

Results are good or bad by their words (`Gewinn bricht ein`, `record revenue`); a loss that shrinks is good.
Everything else follows `signals.direction_of`.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.signals import Direction, SignalType, Status, direction_of

_LESS_BAD = re.compile(
    r"(?:weniger|kleinere?r?|geringere?r?|sinkende?r?) (?:verlust|minus)"
    r"|verlust\w* (?:\w+ ){0,2}(?:verringer|reduzier|halbier|eingegrenzt|gesunken|sinkt|schrumpf)"
    r"|(?:narrow|cut|reduce|trim|shr[aiu]nk|halv|smaller|lower)\w* (?:\w+ ){0,3}loss"
    r"|loss\w* (?:\w+ ){0,2}(?:narrow|shr[aiu]nk|halv)|return\w* to (?:profit|growth|the black)"
    r"|schwarze\w* zahlen|zurück in (?:der|die) gewinnzone|verlustzone (?:verlassen|hinter)"
    r"|besser als erwartet|better than (?:expected|forecast)"
)
_DOWN = re.compile(
    r"verlust|\bminus\b|einbruch|bricht|brechen|eingebrochen|rückgang|sink[te]|gesunken|sank|fällt|fiel\b|gefallen"
    r"|schrumpf|schwach|schwäch|gewinnwarnung|rote\w* zahlen|kürzt|streicht|kappt|senkt|weniger|halbier|verfehl"
    r"|enttäusch|belast|abschreib|talfahrt|absturz|stürz|mies|düster|trüb|unter den erwartungen|wertbericht|flaute"
    r"|leidet|fehlbetrag|\bverlor|\brote[mn]\b|mager|\bloss(?:es)?\b|\bfell\b|\bfalls?\b|\bdrop|declin|decreas|\bdown\b|\bslump|\bplung|\bshr[aiu]nk"
    r"|\bweak|\bmiss(?:es|ed)?\b|warning|\bcuts? (?:its |the |full-year )*(?:outlook|forecast|guidance|dividend)"
    r"|lowers?\b|lowered|write-?down|impairment|tumbl|\bslid|below expect|\bsink|\bsank|\bworse|\bhalv"
    r"|writ(?:e|tten) off|\bsuspends|\bwithdraws?\b|\bslash|\bshort\b|\brestate"
)
_UP = re.compile(
    r"rekord|steig|gestieg|stieg\b|wächst|wachs|gewachsen|zuwachs|\bplus\b|legt\w* .{0,40}\bzu\b|zugelegt|erhöh"
    r"|anhebt|hebt\b|angehoben|verdoppel|übertr[ia]f|übertroffen|gewinnsprung|mehr (?:gewinn|umsatz|aufträge)"
    r"|verdient\w* mehr|kräftig|boom|glänz|stark\w* (?:quartal|geschäft|zahl)|milliardengewinn|bestwert|höchst"
    r"|\brecord|\brise|\brose|\brising|\bincreas|\bgrow|\bgrew|\bup\b|\bsurg|\bjump|\bsoar|\bbeat|\bexceed"
    r"|\brais(?:es|ed)|\bhigher|strong|\bdoubl|\btripl|\bgain|\bclimb|milestone|\bprofitable"
    r"|verdreifach|\bwuchs|kletter|doppelt so|\bbeste[nrs]?\b|\blifts?\b|\bupgrade|\babove\b"
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
