"""People and posts: a number in front of `Stellen`, `new jobs`, `betroffenen Mitarbeiter`; or `Hunderte Jobs`."""

from __future__ import annotations

import re
from typing import Final

from pipeline.facts.numbers import GAP, Number
from pipeline.records import Fact, FactKind

_STOP: Final = (
    "in im an am auf für von vom der die das dem den des und oder mit bei beim pro je bis zu zum zur aus nach um als"
    " wie wegen durch sind ist hat haben wird"
    " werden ohne ihren ihre seinen seien sollen will prozent euro dollar tausend hundert millionen milliarden mal"
    " jahre jahren uhr grad monate monaten wochen tage tagen stunden"
    " of in on at for from to and or with by per as is are was were has have will who that their without the a an"
    " percent dollars euros years months weeks"
    " days hours times points hundred thousand million billion pounds"
)
_BETWEEN = rf"(?:{GAP}(?!(?:{'|'.join(_STOP.split())})\b)"
_GERMAN = (
    r"(?:Vollzeit|Teilzeit|Plan|Ausbildungs|Arbeits|Verwaltungs|Büro|Führungs|Lehr|Industrie|Ingenieurs"
    r"|Konzern)-?stellen|Stellen|\w+-Stellen|(?:\w+-)?(?:Jobs?|JOBS)"
    r"|\w*?(?:[Aa]rbeitspl[äa]tz(?:en?)?|[Mm]itarbeit(?:er(?:n|innen|[*:_]innen|Innen)?(?: und Mitarbeitern?)?|enden?)"
    r"|[Bb]eschäftigten?r?|[Aa]ngestellten?|[Aa]rbeitnehmer(?:n|innen)?|[Aa]rbeiter(?:n|innen)?(?: und Arbeitern?)?"
    r"|[Ee]instellungen|[Ff]achkräften?|[Pp]iloten|[Ii]ngenieuren?|[Ee]ntwicklern?)"
    r"|[Dd]ienstnehmer(?:n|innen)?|Entlassungen|Pflegekräften?|Arbeitskräften?|Auszubildenden?|Azubis|Lehrlingen?"
    r"|Programmierern?|Flugbegleitern?|Lokführern?|Technikern?|Zustellern?|Fahrern?(?= (?:ein|gesucht|such))"
    r"|(?:offenen? )?Positionen"
)
_ENGLISH = (
    r"j(?:obs|ob (?:cuts|losses))|em(?:ployees|ployed)|engineers|workers|staff(?:ers)?"
    r"|p(?:ositions|ersonnel|osts|ilots|rofessionals)|r(?:oles|edundancies|ecruits)|(?:new )?hires|lay-?offs"
    r"|a(?:ssociates|pprentices)|te(?:am members|chnicians)|f(?:tes?|ull-time)|vacancies"
)
_PEOPLE = re.compile(
    _BETWEEN + rf"[a-zäöüß][a-zäöüß]+(?:e|en|er))?{GAP}(?:Menschen|Leuten?|Personen|[Pp]eople|men and women)(?![^\W_])"
)
_WORK = re.compile(
    r"arbeit|beschäftig|einstell|entl[aä]ss|belegschaft|employ|\bwork|hire|hiring|recruit|laid off|lay off"
    r"|workforce|job",
    re.IGNORECASE,
)
_AFTER = re.compile(
    _BETWEEN
    + rf"[^\W\d_]+(?:-[^\W\d_]+)*\*?){{0,2}}?(?:{GAP}|-)(?:(?P<de>{_GERMAN})|(?P<en>(?i:{_ENGLISH})))(?![^\W_])"
)
_MANY = re.compile(
    rf"(?:[Hh]underte?r?|[Tt]ausende?r?|[Zz]ehntausende?r?|[Hh]underttausende?r?|[Dd]utzende?r?|(?:[Hh]undreds"
    rf"|[Tt]housands|[Tt]ens of thousands|[Dd]ozens)(?:{GAP}of)?)"
    rf"(?={GAP})"
)
_MORE = re.compile(
    rf"(?:{GAP}|-)(?:(?:neue|weitere|zusätzliche|offene|new|additional|more|full-time"
    rf"|permanent)[nr]?{GAP})?(?:{_GERMAN}|(?i:{_ENGLISH}))(?![^\W_])"
)
_SHARE = re.compile(rf"(?:von|of|in){GAP}\Z")
_REST = re.compile(
    rf"(?:davon|darunter|–|-|including){GAP}(?:(?:rund|knapp|etwa|gut|über|mehr als|bis zu|allein|about|some"
    rf"|around){GAP})*\Z"
)
_PLACE = re.compile(rf"{GAP}(?:in|im|am|bei|at){GAP}(?:der{GAP})?[A-ZÄÖÜ]")
_MONEY_POSITION = re.compile(r"(?:short|long|cash|net|equity|stock|trading|open)\s+(?:positions|roles)", re.IGNORECASE)


def jobs(body: str, number: Number) -> Fact | None:
    """Return the jobs that this number counts, or None."""
    at = number.long if number.letter == 1e3 else number.end
    value = (number.value or 0.0) * (number.letter if number.letter == 1e3 else 1.0)
    after = _AFTER.match(body, at)
    if after is None:
        after = _PEOPLE.match(body, at)
        if after is None or not _WORK.search(body, max(0, number.start - 50), min(len(body), after.end() + 60)):
            return None
    if value < 1 or value != int(value) or _MONEY_POSITION.search(after.group()):
        return None
    if body[number.start : at].isdigit() and 1990 <= value <= 2035 and not _MORE.match(body, at):
        return None  # `2025 bietet Entwicklern …`
    if not body[number.start].isdigit() and _SHARE.search(body, max(0, number.start - 4), number.start):
        return None  # `drei von zehn Azubis`
    return _fact(body, number.start, after.end(), value)


def many(body: str, at: int) -> Fact | None:
    """Return the jobs that `Hunderte` or `thousands of` at `at` counts, or None."""
    if at and body[at - 1].isalpha():
        return None
    word = _MANY.match(body, at)
    after = _AFTER.match(body, word.end()) if word else None
    return _fact(body, at, after.end(), None) if after else None


def rest(body: str, number: Number) -> Fact | None:
    """Return the jobs of a bare number behind others: `davon knapp 7000 in Deutschland`."""
    if number.scaled or (number.value or 0) < 10 or (number.value or 0) != int(number.value or 0):
        return None
    if not _PLACE.match(body, number.end) or not _REST.search(body, max(0, number.start - 30), number.start):
        return None
    return _fact(body, number.start, number.end, number.value)


def _fact(body: str, start: int, end: int, value: float | None) -> Fact:
    return Fact(kind=FactKind.JOBS, text=body[start:end], start=start, end=end, value=value, vague=value is None)
