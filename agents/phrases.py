"""By what pages are known that stand before an article or in its place: addresses, titles, markup, and what they say.

Tables only, German and English; `walls.py` reads them. One phrase a line, each a regular expression, in any case.
"""

from __future__ import annotations

import re
from typing import Final

CONSENT, LOGIN, PAYWALL = "a consent wall", "a login", "a teaser before a paywall"
ROBOTS, ERROR, PARKED, SCRIPT = "a check for robots", "an error page", "a parked domain", "a page that needs JavaScript"


def _any(*phrases: str) -> re.Pattern[str]:
    """Return a pattern of phrases, some of them in one text with a line each."""
    lines = (line.strip() for text in phrases for line in text.splitlines())
    return re.compile("|".join(line for line in lines if line), re.IGNORECASE | re.MULTILINE)


PLACES: Final = (
    (
        CONSENT,
        _any(
            r"""
            //(consent|cmp|privacy-?wall)\.
            /(zustimmung|consent|cookie-?wall|privacy-?wall|einwilligung)([/?]|\.html?\b|-a-|$)
            """
        ),
    ),
    (LOGIN, _any(r"//(login|signin|auth|sso|accounts?)\.", r"/(log-?in|sign-?in|anmelden|einloggen)([/.?]|$)")),
    (ERROR, _any(r"/(404|error|not-?found|fehler)(\.\w+)?/?$")),
)
#: A title says nothing else, or the publisher's name behind a stroke: articles begin with such words too.
_ALONE: Final = r"\W*(\s[|–—·:-]\s.*)?$"
TITLES: Final = (
    (
        ROBOTS,
        _any(
            r"""
            ^just a moment\b
            ^attention required
            access to this page has been denied
            ^pardon our interruption
            ^ddos-guard
            ^are you (a )?(human|robot)
            ^(please )?verify (that )?you are (a )?human
            ^checking your browser
            """,
            rf"^(security check|human verification|bot (verification|check)|robot check|captcha){_ALONE}",
            rf"^(einen moment( bitte)?|sicherheits(über)?prüfung){_ALONE}",
        ),
    ),
    (
        ERROR,
        _any(
            rf"^((http )?(error|fehler) ?)?(40[0134]|410|429|50[0234])( (error|fehler))?{_ALONE}",
            r"""
            \b404[ :|–-]+(error|not found|fehler|seite|page)
            \b(error|fehler) 404\b
            (page|site) (was |could )?not (be )?found
            (seite|artikel|inhalt|dokument) (wurde |konnte )?(leider )?nicht (mehr )?(gefunden|vorhanden|verfügbar)
            ^(404 )?not found\b
            ^(502 )?bad gateway
            ^(503 )?service unavailable
            internal server error
            """,
            rf"^((403 )?(access denied|forbidden)|zugriff verweigert|wartungs(arbeiten|modus)|maintenance){_ALONE}",
            rf"^(site|website|seite) (is )?(under |in )?(maintenance|wartung){_ALONE}",
        ),
    ),
    (
        PARKED,
        _any(
            r"domain.{0,60}(for sale|zu verkaufen|steht zum verkauf|parked|geparkt|expired|abgelaufen)",
            r"(buy|kaufe?n?) (this|diese) domain",
            r"is parked( free)?$",
            r"^(index of /|welcome to nginx|apache2 .* default page)",
        ),
    ),
    (
        CONSENT,
        _any(
            rf"^(consent|zustimmung|einwilligung)( (erforderlich|nötig|verwalten|required))?{_ALONE}",
            rf"^(cookie|privacy|datenschutz|privatsphäre)[ -]?(consent|einstellungen|hinweis|settings|wall){_ALONE}",
            r"(mit|ohne) werbung (und (cookies|tracking)|weiter)",
            r"^before you continue",
            r"^bevor sie (fortfahren|weiter)",
        ),
    ),
    (LOGIN, _any(rf"^(log ?in|sign ?in|anmelden|einloggen|anmeldung|registrieren|registrierung){_ALONE}")),
)
#: Pieces of markup, in lower case, that only such pages have.
MARKS: Final = (
    (
        ROBOTS,
        (
            "window._cf_chl_opt",
            "captcha-delivery.com",
            "_incapsula_resource",
            'id="px-captcha',
            "cf-browser-verification",
            'id="challenge-form',
            'id="challenge-running',
            'id="challenge-error',
            "ddos-guard.net",
            "/_sec/cp_challenge",
            "awswafcookiedomainlist",
        ),
    ),
    (
        PARKED,
        (
            "sedoparking.com",
            "parkingcrew.net",
            ".bodis.com",
            "parklogic.com",
            "/parking-lander",
            "above.com/marketplace",
            "above.com/domains",
            "dan.com/buy-domain",
            "dan.com/assets/park",
        ),
    ),
)
PHRASES: Final = (
    (
        CONSENT,
        _any(
            r"""
            akzeptieren (und|&) weiter
            alle(s)? (cookies )?akzeptieren
            mit werbung (und (cookies|tracking)|weiter|lesen|nutzen)
            pur[- ]abo
            zustimmen (und|&) weiter
            einwilligung (verwalten|widerrufen|erforderlich)
            wir und (unsere|bis zu) (\d+ )?(partner|drittanbieter)
            (datenschutz|cookie|privatsphäre)-?einstellungen
            ihre zustimmung
            accept all( cookies)?
            we and our (\d+ )?partners
            manage (your )?(cookie|consent|privacy)
            before you continue
            bevor sie fortfahren
            we value your privacy
            (verwendet|nutzt|nutzen|verwenden) (wir )?cookies
            (uses|use) cookies
            """
        ),
    ),
    (
        ROBOTS,
        _any(
            r"""
            checking your browser
            verify (that )?you are (a )?human
            are you a robot
            captcha
            just a moment\.\.\.
            enable javascript and cookies
            unusual traffic
            ddos protection
            bestätigen sie, dass sie (ein mensch|kein roboter)
            automated (access|requests|traffic)
            ungewöhnliche(r|n)? (datenverkehr|zugriffe|aktivität)
            """
        ),
    ),
    (
        LOGIN,
        _any(
            r"""
            (bitte|jetzt) einloggen
            (bitte|jetzt) (anmelden|registrieren),? (um|und|&) (\w+ ){0,4}(weiter|lesen|zugang)
            bitte melden sie sich an
            melden sie sich an,? (um|und) (\w+ ){0,4}(fort|weiter|lesen)
            please (log|sign) in
            (log|sign) in to (continue|read|view)
            passwort vergessen
            forgot(ten)? (your )?password
            create (a|your) (free )?account
            jetzt kostenlos registrieren
            registrieren sie sich (kostenlos|jetzt)
            """
        ),
    ),
    (
        PAYWALL,
        _any(
            r"""
            (jetzt|hier|artikel|mit [\w+ -]{0,30}) weiterlesen
            (nur|exklusiv) für (\w+[ -]){0,2}(abonnent|mitglieder|leser)
            sie haben (bereits|schon) ein (\w+[ -]?){0,2}(abo|konto)
            (plus|premium|abo)-?(artikel|inhalt)
            (monat|woche)\w* (lang )?(gratis|kostenlos|für \w+ (euro|cent)) (lesen|testen)
            probe-?abo
            subscribe (now )?to (continue|read|keep|view)
            to (continue|keep) reading
            (for )?subscribers[ -]only
            already a (subscriber|member)
            (start|begin) your (free )?trial
            to view the full (story|article)
            (subscription|abo(nnement)?) (is )?(required|erforderlich|nötig)
            unlock (this|the full) (article|story)
            für diesen artikel (benötigen|brauchen) sie
            den (ganzen|vollständigen|kompletten) (artikel|beitrag|text)
            """
        ),
    ),
    (
        ERROR,
        _any(
            r"""
            \b(error |fehler )?404\b
            page (was |could )?not (be )?found
            (seite|artikel) (wurde |konnte )?(leider )?nicht gefunden
            existiert (leider )?nicht( mehr)?\b
            (seite|artikel|inhalt) (ist )?(leider )?nicht (mehr )?verfügbar
            (page|article|story|content|link) (is )?no longer (available|exists?)
            access denied
            zugriff verweigert
            403 forbidden
            internal server error
            service unavailable
            bad gateway
            (wegen|due to) (wartungsarbeiten|maintenance)
            """
        ),
    ),
    (
        PARKED,
        _any(
            r"""
            domain.{0,60}(is|ist|steht|may be)? ?(for sale|zum verkauf|zu verkaufen|parked|geparkt)
            buy this domain
            diese domain (kaufen|wurde)
            domain[- ]parking
            related searches
            courtesy of godaddy
            """
        ),
    ),
    (
        SCRIPT,
        _any(
            r"""
            (enable|requires|activate|aktivieren sie( bitte)?|benötigt) javascript
            javascript (is )?(disabled|deaktiviert|required|erforderlich)
            """
        ),
    ),
)
#: One of these words is on every consent wall.
RAISED: Final = ("cookie", "consent", "einwillig", "zustimm", "datenschutz", "privacy", "tracking")
#: A line of a consent wall speaks of these things …
THINGS: Final = _any(
    r"""
            cookie
            tracking
            einwillig
            zustimm
            datenschutz
            personalisiert
            werbung
            drittanbieter
            partner
            \babo\b
            consent
            privacy
            vendors?
            legitimate interest
            berechtigte[sn]? interesse
            endgerät
            personal(ised|ized) (ads|content)
            geräteeigenschaften
            device characteristics
            verarbeitung
            speicher
            """
)
#: … to somebody.
YOU: Final = _any(
    r"""
            \b(wir|uns|unsere[nrm]?|we|our)\b
            \bihre[nrms]?\b
            \bsie (können|stimmen|haben)
            \b(you|your)\b
            klick
            click
            akzeptieren
            ablehnen
            accept
            reject
            auswahl
            einstellungen
            settings
            """
)
