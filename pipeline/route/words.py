"""Word lists that say whether a name is also something else, and what stands around companies.

`ordinary.txt` holds German and English words that are ordinary before they are names (`Linde`, `Target`, `Next`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final


@cache
def ordinary() -> dict[str, int]:
    """Return the ordinary words in lower case: 1 for nouns that firms are called after, 2 for words of every day."""
    found: dict[str, int] = {}
    weight = 0
    for line in files("pipeline.route").joinpath("ordinary.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            weight = 1 if line == "[nouns]" else 2
        elif not line.startswith("#"):
            found |= dict.fromkeys(line.split(), weight)
    return found


FIRST_NAMES: Final = frozenset(
    """achim adam adolf adrian alan albert alec alex alexa alexander alexandra alfred alice alina allan amanda amy ana
    andrea andreas andreassen andrew andy angela angelika anja anke ann anna anne annette anthony anton antonio armin
    arndt arne arnold arthur astrid august axel barbara bastian beate ben benedikt benjamin bernd bernhard bert bertha
    bettina bill birgit björn bob boris brad brian brigitte bruce bruno burkhard carina carl carla carlos carmen
    carola carolin caroline carsten catherine cem charles charlotte chris christa christel christian christiane
    christin christina christine christoph christopher clara claudia claus clemens cornelia craig dagmar dan daniel
    daniela dave david dean denis dennis detlef diana dieter dietmar dietrich dirk dominik don donald doris dorothea
    doug eberhard eckart eckhard ed eddie edgar edith edward egon elena elisabeth elizabeth elke ellen elon emil emily
    emma emmanuel eric erich erik erika erin ernst erwin esther eugen eva evelyn ewald fabian felix ferdinand florence
    florian frank franz franziska fred frederik friedhelm friedrich fritz gabi gabriel gabriele gary georg george
    gerald gerd gerhard gerrit giovanni gisela giuseppe gordon götz graham greg gregor guido gunnar gunter günter
    günther gustav hanna hannah hannes hans harald harald harry hartmut heather hedwig heidi heike heiko heiner
    heinrich heinz helen helena helene helga helmut hendrik henning henri henry herbert hermann hilde holger horst
    hubert hugh hugo ian ilse inge ingo ingrid irene iris irmgard isabel isabell ivan jack jackson jacob jacqueline
    jakob james jan jana jane janet janine jasmin jason jean jeff jeffrey jennifer jens jeremy jerry jessica jill jim
    joachim joan joanna jochen joe joel joerg johann johanna johannes john jon jonas jonathan jörg jose josé josef
    joseph joshua josh juan judith julia julian juliane jürgen justin jutta karen karin karl karla karsten kate
    katharina kathrin katja katrin kay keith kelly ken kenneth kerstin kevin kim kirsten klaus konrad konstantin
    kristin kristina kurt larry lars laura lauren laurent lena leon leonard leonhard linda lisa lothar louis luca
    lucas ludwig luigi luis lukas lutz lydia maik malte manfred manuel manuela marc marcel marco marcus margaret
    margarete margit maria marie marina mario marion mark markus marlene martha martin martina mary mathias matt
    matthew matthias max maximilian melanie michael michaela michel michelle miguel mike monica monika moritz nadine
    nancy natalie nicholas nick nico nicola nicolas nicole niels nigel nikolaus nils nina norbert olaf oliver oskar
    oscar ottmar otto pascal patricia patrick paul paula pedro peter petra phil philip philipp philippe pierre rachel
    rainer ralf ralph raymond rebecca regina reiner reinhard reinhold renate rené richard rick rob robert robin rodney
    roger roland rolf roman ron ronald rosa ross roy rudi rudolf rupert ruth ryan sabine sabrina sam samantha samuel
    sandra sara sarah scott sean sebastian siegfried sigmar sigrid silke silvia simon simone sofia sonja sophia sophie
    stefan stefanie steffen stephan stephanie stephen steve steven sue susan susanne sven svenja sylvia tanja tatjana
    ted teresa theo theodor theresa thilo thomas thorsten till tilman tim timo tina tino tobias todd tom tony torsten
    udo ulf uli ulrich ulrike ursula ute uwe valentin vanessa vera verena veronika victor viktor vincent volker
    volkmar walter warren wendy werner wilfried wilhelm will william willi willy winfried wolf wolfgang wolfram xaver
    yvonne""".split()
)

PERSON_TITLES: Final = frozenset(
    "herr herrn frau mr mrs ms miss dr prof sir lord lady graf gräfin freiherr senator minister ministerin".split()
)

#: Words and beginnings of words that speak of business, wherever in a word they stand.
BUSINESS: Final = tuple(
    """konzern unternehmen firma firmen hersteller aktie börse umsatz gewinn verlust quartal vorstand aufsichtsrat
    manager management filial werk fabrik produktion standort kunden markt händler marke übernahme übernimm beteiligung
    tochter sparte geschäft milliard million mrd euro dollar arbeitsplätze stellen mitarbeiter beschäftigte streik verdi
    auftrag liefer investi anleger dax prognose insolven versicher chef ceo cfo kauft verkauft kartell compan firm maker
    shares stock revenue profit earnings quarter sales investor acquir acquisition merger subsidiary plant factory
    customers employees billion announce launch partnership deal retail brand board nasdaq nyse layoff workers operator
    analyst dividend forecast results""".split()
)
#: Those of them that must end a word, and those that must also begin one.
ENDING: Final = frozenset("chef ceo cfo firm plant deal".split())
WHOLE: Final = frozenset("cfo firm plant deal".split())

#: What a company is called right before its name: `der Handelskonzern Metro`, `chipmaker Arm`.
KIND_BEFORE: Final = re.compile(
    r"(?:konzerns?|unternehmens?|firma|herstellers?|anbieters?|betreibers?|versicherers?|händlers?|kette|bauers?|"
    r"riesen?|gruppe|tochter|"
    r"dienstleisters?|zulieferers?|spezialist(?:en)?|marke|handels|discounters?|lieferdienst|plattform|dienst|bank|"
    r"reederei|fluglinie|"
    r"airline|brauerei|holding|versorgers?|produzent(?:en)?|ausrüsters?|konkurrent(?:en)?|rivalen?|partners?|"
    r"startups?|start-ups?|"
    r"netzwerks?|hause?|börsenneulings?|baukonzerns?|rückversicherers?|mutter|gesellschaft|agentur|verlag|sender|"
    r"provider|netzbetreibers?|"
    r"company|compan(?:y|ies)|firm|maker|manufacturer|giant|chain|retailer|operator|carrier|insurer|lender|bank|"
    r"provider|rival|supplier|"
    r"group|parent|subsidiary|unit|brand|developer|producer|automaker|carmaker|drugmaker|chipmaker|miner|utility|"
    r"start-?up)$",
    re.IGNORECASE,
)

#: Second parts of compounds that only companies have: `Metro-Chef`, `Linde-Aktie`.
HEADS: Final = frozenset(
    """aktie aktien aktionär aktionäre aktionären anleihe anleihen anleger anwalt arbeiter arbeiterin aufsichtsrat
    aufsichtsrats aufsichtsratschef aufsichtsratsvorsitzende aufsichtsratsvorsitzender auftrag ausstieg bank
    belegschaft belegschaftsvertreter beschäftigte beschäftigten beteiligung betriebsrat börsengang boss chef chefin
    chefs chefetage chefvolkswirt ceo cfo deal dividende einstieg eigentümer eigner entwickler erbe erbin erben fabrik
    fabriken fahrer familie filiale filialen finanzchef finanzvorstand fusion geschäft geschäftsführer gewinn
    großaktionär gründer gruppe händler haupt hauptversammlung holding insolvenz investition jet jets konkurrent
    konkurrenz konzern konzerns konzernchef kreise kunde kunden lieferant lieferanten logistik management manager
    managerin marke marken mehrheit mitarbeiter mitarbeiterin mitarbeitern mitgründer modell modelle mutter
    mutterkonzern nachfolger ökonom ökonomin ökonomen partner personalvorstand pleite produkt produkte produktion
    rivale rivalen sanierung sparte spitze sprecher sprecherin standort standorte stahlsparte stellen stellenabbau
    stiftung streik tarif technik technikchef tochter tochterfirma töchter umsatz übernahme verkauf vertriebschef
    verwaltungsrat verwaltungsratspräsident volkswirt vorständin vorstand vorstands vorstandschef vorstandschefin
    vorstandsvorsitzende vorstandsvorsitzender werk werke werken werks zahlen zentrale zulieferer zug züge""".split()
)

#: Second parts with which a company's name makes one closed word: `Volkswagentochter`, `Airbuskonzern`.
CLOSED_HEADS: Final = frozenset(
    (
        "aktie aktien chef chefs chefin gruppe konzern konzerns konzernchef manager mitarbeiter tochter töchter "
        "vorstand werk werke werks werken zentrale"
    ).split()
)

#: Capitalised words after a name with which it is no company any more: venues, clubs, prizes, foundations.
NO_COMPANY_AFTER: Final = frozenset(
    """arena stadion stadium halle cup open championship championships trophy masters award awards preis museum theater
    theatre forest county street avenue boulevard road river lake valley beach island mountains bowl racing""".split()
)

#: Exchanges and indices that are called as the companies that run them.
EXCHANGES: Final = frozenset("nasdaq nyse euronext xetra asx tsx s&p dow".split())

#: A person's role right before a single name: then the name is the person's.
PERSON_BEFORE: Final = re.compile(
    r"(?:chefin|chef|boss|gründer|gründerin|präsident|unternehmer|milliardär|patriarch|trainer|minister|ministerin|"
    r"sprecher|sprecherin|anwalt|richter|kanzler|"
    r"vorsitzende|vorsitzender|ceo|founder|billionaire|president|chairman|judge|coach|author|professor)$",
    re.IGNORECASE,
)

#: Compounds and words that say that a plant is meant, so that a site account may be.
PLANT: Final = re.compile(
    r"(?:werke?s?n?|fabrik|gigafactory|standorte?s?|campus|zentrallager|logistikzentrum|hub|plant|factory|site|"
    r"works|facility)$",
    re.IGNORECASE,
)

#: Names that begin with an account's name and are somebody else, unless the accounts have them too.
OTHERS: Final = {
    "siemens": "energy healthineers gamesa",
    "bayer": "leverkusen 04",
    "merck": "& sharp",
    "volvo": "ocean",
    "daimler": "truck",
    "fresenius": "medical",
    "continental": "resources airlines",
    "metro": "atlanta bank goldwyn vancouver manila",
    "orange": "county",
    "delta": "force variant variante plan",
    "allianz": "arena",
    "flughafen frankfurt": "hahn",
    "deutsche post": "ag-nachfolger",
    "red bull": "salzburg leipzig racing",
    "ford": "foundation",
    "thomas cook": "airlines-crew",
    "general": "electric motors mills dynamics assembly manager",
    "american": "airlines express water tower",
    "continentale": "europa",
    "target": "price date group audience",
    "corona": "virus",
}
