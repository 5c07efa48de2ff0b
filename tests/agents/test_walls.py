"""Walls, errors and parking pages as they stand on the web (texts written here), and articles that speak of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from agents.errors import NoText, Walled
from agents.extract import extract
from agents.walls import CONSENT, ERROR, LOGIN, PARKED, PAYWALL, ROBOTS, wall, wall_by_place

PARTNERS = " ".join(
    f"Partner {number} verarbeitet Ihre Daten zur Messung von Werbung und speichert Cookies auf Ihrem Endgerät."
    for number in range(1, 40)
)
CONSENTS = [
    (
        "Zustimmung",
        "Mit Werbung und Cookies weiterlesen. Besuchen Sie unser Angebot wie gewohnt mit Werbung und üblichem Tracking."
        " Ihre Zustimmung ist jederzeit widerrufbar. Oder nutzen Sie unser Pur-Abo ohne Werbung und ohne Tracking.",
    ),
    (
        "Beispiel-Zeitung",
        "Willkommen! Wir und unsere 173 Partner verarbeiten Ihre personenbezogenen Daten, zum Beispiel Ihre IP-Nummer,"
        " und nutzen dafür Cookies auf Ihrem Gerät. Sie können Ihre Auswahl in den Einstellungen ändern.\n" + PARTNERS,
    ),
    (
        "Nachrichten aus der Region",
        "Wir benötigen Ihre Einwilligung. Um Inhalte und Anzeigen zu personalisieren, setzen wir Cookies ein. Wenn Sie"
        " auf »Akzeptieren und weiter« klicken, stimmen Sie der Verarbeitung durch uns und Drittanbieter zu. Ihre"
        " Einwilligung können Sie in den Datenschutzeinstellungen widerrufen. Unsere Partner verarbeiten Ihre Daten"
        " auch auf Grundlage berechtigter Interessen, dem können Sie in den Einstellungen widersprechen. " * 4,
    ),
    (
        "Before you continue",
        "We and our 812 partners store and access information on your device, such as cookies, and process"
        " your personal data. Click Accept all to consent, or manage your choices. We value your privacy.",
    ),
]
OTHERS = [
    (LOGIN, "Anmelden", "Bitte melden Sie sich an, um fortzufahren. Benutzername, Kennwort. Passwort vergessen?"),
    (LOGIN, "Portal", "Please sign in to continue. Forgot your password? Create a free account to get access."),
    (
        PAYWALL,
        "Neues Werk",
        "Der Konzern plant ein neues Werk. Jetzt weiterlesen mit Plus, einen Monat für einen Euro.",
    ),
    (PAYWALL, "New plant", "The group plans a new plant. To continue reading, please subscribe to one of our offers."),
    (ROBOTS, "Just a moment...", "news.example Verifying that you are human. This may take a few seconds."),
    (ROBOTS, "news.example", "Bitte bestätigen Sie, dass Sie ein Mensch sind, indem Sie das Kästchen anklicken."),
    (ERROR, "404 - Seite nicht gefunden", "Vielleicht hilft Ihnen die Suche weiter, oder die Startseite."),
    (
        ERROR,
        "Zeitung",
        "Der Artikel ist leider nicht mehr verfügbar. Hier geht es zurück zur Startseite unserer Zeitung.",
    ),
    (ERROR, "Access Denied", "You don't have permission to access this resource on this server. Reference 18.2f."),
    (PARKED, "werkzeug-nord.example", "Die Domain werkzeug-nord.example steht zum Verkauf. Jetzt Angebot abgeben!"),
    (PARKED, "tools.example", "This domain is parked free, courtesy of its registrar. Related searches: tools, saws."),
]
ARTICLE = (
    "Der Europäische Gerichtshof hat über Cookies entschieden. Ein Verband von Verbraucherschützern hatte gegen einen"
    " Anbieter von Gewinnspielen geklagt, dessen Kästchen bereits angekreuzt war. Eine Einwilligung liege so nicht vor,"
    " teilte das Gericht mit. Der Anbieter muss nun seine Seiten umbauen. Die Branche reagierte zurückhaltend, denn"
    " Tracking finanziert viele Angebote im Netz. Ein Sprecher des Verbandes nannte das Urteil einen Meilenstein."
    " Das Bundesministerium kündigte an, das Gesetz noch im Herbst anzupassen. Nach Angaben des Verbandes sind"
    " Tausende Seiten betroffen, darunter die großer Verlage und Händler in Köln, Hamburg und München. "
)


@pytest.mark.parametrize(("title", "text"), CONSENTS)
def test_consent_walls_are_known(title: str, text: str) -> None:
    """Short and long ones, in German and English."""
    assert wall(title, text) == CONSENT
    with pytest.raises(Walled, match=CONSENT):
        extract(f"<html><head><title>{title}</title></head><body><main><p>{text}</p></main></body></html>".encode())


@pytest.mark.parametrize(("reason", "title", "text"), OTHERS)
def test_other_walls_are_known(reason: str, title: str, text: str) -> None:
    """Logins, paywalls, checks, errors and parked domains, each under its own name."""
    assert wall(title, text) == reason


@pytest.mark.parametrize("times", [2, 4])
def test_articles_about_walls_are_articles(times: int) -> None:
    """Who writes about cookies, logins and lost pages does not speak to the reader about them."""
    text = ARTICLE * times
    assert wall("Gericht urteilt über Cookies", text) == ""
    assert extract(f"<html><body><article><h1>Urteil</h1><p>{text}</p></article></body></html>".encode()).text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Zustimmung zum Werksbau erteilt",
            "Der Stadtrat hat dem Bau des Werks am Montag mit großer Mehrheit zugestimmt.",
        ),
        (
            "Anmeldung zur Hausmesse läuft",
            "Der Maschinenbauer zeigt im Mai neue Pressen. Jetzt anmelden unter der Rufnummer.",
        ),
        (
            "Forbidden City wird saniert",
            "Der Baukonzern saniert drei Hallen und stellt dafür achtzig Menschen neu ein.",
        ),
        (
            "Sicherheitsprüfung bestanden",
            "Das Stellwerk in Halle hat die Prüfung bestanden und geht im Herbst in Betrieb.",
        ),
        ("Peugeot 404 kehrt zurück", "Der Autobauer legt den Klassiker neu auf. Ein Termin steht noch nicht fest."),
        (
            "Neue Presse im Test",
            "Die neue Presse kann ab sofort bestellt werden. Jetzt testen, sagt der Hersteller in Ulm.",
        ),
        ("Part no longer available", "The maker says the old pump is no longer available and a new one ships in May."),
        (
            "Einen Moment lang stand alles still",
            "Nach einem Stromausfall lief das Werk am Abend wieder an, teilte der Betreiber mit.",
        ),
    ],
)
def test_short_news_with_such_words_are_news(title: str, text: str) -> None:
    """Words of walls stand in headlines and short notes too."""
    assert wall(title, text) == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://www.zeitung.example/zustimmung?url=%2Fa", CONSENT),
        ("https://consent.portal.example/m?continue=x", CONSENT),
        ("https://www.zeitung.example/consent/tcf/", CONSENT),
        ("https://login.zeitung.example/?back=/a", LOGIN),
        ("https://www.zeitung.example/404.html", ERROR),
        ("https://www.zeitung.example/wirtschaft/zustimmung-zum-werk-erteilt-1234.html", ""),
        ("https://www.zeitung.example/politik/login-daten-gestohlen", ""),
    ],
)
def test_places_are_known(url: str, reason: str) -> None:
    """A redirect to a wall is known by where it leads; an article with such a word in its address is none."""
    assert wall_by_place(url) == reason


def test_machine_readable_paywall_counts() -> None:
    """A short text whose publisher says that it is not free is a teaser."""
    html = '<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
    assert wall("Neues Werk", "Der Konzern plant ein neues Werk in Köln.", html) == PAYWALL
    assert wall("Neues Werk", "Der Konzern plant ein neues Werk in Köln. " * 60, html) == ""


def test_no_real_article_is_taken_for_a_wall(data: Path) -> None:
    """Of real pages with an article only teasers before a paywall are refused."""
    refused = []
    rows = [json.loads(row) for row in (data / "html" / "gold.jsonl").read_text().splitlines()]
    for row in rows[::4]:
        try:
            extract(gzip.decompress((data / "html" / row["file"]).read_bytes()), row["url"], about=False)
        except (NoText, Walled) as error:
            refused.append((row["url"], len(row["text"]), str(error)))
    assert all(reason == PAYWALL and size < 800 for _, size, reason in refused), refused
