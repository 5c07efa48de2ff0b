"""What words mean for signals: some ninety concepts, German and English together.

A few thousand labelled items cannot teach that `errichtet`, `hochzieht` and `builds` are the same act. This list says
it. A pattern is a whole word, a beginning (`bau*`), an end (`*werk`) or a part (`*ansiedlung*`) of one; lower case. A
word may mean several things, or nothing, and some stand where they do because of what they often mean in headlines.
The list was written for this project, the names of companies beside it (`names.txt`) were counted; what a concept is
worth is learnt.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

_WRITTEN: Final = {
    "plant": """
        werk werke werks werken *werk *werke *werken *werks fabrik* *fabrik *fabriken produktionsst* *anlage
        *anlagen anlage anlagen plant plants factory factories mill mills foundry refinery raffinerie* facility
        facilities gigafactory gigafab* fab fabs brauerei* molkerei* brewery fertigung* *fertigung montagewerk*
        smelter *hütte gießerei* works reinraum prüfstand produziert produzieren produktion *produktion
        manufacture* manufacturing production assembly line lines hall halls schlachthof* sawmill kiln
    """,
    "site": """
        standort* *standort *standorte *standorten niederlassung* filiale* *filiale *filialen büro büros *büro
        zentrale *zentrale hauptsitz firmensitz *zentrum *zentren campus *campus lager *lager logistikzentr*
        verteilzentr* rechenzentr* *markt *märkte laden läden geschäft geschäfte store stores shop shops
        showroom* flagship* office offices headquarters hq center centers centre centres warehouse* datacenter*
        hub hubs branch branches depot* hotel hotels restaurant* clinic clinics location locations space
        terminal terminals *hafen *park *halle hallen *hallen laboratory labor lab labs boutique* salon
        dependance gelände grundstück* gebäude fläche gewerbegebiet premises property located ansässig sitz
        heimat studio studios franchise outlet outlets gym airport bakery
    """,
    "open": """
        eröffne* eröffnung* *eröffnung neueröffn* ansied* *ansiedlung* siedelt opens opened opening open
        inaugurat* unveils grand einweih* bezieht zieht umzug* umzieh* verlegt verlager* relocat* moves moving
        ribbon öffnet öffnen welcomes serve serving celebrates
    """,
    "build": """
        baut bauen gebaut bau *bau baue neubau* neubauten *neubau errichte* hochzieh* baubeginn* grundstein*
        spatenstich* baustart richtfest* *bauen builds build building built construct* erect* groundbreaking
        breaks groundwork entsteht entstehen
    """,
    "expand": """
        erweiter* *erweiterung* ausbau* *ausbau ausgebaut vergrößer* aufstock* stockt modernisier* ausweit*
        ausgeweitet verdoppel* expan* enlarg* extend* extension upgrade* moderniz* modernis* refurbish* doubles
        doubling scales scaling boosts boost ramp* erhöht kapazität* *kapazität* capacity wachs* wächst growing
        growth hochfahr* hochfährt größer größere third second zweites zweiten zweite zusätzlich* additional
        output verdreifach* hochrüst* aufrüst* rüstet
    """,
    "invest": """
        investi* *investition* *investitionen millioneninvest* milliardeninvest* steckt pumpt capex spend spends
        spending investment* milliardenprojekt* kapitalaufwand
    """,
    "amount": "<amount> milliarden* million* millionen* *milliarde *milliarden *millionen billion* mrd mio bn",
    "market": """
        markteintritt* markteinstieg* markt märkte market markets marktstart auslandsgeschäft überseemarkt
        segment entry enters entering enter *markt international* internationalis* footprint presence region
    """,
    "close": """
        schließ* *schließung* *schließt schloss geschlossen dichtmach* dicht einstell* eingestellt stilllegen
        stilllegung* stillgelegt *aus aufgeb* aufgibt aufgegeben rückzug* zurückzieh* zieht abwickl* zusperr*
        closes close closing closed closure* shut* wind winding discontinu* exits exit exiting withdraw* pulls
        ceas* abandon* mothball* axe axes ends ending endet verlässt abschied* räum* räumungsverkauf* beenden
        beendet letzte letzter letzten verschwindet verschwinden kehrt lease gone vacate* goodbye farewell
        wegzug
    """,
    "order": """
        auftrag* aufträge* *auftrag *aufträge *auftrags bestell* *bestellung* order orders contract contracts
        deal deals zuschlag* ausschreibung* rahmenvertrag* *vertrag *verträge awarded selected selects chosen
        picks picked lieferauftrag* liefer* beliefer* supplies supply agreement agreements großkunde* customer
        customers orderbuch purchase procure* vergeben option fleet vehicles trucks delivered delivery
        delivering deployment deploy* client clients kunde fahrzeuge *boot *boote züge flugzeuge flotte*
        lieferung
    """,
    "win": """
        gewinn* gewonnen ergatter* sicher* erhält erhalten bekommt bekam holt geholt ziehen zieht angelt wins
        win won winning secures secured secure lands landed receives received bags clinches gets awarded named
        earns earned bekommen kassiert
    """,
    "project": """
        projekt* *projekt *projekte *projekten großprojekt* vorhaben* *vorhaben pipeline* trasse* windpark*
        solarpark* kraftwerk* bohr* mine mines mining drill* exploration project projects program programme
        programm* development develops developing feasibility construction genehmig* baugenehmig* permit*
        approved approval phase drilling offshore *leitung pilotanlage* deposit gold lithium megawatt gigawatt
        kilometer strecke *strecke windräder homes wohnungen quartier* resource* assay minerals mineral route
        pipeline grid
    """,
    "tender": """
        ausschreib* ausgeschrieben tender tenders tendering bid bids bidder* bieter* rfp rfq procurement
        angebote vergabe* vergibt lieferantensuche pitch invites solicit* etatpitch beschaff* bewerber bewerben
        amtsblatt lieferant* dienstleister* suppliers supplier vendor vendors proposals quotes contractors
        document deadline seeks seeking requests calls invited
    """,
    "launch": """
        launch* bringt vorstell* vorgestellt stellt präsentier* enthüll* markteinführ* einführ* führt neuheit*
        startet start starten release* releases unveil* introduc* debut* rolls rollout announces vermarkt*
        verkaufsstart* anbiete* bietet lanciert premiere* weltpremiere available offers offering kommt verfügbar
        handel präsentation present announce announced showcases beantragt zulassung* bring brings
    """,
    "product": """
        produkt* *produkt *produkte modell* *modell *modelle app apps *app plattform* platform* service services
        dienst dienste *dienst *dienste angebot* product products model tool tools software solution* lösung*
        gerät* smartphone* auto autos *auto *autos suv chip chips limousine kollektion* collection edition abo
        abos tarif tarife serie* series version device* feature features kreditkarte* konto vaccine* impfstoff*
        medikament* drug therapy arznei* suite marketplace course courses book token wallet toolkit offering
        handy handys galaxy elektro* kollektionen funktion* crypto* cryptocurrency system systems treatment
        treatments users designed menu menü getränk* rezept* spielzeug* reihe linie
    """,
    "new": """
        neu neue neuer neues neuen neuem new next erste erster erstes ersten erstmals first latest brandneu
        kommende nächste
    """,
    "technology": """
        technolog* technik* *technik ki ai künstliche artificial intelligen* algorithm* digitalis* digital
        automatis* automat* robot* roboter* forschung* forscht forscher* entwickel* *entwicklung* research r&d
        patent* innovation* innovativ* wasserstoff* hydrogen batterie* battery cloud blockchain quanten* quantum
        autonom* prototyp* pilot* pilottest* test testet testen clinical trial* studie* phase software prozess
        breakthrough durchbruch* laser sensor* 3d 5g nutzt setzt adopts deploys implement* integrat* umstell*
        elektrisch* klinisch* proprietary detection system systems efficient advanced advances interface genera*
        patients therapies trademark optimiz* data daten cybersecurity
    """,
    "partner": """
        partner* *partner kooperation* kooperier* zusammenarbeit* zusammen gemeinsam* joint jv allianz alliance*
        *allianz bündnis* verbünde* pakt collaborat* cooperat* teams teaming team gemeinschaftsunternehmen
        lizenz* licen* memorandum mou bündeln zusammenschluss* schulterschluss kooperieren strategic joins
        together beide beiden both jointly distribution exclusive access entered forge* tie ties gründen
        miteinander
    """,
    "acquire": """
        übernahm* übernimm* übernehm* übernomm* *übernahme *übernahmen kauft kaufen gekauft kauf zukauf*
        zukäufe* *kauf aufkauf* aufkäuf* erwerb* erwirbt erworben acqui* takeover* buyout* merger* merge* merges
        fusion* *fusion fusionier* schluckt einverleib* buys buy buying bought purchase* zusammengeh* takes
        snaps bid bids offer bieter* gebot* *gebot übernahmeangebot* milliardenkauf m&a deal käufer* offerte*
        transaction konkurrenten konkurrenz rival* rivale* rivalen loi letter intent definitive binding
        ownership combination einstieg buyer buyers zuschlagen bieten traditionsmarke
    """,
    "stake": """
        anteil* *anteil *anteile beteilig* *beteiligung* aktienpaket* einstieg* einsteig* steigt stake stakes
        minderheit* mehrheit* majority minority großaktionär* investor* *investor *investoren finanzinvestor*
        eigner* eigentümer* gesellschafter* aktionär* holding shareholder*
    """,
    "sell": """
        verkauf* *verkauf *verkäufe trennt trennung* abspalt* ausglieder* abstoß* veräußer* losschlag* loswerden
        abgabe gibt spin* divest* sells sell sale selling sold disposal offload* carve* abgegeben abtrenn*
        aufspalt* split splits abgeben ausgegliedert ausgliedern käufer* buyer buyers divestiture* loslösen
    """,
    "unit": """
        sparte* *sparte *sparten tochter *tochter töchter geschäftsbereich* bereich *bereich *geschäft geschäft
        division unit units segment subsidiary subsidiaries business teil teile konzernteil* ableger* sektion
        marke marken brand brands
    """,
    "fund": """
        finanzier* *finanzierung* finanzspritze* kapital* *kapital kapitalerhöh* *kapitalerhöhung kredit*
        *kredit *kredite anleihe* *anleihe *anleihen börsengang* börsenneuling* ipo *ipo staatshilfe* *hilfe
        *hilfen hilfe subvention* förder* fördergeld* zuschuss zuschüsse darlehen milliardenhilfe*
        rettungspaket* funding funds raises raised raise round seed grant grants loan* bond bonds notes
        placement offering credit equity venture investiert geldgeber wagniskapital* geld debt refinanc*
        crowdfunding listing börse bewert* bewertung valuation einsammel* sammelt eingesammelt spritze
        wandelanleihe* proceeds frisch* schulden money geldregen private common warrants tranche closes gross
        underwritten priced convertible term lenders finanzhilfe* kapitalspritze* pre angel investors backed
        backing budget
    """,
    "results": """
        gewinn gewinne *gewinn *gewinne umsatz* umsätze* *umsatz *umsätze ergebnis* *ergebnis *ergebnisse
        quartal* *quartal *quartals *quartalszahlen zahlen bilanz* *bilanz erlös* verlust* *verlust *verluste
        minus plus prognose* *prognose ausblick* dividende* *dividende ebit* ebitda rendite marge* gewinnwarn*
        halbjahr* geschäftsjahr* jahreszahl* absatz* *absatz auftragseingang* verdient verdiente results
        revenue* earnings profit* loss losses quarter quarterly q1 q2 q3 q4 guidance outlook forecast* sales
        dividend* income margin fiscal annual reports ausschütt* aktienrückkauf* auslieferung* milliardengewinn*
        milliardenverlust* erwartet erwartungen vorjahr gesamtjahr operativ* nachbörslich rechnet verzeichnet
        erzielt verbucht net cash period year ended performance bilanziert laufende marketshare marge margen
        kerngewinn* financial
    """,
    "up": """
        steigt steigen steiger* gestiegen stieg *anstieg anstieg erhöh* hebt anheben angehoben zulegen legt zu
        mehr höher* rekord* *rekord *plus verdoppelt kräftig wächst gewachsen übertrifft übertreffen übertroffen
        boomt boom sprung* springt rise* rises rose up increas* jump* surge* surges record growth grew grows
        higher beat beats exceed* doubl* soar* strong raises verdreifach* erholung erholt gesteigert steigert
        zweistellig übertrumpft verbessert improved improve positive überrascht überraschend deutlich best
        bestes milestone
    """,
    "down": """
        sinkt sinken gesunken sank fällt fallen gefallen fiel rückgang* einbruch* *einbruch bricht brechen
        eingebrochen einbrechen schrumpf* weniger halbier* stürzt absturz schwach* schwäch* rutscht drops drop
        dropped falls fell fall declin* decreas* down slump* plung* lower weak miss misses cut tumbl* shrink*
        senkt kürzt kappt runter rote roten krise* verfehl* enttäuscht enttäuschend* tief leidet schwer düster*
        weak* verliert verlieren miserabel negativ*
    """,
    "insolvent": """
        insolven* *insolvenz *insolvenzen pleite* *pleite *pleiten bankrott* konkurs* zahlungsunfäh* gläubiger*
        schutzschirm* insolvenzverwalter* sanierung* sanier* *sanierung rettung* restrukturierungsplan* rettet
        bankrupt* insolvency administration administrators receivership creditor* chapter liquidat* liquidier*
        überschuld* eigenverwaltung collapse* collapses gerettet abgewickelt restruktur* meldet antrag beantragt
        angemeldet betrieb geschäftsbetrieb verfahren fortgeführt benko benkos lender lenders files filed filing
        protection schulden zahlungsprobleme* finanzielle
    """,
    "jobs": """
        stelle stellen *stelle *stellen job jobs *job *jobs arbeitsplatz arbeitsplätze* *arbeitsplätze
        mitarbeiter* *mitarbeiter *mitarbeitern beschäftigte* *beschäftigte *beschäftigten personal* *personal
        belegschaft* angestellte* fachkräfte* azubi* auszubildende* ingenieur* fachkraft mann kollegen kräfte
        employees employee staff workers workforce headcount roles positions team members jobkahlschlag* piloten
        fahrer talent talents leute people hands seasonal crew crews graduates technicians schichten
        betriebsrat* führungskräfte drivers posts places
    """,
    "hire": """
        einstell* stellt neueinstell* rekrutier* anheuer* heuert sucht suchen gesucht schafft schaffen
        geschaffen besetzen werben wirbt aufbau* aufstock* hire* hires hiring recruit* recruiting creates
        creating adds add personalaufbau* stellenaufbau* neue vacancies openings zahlt offene offen angestellt
        vacant fill intake adding filling zusätzlich lädt bewerb*
    """,
    "cut": """
        streich* *streichung* gestrichen strich abbau* *abbau abgebaut baut entlass* *entlassung* entlässt
        kündig* gekündigt kürz* kurzarbeit* kahlschlag* wegfall* fallen wegfallen freistell* sparen rotstift*
        layoff* lays laid laying cuts cut cutting slash* slashes axes redundan* furlough* dismiss* eliminat*
        trim* trims feuert rauswurf jobabbau* stellenabbau* personalabbau* einstellungsstopp* abfindung* bangen
        zittern einsparungen verlieren betriebsbedingt* betroffen betroffenen bangt schickt severance
        redundancies freiwilligenprogramm* wackeln entfallen streichkonzert* leave
    """,
    "chief": """
        chef chefs *chef *chefs chefin *chefin vorstand* *vorstand *vorständin *vorstände ceo ceos cfo cto coo
        cmo cio geschäftsführ* *führung aufsichtsrat* *aufsichtsrat *aufsichtsrätin manager* *manager *managerin
        topmanager* *boss boss vorsitz* *vorsitzende* *vorsitzender präsident* finanzvorstand* personalvorstand*
        verwaltungsrat* spitze konzernspitze chefposten* executive* president director* chairman chairwoman
        chair board officer partner head leader* vice vp managing gründer* founder* spitzenpersonal personalie*
        führungswechsel* chefwechsel* management chefetage hauptversammlung senior veteran experience leadership
        führungsriege kontrolleur* konzernchef* doppelspitze* ressort*
    """,
    "appoint": """
        beruf* berufen berief ernenn* ernannt wird wechsel* *wechsel folgt nachfolg* *nachfolge *nachfolger
        *nachfolgerin rückt übernimmt neue neuer appoint* names named promot* promotes elect* elected hires
        joins joined taps succeed* succession welcomes bestell* bestellt holt verlängert bleibt antritt tritt
        löst gefunden bringt verpflichtet brings effective oversee* lead heuert bisherig* künftig*
    """,
    "leave": """
        geht gehen verlässt verlassen abgang* abgänge* abtritt* zurücktret* zurück rücktritt* tritt hört
        ausscheid* scheidet abberuf* abgelöst ablös* gefeuert rauswurf* entmacht* absetz* wirft muss abschied*
        leaves leaving departs departure* steps stepping resign* retire* ousted ousts fired exit outgoing weg
        räumt aufhören zurückgetreten verliert unruhe abrupt überraschend freigestellt verabschied* suspend*
    """,
    "event": """
        messe *messe messen messeauftritt* kongress* *kongress konferenz* *konferenz forum gipfel* *tag tagung*
        webinar* summit* conference* expo *expo exhibit* exhibition fair booth stand aussteller* ifa ces iaa
        symposium event events keynote speak* speaker* panel webcast presents present presenting presentation
        convention roadshow hosts host hosting attend* halle vortrag* redner* festival workshop workshops meetup
        showcase* showcasing participat* lädt besucher* publikum bühne teilnahme gemeinschaftsstand virtual
        meetings sponsor* premier hosted held gathering conferences invited networking expo* jahrestag* feiert
        tage veranstalt* live
    """,
    "strategy": """
        strateg* *strategie umbau* umbauen umgebaut neuausricht* neuordn* neuaufstell* neustart* transformation*
        *transformation kurs kurswechsel* sparprogramm* sparkurs* *sparkurs sparplan* sparpläne* sparpaket*
        effizienz* ziele ziel klimaziel* restruktur* reorgani* strategy strategic transform* overhaul pivot*
        targets target goal goals roadmap rebrand* geschäftsmodell* plan pläne plant masterplan* konzernumbau*
        expansion* expandier* zukunft* fokus fokussier* focus turnaround* wende* umstruktur* klimaneutral*
        wachstum* offensive* aufspaltung nachhaltig* sustainab* rebranding umbenenn* radikal* aufgestellt
        umbenannt konzentration konzentriert einsparungen fortan ausrichtung* richtet sparen milliardenprogramm*
        overhauls restructuring diversif* savings change changes name
    """,
    "award": """
        preis *preis *preise preisträger* auszeichn* ausgezeichnet gekürt sieger* gewinnt ranking* rangliste*
        zertifik* zertifizier* siegel gütesiegel* award awards prize honored honoured recognized recognised
        recognition winner winners ranked ranks certified certification finalist* named best top leader
        accredit* honor* medal testsieger* champion* badge recipient gold silver inducted listed nominated
        celebrat* jury preisgeld geehrt ehrt würdigt urkunde bronze rang platz beste besten prestigious list
        fastest workplace* excellence outstanding recognizes lawyers honors highlights
    """,
    "court": """
        gericht* *gericht *gerichtshof urteil* *urteil klage* *klage *klagen klagt kläger* verklag* verklagt
        prozess* *prozess anklage* angeklagt* staatsanwalt* ermitt* *ermittlung* ermittler* razzia* durchsuch*
        strafe* *strafe *strafen bußgeld* *bußgeld vergleich* schadenersatz* schadensersatz* verurteil* richter*
        bgh eugh justiz* kartellamt* kartell* wettbewerbshüter* bafin sec aufsicht* behörde* rückruf* rückrufe*
        ruft recall* lawsuit* sues sue sued suing court* judge* ruling rules ruled fine fined fines settle*
        settlement investigat* probe* regulator* antitrust charges charged verdict complaint betrug* *betrug
        skandal* *skandal *affäre verstoß* verstößt verbietet verbot* untersag* datenschutz* litigation
        plaintiff* alleg* attorney* abgasskandal* dieselskandal* cum whistleblower* monopol* zerschlag*
        genehmigt verboten gesperrt wegen gegen verfahren marktmacht eingereicht reicht finanzaufsicht
        unterliegt beschwerde* vorwurf vorwürfe verdacht* werfen untersuch* niederlage beigelegt anwalt* anwälte
        action period filed llp inform* against law appeal regulat* wettbewerbs*
    """,
    "disrupt": """
        streik* *streik *streiks warnstreik* arbeitskampf* ausstand hacker* *hacker hackerangriff* cyber*
        *angriff *attacke angriff angriffe ransomware datenleck* datenpanne* panne* *panne *pannen störung*
        *störung *störungen ausfall* *ausfall *ausfälle ausgefallen fällt fallen brand *brand feuer explosion*
        unfall* *unfall absturz* unglück* lieferengpass* engpass* *engpass *engpässe *mangel mangel knapp*
        lieferkette* produktionsstopp* stoppt stopp gestoppt stillstand* steht stehen bänder ruht verspätung*
        strike* walkout* outage* disrupt* halt* halts suspend* accident* fire blast breach* hack* hacked
        shortage* delay* delays blackout boykott* protest* blockad* sabotage* leck* lieferprobleme*
        lieferschwierig* rohstoffmangel unterbrech* unterbrochen lahm* produktionsausf* notland* gestrandet
        chaos verzöger* tarif* *tarif gdl lokführer* probleme problem flüge züge still technische aufgerufen
        stoppage attack vessels yard supplier tonight weekend zurückgerufen panik mussten überlast* unwetter*
        hochwasser*
    """,
    "cancel": """
        stoppt gestoppt abgesagt absage* absag* sagt platzt geplatzt gescheitert scheiter* scheitert dementiert
        dementi* verzichte* verzicht* verwirft verworfen doch aufgegeben rückzieher* cancel* scrap* scraps drops
        abandon* halts shelve* shelves fails failed denies rejects reject* ablehn* lehnt abgelehnt abgeblasen
        keine kein keinen nicht not no zurückgezogen rückgängig withdraws kippt storniert stornier* eingestampft
        beendet weist vorerst verschoben verschiebt pausiert eis aufgekündigt
    """,
    "rumour": """
        könnte könnten dürfte soll sollen angeblich offenbar wohl womöglich möglicherweise erwäg* erwägt prüft
        prüfen überlegt überleg* denkt verhandel* gespräch* *gespräche gerücht* interesse* interessiert insider*
        kreise kreisen bericht medienbericht* spekul* report reportedly rumo* may might could considers
        consider* considering weighs weighing mulls explores exploring talks sources reported liebäugel* bahnt
        verhandlungen interessent* sondier* wollte möglicher möglichen möglich denkbar favorit* verdichten
        kandidat* buhlt erwarten entscheidung hofft
    """,
    "plan": """
        will wollen plant planen geplant* *pläne *plan pläne plan kündigt angekündigt ankünd* beschließ*
        beschlossen soll künftig bald ab demnächst wird werden möchte plans planned planning to aims set expects
        expected intends intend upcoming vows eyes bis <year> september oktober november dezember januar februar
        märz april mai juni juli august january february march may june july october december jahr jahre
        jahresende herbst frühjahr sommer künftige next demnach bereitet strebt
    """,
    "done": """
        hat haben wurde wurden ist sind abgeschlossen fertig vollzogen perfekt completed completes complete has
        have finalizes finalized closed successfully bereits gestern heute now jetzt nun completion erfolgte
    """,
    "org": """
        vw volkswagen bmw daimler mercedes audi porsche opel ford tesla siemens bosch basf bayer sap telekom
        lufthansa allianz adidas puma henkel continental conti thyssenkrupp thyssen krupp rwe eon vonovia
        infineon zalando commerzbank bahn db post dhl tui rewe edeka aldi lidl kaufland rossmann metro otto
        galeria karstadt kaufhof wirecard biontech curevac pfizer moderna astrazeneca sanofi novartis roche
        merck fresenius linde airbus boeing rheinmetall mtu kion jungheinrich zf schaeffler mahle uniper enbw
        vattenfall shell bp total gazprom apple google alphabet amazon microsoft facebook meta twitter netflix
        intel nvidia amd tsmc samsung sony huawei xiaomi alibaba tencent bytedance tiktok uber lyft airbnb
        spotify paypal visa mastercard ikea nestlé nestle unilever danone cocacola pepsi mcdonald starbucks nike
        walmart ryanair easyjet condor eurowings klm iag hapag maersk ubs hsbc barclays santander unicredit ing
        goldman jpmorgan blackrock kkr permira softbank openai anthropic deepmind signa benko adler wework
        gorillas flink lieferando n26 klarna stripe deliveroo wolt getir hellofresh teamviewer varta northvolt
        catl byd nio toyota honda nissan renault stellantis fiat peugeot volvo skoda seat hyundai kia ferrari
        philips nokia ericsson vodafone telefonica bertelsmann springer burda rtl prosieben prosiebensat1 disney
        warner paramount universal qualcomm broadcom arm micron ibm oracle cisco dell hp salesforce palantir
        zoom slack heidelbergcement holcim lafarge covestro evonik lanxess wacker brenntag symrise beiersdorf
        ströer gea krones dürr kuka voith trumpf salzgitter aurubis nordex vestas enercon siltronic aixtron
        sartorius qiagen evotec lilium volocopter flixbus flixmobility check24 scout24 aroundtown lbbw helaba
        kfw postbank comdirect ey kpmg pwc deloitte mckinsey miele vorwerk tönnies oetker haribo ritter storck
        douglas dm deichmann kik tedi primark hm zara inditex gucci lvmh kering swatch rolex viessmann vaillant
        bombardier alstom stadler raiffeisen erste omv voestalpine agrana andritz strabag porr hochtief
        bilfinger fraport spacex starlink
    """,
    "form": """
        ag se gmbh kgaa kg inc corp ltd llc plc nv sa spa group gruppe holding holdings company co corporation
        limited nasdaq nyse otc tsx tsxv otcqb konzern* *konzern *konzerns *gruppe firma firmen unternehmen
        *unternehmen
    """,
    "actor": """
        autobauer* autohersteller* chiphersteller* *hersteller *herstellers *zulieferer autozulieferer*
        pharmakonzern* energiekonzern* ölkonzern* stahlkonzern* *riese *riesen bank *bank sparkasse* versicher*
        *versicherer airline* fluggesellschaft* händler* *händler einzelhändler* kette *kette supermarkt*
        discounter* startup* start up startups fintech* brauer* *bauer reederei* werft* *werft maschinenbau*
        softwarefirma* *firma *anbieter anbieter betreiber* *betreiber maker giant retailer* carmaker* startup
        insurer* airline developer provider traditionsunternehmen* modehändler* techkonzern* tech
        familienunternehmen* mittelständler*
    """,
    "state": """
        bund bundes* regierung* *regierung *minister *ministerin ministerium* *ministerium staat* staaten eu
        *kommission kommission brüssel land länder* kanzler* scholz merz merkel habeck lindner trump biden putin
        xi kreml parlament* bundestag* senat stadt städte kommune* gemeinde* koalition* ampel spd cdu csu fdp
        grüne grünen afd politik* minister* government federal white senate parliament ezb fed bundesbank
        notenbank* zentralbank* zoll zölle* *zölle steuer* steuern tarifs tariff* sanktion* gesetz* reform*
        haushalt* wahl* rechte fpö övp ministers bürger* behörden landkreis* botschaft* diplomat* municipal
        county city mayor council councils
    """,
    "country": """
        deutschland* deutsche deutschen deutscher china* chines* usa us amerika* russland* russisch* ukraine*
        europa* europe* europäisch* frankreich* italien* spanien* großbritannien* japan* indien* türkei*
        griechenland* polen* österreich* schweiz* israel* iran* afrika* asien* welt* global* world* germany
        german britain uk france india
    """,
    "body": """
        verband* *verband verbände* gewerkschaft* verdi ig dihk bdi vda ifo iw diw zew institut* statistik*
        bundesamt* destatis studie umfrage* ökonom* experte* experten forscher* wirtschaftsweise* branche*
        *branche industrie* *industrie wirtschaft* handel* einzelhandel handwerk* mittelstand* arbeitgeber*
        analyst* association institute survey economist* union verbraucherschützer* mieterbund iwf oecd opec
    """,
    "macro": """
        inflation* konjunktur* bip bruttoinland* arbeitslos* arbeitsmarkt* rezession* export* importe* zins*
        *zinsen leitzins* teuerung* ölpreis* gaspreis* strompreis* preise *preise energiepreise*
        wachstumsprognose* lohn* löhne* mindestlohn* rente* renten wohnungsmarkt* immobilienpreise* mieten
        miete* economy economic gdp inflation jobless rates krieg* war corona* pandemie* lockdown* energiekrise*
        klima* verkehrswende energiewende fachkräftemangel kohle öl gas strom energie bürokratie kosten löhnen
        armut fachkräfte wohnungsbau teurer billiger arbeitskosten verkehr autoverkehr umfragen arbeiten
        demographie rente weltwirtschaft konsum* kauflaune sommerferien
    """,
    "bourse": """
        dax mdax *dax dow börse* *börse börsen aktie aktien *aktie *aktien anleger* kurse kurs kursziel* wall
        märkte depot fonds etf etfs anlag* sparer* geldanlage* gold bitcoin* krypto* ethereum coin stock stocks
        shares share rally handelsstart* marktbericht* börsenwoche eurokurs euro yen trader* trading buffett
        nikkei index jones kursrutsch kurssprung wertpapier* rendite tagesgeld sparbuch ruhestand milliardär*
    """,
    "advice": """
        tipps tipp so wie was warum wann welche welcher wer wo wieso ratgeber* test vergleich* checkliste lohnt
        sparen sie ihr ihre ihnen verbraucher* kunden mieter* rentner* steuererklärung* reisende* urlaub* how
        why what guide tips ways things best your you mistakes faq reasons know need choose benefits importance
        wenn viele immer oft menschen manche man ich sollten sollte besser leicht achten lernen raten worauf
        zeigt mein mich uns unser unsere wir my we our like she he they nobody readers when whether heute
        millionäre reich reiche reden leser* sorgen
    """,
    "opinion": """
        kommentar* kolumne* meinung* interview* essay gastbeitrag* porträt* portrait* podcast* video* newsticker
        überblick* analyse* geschichte* serie hintergrund* presseschau* briefing morning debatte* streit*
        kritik* kritisier* warnt warnung* fordert forder* lobt sagt glaubt erklärt history says mean opinion
        column editorial newsletter roundup weekly zeigen erzählen erzählt besuch frage fragen stimmung blick
        story sieht denkt meint hält verteidigt wehrt nennt columnist explained newsroom ask look sz street
    """,
    "leisure": """
        fußball* bundesliga* verein* fc club trainer* spieler* olympia* em wm tennis formel film* kino* serie
        serien musik* album sängerin sänger* schauspieler* star stars konzert* museum* roman buch kirche* papst
        könig* royal* polizei* mord* tote toter tot gestorben stirbt mann frau kinder schule* schüler*
        universität* hund hunde wetter* game* games spiel* spiele ps5 xbox playstation podcast author novel
        memoir poetry love family dog school church artist song music jung familie familien dorf kunst leben
        life town mayor woman children bestselling actor actress journey hair pet
    """,
    "measure": """
        quadratmeter* hektar tonne tonnen meter meters metres square foot feet acres tonnes megawatt gigawatt
        kilometer kw mw gwh gw barrels units ounces stunden
    """,
    "approve": """
        zulassung* zulassungsantrag* ema fda freigabe* notfallzulassung clearance approval* approves approved
        uspto granted erlaubnis* lizenzen lizenz genehmigung* genehmigt grünes
    """,
    "health": """
        klinisch* clinical trial trials patients patient cancer therapy therapies disease dose phase impfstoff*
        vaccine* medikament* drug drugs wirkstoff* biotech* pharma*
    """,
    "sign": """
        signs signed sign unterzeichn* unterschreib* definitive letter intent loi memorandum mou closing einig*
        einigung vereinbar* besiegel* agreement agree agrees agreed entered
    """,
    "announce": """
        announce announces announced announcement pleased proud thrilled excited newswire newsdirect
        pressrelease newmediawire accesswire einpresswire mitteilung* teilte bekannt gab verkündet meldet
    """,
    "former": "ex ehemalig* früher* former frühere ehemals einst damals bisherig* langjährig*",
    "person": """
        he his she her him elon musk herr frau mr ms mrs jeff mark tim oliver christian markus thomas michael
        peter martin david john james
    """,
    "rank": "dr professor phd founder gründer gründerin milliardär* unternehmer* familie erbe erben clan",
    "begin": """
        beginnt begonnen startet starten start begins began begin starts started kickoff auftakt läuft laufen
        under way underway gestartet angelaufen fortschritt voran commences commence commenced
    """,
    "threat": """
        droht drohen gefahr* gefährdet warn* angst sorge* zittern bangen risk risks fears threat* kampf kämpft
        ringen ringt
    """,
    "affected": "betroffen* trifft treffen hit hits affected impact suffers leidet leiden",
    "place": """
        berlin hamburg münchen köln frankfurt stuttgart düsseldorf leipzig dresden hannover nürnberg bremen
        magdeburg grünheide wolfsburg bayern sachsen brandenburg hessen thüringen niedersachsen nrw ruhrgebiet
        wien zürich basel graz linz polen ungarn tschechien rumänien mexiko kanada vietnam brasilien texas ohio
        arizona california florida ontario quebec dubai singapore singapur saudi london paris york nordamerika
        asien südkorea schweden norwegen dänemark niederlande belgien portugal spanien kroatien serbien slowakei
        marokko ägypten kenya nigeria australia canada mexico thailand indonesia poland hungary spain saxony
        bavaria toronto vancouver las atlanta chicago boston austin dallas houston miami seattle denver
        manchester birmingham leeds glasgow dublin amsterdam rotterdam
    """,
    "energy": """
        solar* wind* windkraft *energie energie* energy photovoltaik* batterie* battery lng gas kernkraft* atom*
        nuclear wasserstoff* hydrogen strom*
    """,
    "motor": """
        elektroauto* elektromobil* ev evs electric verbrenner* fahrzeug* vehicle* lkw truck trucks auto* suv
        limousine
    """,
    "online": "online internet web digital* streaming social youtube instagram website",
    "property": "immobilie* *immobilien wohn* miet* real estate property properties house home homes",
    "ask": "?",
    "quote": "<quote>",
    "colon": ":",
    "figure": """
        <num> <pct> zwei drei vier fünf sechs sieben acht neun zehn zwölf hunderte tausende zehntausende
        hunderttausende two three four five six seven eight nine ten twelve hundred hundreds thousand thousands
        dutzende mehrere einige rund fast
    """,
    "not": "nicht kein keine keinen nie ohne trotz not no never without",
    "off": "ab",
    "out": "aus",
    "forth": "vor",
    "on": "an",
    "in": "ein",
    "to": "zu",
    "upon": "auf",
    "back": "zurück",
    "away": "weg raus",
    "self": "sich",
    "modal": "muss müssen darf dürfen kann können must can should",
}

_COMPANIES: Final = (Path(__file__).parent / "names.txt").read_text(encoding="utf-8")
_CONCEPTS: Final = _WRITTEN | {"org": f"{_WRITTEN['org']} {_COMPANIES}"}
NAMES: Final = tuple(_CONCEPTS)
FINGERPRINT: Final = hashlib.sha256(repr(_CONCEPTS).encode()).hexdigest()[:16]
"""Changes with the list; a model trained with another one would read the columns wrongly."""


def _patterns() -> dict[str, tuple[int, ...]]:
    """Return each pattern as it stands in a word between two blanks, and the concepts it stands for."""
    found: dict[str, tuple[int, ...]] = {}
    for index, patterns in enumerate(_CONCEPTS.values()):
        for pattern in patterns.split():
            key = f"{'' if pattern.startswith('*') else ' '}{pattern.strip('*')}{'' if pattern.endswith('*') else ' '}"
            found[key] = (*found.get(key, ()), index)
    return found


_PATTERNS: Final = _patterns()
_MEANT: Final = tuple(_PATTERNS.values())
_SEARCH: Final = AhoCorasick(list(_PATTERNS), implementation=Implementation.ContiguousNFA)


@lru_cache(maxsize=100_000)
def concepts(word: str) -> tuple[int, ...]:
    """Return what a word (lower case) can mean, as indexes into `NAMES` in ascending order; mostly nothing."""
    found = _SEARCH.find_matches_as_indexes(f" {word} ", overlapping=True)
    return tuple(sorted({index for at, *_ in found for index in _MEANT[at]}))
