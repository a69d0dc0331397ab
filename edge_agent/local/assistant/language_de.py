"""German: what may be said to the built-in assistant, and everything it says.

Law: words only (`language.py` tells what a pack is made of). Patterns are those of `grammar.py`. There are no German
ears in the registries; the English ones are told how German sounds, as nearly as they can know (`_SOUNDS`).
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.local.assistant.foreign_phones import pronunciations
from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.assistant.language import WAKE_RESIDUE, WAKE_SOUNDS, Day, Operator, Part, Texts, slots

NAME, VOICE, TAKES_DICTATION, DOUBT, FULL_DAY_CLOCK = "de", "de+f3", False, 2.0, True
ONES = (
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    *("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
)
TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


def number(value: int) -> str:
    """0 to 100 in words."""
    if value == 100:
        return "hundert"
    if value < len(ONES):
        return ONES[value]
    tens, ones = TENS[value // 10 - 2], value % 10
    return f"{'ein' if ones == 1 else ONES[ones]}und{tens}" if ones else tens


NUMBERS = {number(value): value for value in range(101)}
PERCENT = {words: value for words, value in NUMBERS.items() if value % 5 == 0 and value != 15}
COUNTS = {"eine": 1, **{words: value for words, value in NUMBERS.items() if 2 <= value <= 60 or value == 90}}
SPANS = {
    **{"eine halbe minute": 30, "eine viertelstunde": 900, "eine halbe stunde": 1800},
    **{"eine dreiviertelstunde": 2700, "anderthalb stunden": 5400},
}
HOURS = {"ein": 1, **{number(value): value for value in range(25)}}
MINUTES = {"uhr": 0, **{f"uhr {number(value)}": value for value in range(1, 60)}}
OFFSETS = {
    **{"halb": -30, "viertel nach": 15, "viertel vor": -15, "dreiviertel": -15},
    **{"fünf nach": 5, "zehn nach": 10, "zwanzig nach": 20, "fünf vor": -5, "zehn vor": -10, "zwanzig vor": -20},
}
MOMENTS = {"mittag": 720, "mitternacht": 0}
PARTS: dict[str, Part] = {
    **{"morgens": "morning", "früh": "morning", "vormittags": "morning", "nachmittags": "afternoon"},
    **{"abends": "evening", "am abend": "evening", "nachts": "night"},
}
DAYS: dict[str, tuple[Day, Part | None]] = {
    **{"morgen": ("tomorrow", None), "morgen früh": ("tomorrow", "morning"), "morgen abend": ("tomorrow", "evening")},
    **{"jeden tag": ("daily", None), "jeden morgen": ("daily", "morning"), "jeden abend": ("daily", "evening")},
    **{"heute": ("today", None), "heute abend": ("today", "evening")},
}
OPERATORS: dict[str, Operator] = {"plus": "+", "und": "+", "minus": "-", "mal": "*", "geteilt durch": "/", "durch": "/"}
LABELS = {
    **{"die eier": "Eier", "die nudeln": "Nudeln", "die pizza": "Pizza", "den tee": "Tee", "den reis": "Reis"},
    **{"die kartoffeln": "Kartoffeln", "den kuchen": "Kuchen", "das brot": "Brot", "die wäsche": "Wäsche"},
}
UNITS = (("Tag", "Tage"), ("Stunde", "Stunden"), ("Minute", "Minuten"), ("Sekunde", "Sekunden"))

_SET = "(stell | stelle | starte) (einen | den) timer (auf | für | von)"
_NAMED = "[für <label>]"
_TIME = "(<hour> [<minute>] | <moment>) [<part>] [<day>]"
_TIME_PAST = "<offset> <hour> [<part>] [<day>]"
_ALARM = "(stell | stelle) (einen | den) wecker (auf | für)"
_WAKE = "(weck | wecke) mich"
INTENTS = {
    "time": ("wie spät ist es [jetzt]", "wie viel uhr ist es", "sag mir die uhrzeit"),
    "date": ("welcher tag ist heute", "(welches | was für ein) datum (ist | haben wir) heute", "welchen tag haben wir"),
    "timer_set": (
        f"{_SET} <minutes> (minute | minuten) [und <seconds> (sekunde | sekunden)] {_NAMED}",
        f"{_SET} <hours> (stunde | stunden) [und <minutes> (minute | minuten)] {_NAMED}",
        f"{_SET} (<seconds> (sekunde | sekunden) | <span>) {_NAMED}",
        "erinnere mich in (<minutes> (minute | minuten) | <span>)",
    ),
    "alarm_set": (f"{_ALARM} {_TIME}", f"{_ALARM} {_TIME_PAST}"),
    "wake": (
        *(f"{_WAKE} um {_TIME}", f"{_WAKE} um {_TIME_PAST}"),
        *(f"{_WAKE} <day> um <hour> [<minute>] [<part>]", f"{_WAKE} <day> um <offset> <hour>"),
    ),
    "timers_left": ("wie lange [läuft der timer] noch", "wie viel zeit ist noch übrig", "wie lange dauert es noch"),
    "timers_list": (
        *("welche (timer | wecker) (laufen | sind gestellt)", "welche (timer | wecker) habe ich"),
        *("läuft ein timer", "ist ein wecker gestellt", "zeig mir alle timer"),
    ),
    "timer_cancel": ("(stopp | stoppe | lösche) (den | meinen) timer", "(stopp | lösche) den timer für <label>"),
    "alarm_cancel": ("(stopp | stoppe | lösche) (den | meinen) wecker", "(stell | mach) den wecker (ab | aus)"),
    "timers_cancel": ("(stopp | stoppe | lösche) alle timer",),
    "alarms_cancel": ("(stopp | stoppe | lösche) alle wecker",),
    "volume_up": ("[mach es] lauter", "mach (lauter | die lautstärke höher)", "sprich lauter"),
    "volume_down": ("[mach es] leiser", "mach (leiser | die lautstärke niedriger)", "sprich leiser"),
    "volume_set": ("(stell | stelle) die lautstärke auf <percent> [prozent]", "lautstärke <percent> [prozent]"),
    "volume_get": ("wie laut bist du", "wie laut ist es"),
    "status_network": ("bist du (online | verbunden)", "ist das netz da", "hast du netz"),
    "status_warm": ("wie (warm | heiß) bist du", "welche temperatur hast du"),
    "status_uptime": ("wie lange läufst du schon", "seit wann bist du an"),
    "sum": ("(was ist | wie viel ist) <first> <operator> <second>",),
    "joke": ("(erzähl | erzähle) [mir] (einen | noch einen) witz", "noch ein witz", "kennst du einen witz"),
    "story": ("(erzähl | erzähle) [mir] (eine | noch eine) geschichte", "noch eine geschichte"),
    "abilities": ("was kannst du [alles]", "was kann ich (dich fragen | sagen)", "hilf mir", "hilfe"),
    "help_timers": ("hilfe zu (timern | weckern)", "wie stelle ich einen (timer | wecker)"),
    "help_volume": ("hilfe zur lautstärke", "wie ändere ich die lautstärke"),
    "help_fun": ("hilfe zu (witzen | geschichten | witzen und geschichten)",),
    "help_device": ("hilfe zum gerät", "was weißt du über dich"),
    "identity": ("wer bist du", "wie heißt du"),
    "kind": ("was bist du", "bist du ein (roboter | mensch | computer)"),
    "offline": ("brauchst du das internet", "arbeitest du offline", "bist du in der cloud"),
    "privacy": ("nimmst du mich auf", "was speicherst du", "wohin geht meine stimme"),
    "tongue": ("welche sprachen sprichst du", "sprichst du (deutsch | englisch | französisch)"),
    "age": ("wie alt bist du", "wann hast du geburtstag"),
    "home": ("wo bist du", "wo wohnst du"),
    "first_question": ("was habe ich [dich] zuerst gefragt", "was war meine erste frage"),
    "last_question": ("was habe ich [dich] zuletzt gefragt", "was war meine letzte frage"),
    "again": ("sag das noch einmal", "wiederhole das", "was hast du gesagt"),
    "how_are_you": ("wie geht es dir [heute]", "wie geht's"),
    "there": ("bist du da", "kannst du mich hören", "hörst du mich"),
    "love": ("ich liebe dich", "ich mag dich", "(liebst | magst) du mich"),
    "insult": ("du bist (dumm | blöd | nutzlos)", "ich hasse dich"),
    "praise": ("gut gemacht", "du bist (toll | lustig | klug)"),
    "sorry": ("entschuldigung", "es tut mir leid"),
    "thanks": ("danke [schön]", "vielen dank"),
    "goodbye": ("auf wiedersehen", "tschüss", "bis später"),
    "good_night": ("gute nacht",),
    "hello": ("hallo", "guten (morgen | tag | abend)"),
    "dismissal": ("schon gut", "stopp", "sei still"),
    "yes": ("ja", "genau"),
    "no": ("nein [danke]",),
    "beyond": (
        *("wie (ist | wird) das wetter [heute | morgen]", "wird es [heute | morgen] regnen"),
        *("was gibt es neues", "spiel musik", "mach das licht (an | aus)"),
    ),
}
REPEAT_AFTER_ME = "sprich mir nach"
SLOTS = slots(PERCENT, COUNTS, COUNTS, SPANS, LABELS, HOURS, MINUTES, MOMENTS, OFFSETS, PARTS, DAYS, NUMBERS, OPERATORS)
GRAMMAR = Grammar(INTENTS, SLOTS, before=WAKE_RESIDUE, after=("bitte",))
EMERGENCY = (
    *("krankenwagen", "notarzt", "polizei", "feuerwehr", "notfall", "notruf", "herzinfarkt", "ich bin gestürzt"),
    *("ich bin gefallen", "ich bin hingefallen", "ich bekomme keine luft", "ich kriege keine luft", "ich blute"),
    *("ich bin verletzt", "umbringen", "selbstmord", "ich will sterben", "es brennt", "jemand ist eingebrochen"),
)
KNOWLEDGE = (
    *("wer ist", "wer war", "wer hat", "wer sind", "was ist", "was sind", "was war", "was bedeutet", "was kostet"),
    *("wo ist", "wo liegt", "wo war", "wann ist", "wann war", "wann kommt", "warum", "wieso", "wie weit", "wie viele"),
    *("wie viel", "wie hoch", "wie groß", "wie alt ist", "wie macht", "wie heißt", "welche", "welcher", "welches"),
    *("erklär", "erkläre", "übersetze", "suche", "such", "spiel", "spiele", "ruf", "rufe", "schick", "bestell"),
    *("bestelle", "kaufe", "lies", "mach", "schalte", "wird es", "erzähl mir etwas über"),
)

JOKES = (
    "Warum musste die Uhr aus dem Klassenzimmer? Sie hat zu viel getickt.",
    "Ich habe die Lampe gefragt, wie es ihr geht. Sie sagte, ihr sei ein Licht aufgegangen.",
    "Was sagt die eine Wand zur anderen? Wir treffen uns an der Ecke.",
    "Warum verlaufen sich Teekannen nie? Sie gehen immer dem Schnabel nach.",
)
STORIES = (
    "Es war einmal ein kleiner brauner Hund in einem Dorf am Meer, der sich vor den Wellen fürchtete. "
    "Jeden Morgen saß er auf den warmen Steinen und sah den Booten nach. "
    "Eines Tages verlor ein Mädchen seinen roten Ball, und das Wasser trug ihn fort. "
    "Der Hund sah den Ball an, dann das Mädchen, und vergaß seine Angst. "
    "Er sprang, schwamm und brachte ihn zurück. Seitdem fährt er mit den Fischern hinaus, immer ganz vorne.",
    "In einem Turm hing einmal eine Uhr, die ging immer fünf Minuten nach. Der Bürgermeister schimpfte mit ihr. "
    "Aber der Bäckerjunge, der selbst immer zu spät war, sah jeden Morgen zu ihr hinauf und kam rechtzeitig. "
    "Eines Nachts stellte jemand die Uhr richtig, und am nächsten Tag hatte die ganze Stadt kein Brot. "
    "Seitdem rührt niemand mehr die Uhr an, und alle haben ihr Frühstück.",
)
ANSWERS = {
    "joke": JOKES,
    "story": STORIES,
    "abilities": (
        "Ich kenne die Uhrzeit und das Datum, Timer und Wecker, die Lautstärke, den Zustand des Geräts, kleine "
        "Rechnungen, Witze und Geschichten, ohne Internet. Sag zum Beispiel: Hilfe zu Timern.",
    ),
    "help_timers": ("Sag: Stell einen Timer auf zehn Minuten. Oder: Weck mich um sieben. Dann: Wie lange noch.",),
    "help_volume": ("Sag: lauter. Oder: Stell die Lautstärke auf fünfzig Prozent.",),
    "help_fun": ("Sag: Erzähl mir einen Witz. Oder: Erzähl mir eine Geschichte.",),
    "help_device": ("Frag mich: Bist du online, wie warm bist du, oder: Was speicherst du.",),
    "identity": ("Ich bin der eingebaute Assistent dieses Geräts. Ich bin klein, aber ich arbeite offline.",),
    "kind": ("Ich bin ein Programm auf diesem Gerät. Ich kenne ein paar Dutzend Sätze und bin kein Mensch.",),
    "offline": ("Ich arbeite ohne Internet. Alles, was ich weiß, ist auf diesem Gerät, und das ist nicht viel.",),
    "privacy": (
        "Ich warte hier auf dem Gerät auf das Weckwort, und deine Stimme verlässt es nicht. Was gesagt wurde, bleibt "
        "eine Weile im Speicher, aufgeschrieben werden nur deine Timer. Bei einem Dienst im Netz ist das anders.",
    ),
    "tongue": ("Ich spreche jetzt Deutsch. Ich kann auch Englisch, wenn man mich darauf einstellt.",),
    "age": ("Ich wurde vor nicht langer Zeit gestartet, und Geburtstage zähle ich nicht.",),
    "home": ("Ich wohne auf diesem Gerät und nirgends sonst.",),
    "how_are_you": ("Mir geht es gut, danke. Alle meine Teile sind da, wo sie sein sollen.", "Immer noch gut, danke."),
    "there": ("Ja, ich höre dich.",),
    "love": ("Das ist lieb von dir. Ich bin nur ein Programm, aber gern nützlich.", "Das ist lieb. Danke."),
    "insult": ("Es tut mir leid, dass ich nicht helfen konnte. Ich kann nur wenig.", "Schade. Ich gebe mir Mühe."),
    "praise": ("Danke.", "Das freut mich."),
    "sorry": ("Schon gut.",),
    "thanks": ("Gern geschehen.",),
    "goodbye": ("Auf Wiedersehen. Ich bin da, wenn du mich brauchst.",),
    "good_night": ("Gute Nacht. Schlaf gut.",),
    "hello": ("Hallo. Ich höre.",),
    "dismissal": ("In Ordnung.",),
}
TEXTS = Texts(
    greeting="Hallo, ich bin der eingebaute Assistent dieses Geräts, und ich arbeite offline. "
    "Sag: {}, und frag mich dann zum Beispiel, wie spät es ist.",
    listening="Ich höre.",
    unheard=(
        "Entschuldige, ich habe kein Wort verstanden. Bitte sag es noch einmal, etwas langsamer.",
        "Das konnte ich nicht gut hören. Es hilft, näher zu kommen und einen kurzen Satz zu sagen.",
        "Ich verstehe es immer noch nicht. Für Hilfe sag: Was kannst du. Zum Beenden sag: Stopp.",
    ),
    not_understood=(
        "Entschuldige, das habe ich nicht verstanden. Versuch: Wie spät ist es. Oder: Erzähl mir einen Witz.",
        "Das kenne ich nicht. Ich verstehe nur ein paar Sätze; sag: Was kannst du.",
        "Ich komme immer noch nicht mit. Für Hilfe sag: Was kannst du. Zum Beenden sag: Stopp.",
    ),
    beyond=(
        "Ich arbeite hier ohne Internet, das kann ich also nicht. Ich kann die Uhrzeit sagen oder einen Timer stellen.",
        "Dafür müsste ich ins Netz, und ich habe hier keines. Sag: Was kannst du, dann hörst du, was geht.",
        "Das kann ich nicht nachsehen. Ich weiß nur, was auf diesem Gerät ist.",
    ),
    emergency="Ich kann niemanden anrufen. Bitte ruf die eins eins zwei an, oder jemanden in deiner Nähe.",
    did_you_mean="Meintest du: {}?",
    say_it_again="In Ordnung. Bitte sag es anders, oder sag: Was kannst du.",
    no_question="Ich habe dich nichts gefragt. Frag du mich etwas.",
    first_question="Zuerst hast du mich gefragt: {}.",
    last_question="Davor hast du mich gefragt: {}.",
    nothing_asked="Du hast mich noch nichts gefragt.",
    nothing_said="Ich habe noch nichts gesagt.",
    nothing_to_repeat="Was ich nachsprechen soll, habe ich nicht verstanden. Gehörtes wiederhole ich nur auf Englisch.",
    no_volume="Ich kann die Lautstärke dieses Geräts nicht ändern.",
    volume_unknown="Ich weiß nicht, wie laut ich bin. Sag zum Beispiel: Stell die Lautstärke auf fünfzig Prozent.",
    volume_is="Die Lautstärke ist {} Prozent.",
    volume_set="Die Lautstärke ist jetzt {} Prozent.",
    done="Erledigt.",
    failed="Das hat nicht geklappt. Es ist alles, wie es war.",
    no_timers="Dieses Gerät hat keine Timer für mich.",
    timer_set="Dein Timer läuft: {}.",
    timer_set_for="Dein Timer läuft: {}, {}.",
    alarm_set="Dein Wecker ist gestellt: {}.",
    alarm_set_daily="Dein Wecker ist gestellt: {}, jeden Tag.",
    timer_left="Der Timer läuft noch: {}.",
    timer_left_for="{}: Der Timer läuft noch: {}.",
    alarm_at="Ein Wecker ist gestellt: {}.",
    ringing="Einer klingelt gerade.",
    none_set="Es ist kein Timer und kein Wecker gestellt.",
    many_set="Es sind {}. Die nächsten:",
    which_one="Es sind mehrere. Sag: Lösche alle Timer. Oder: Welche Timer laufen.",
    cancelled="Er ist gelöscht.",
    all_cancelled="Alle sind gelöscht.",
    too_many="Es sind schon zu viele Timer. Lösche zuerst einen.",
    is_over="Diese Zeit ist schon vorbei.",
    no_such="So einen Timer gibt es nicht.",
    no_status="Das sagt mir dieses Gerät nicht.",
    connected="Meine Verbindung steht. Ich arbeite auf diesem Gerät und brauche dafür kein Internet.",
    not_connected="Meine Verbindung wird gerade wieder aufgebaut.",
    warm="Der Prozessor hat {} Grad.",
    uptime="Ich laufe seit: {}.",
    time_is="Es ist {}.",
    today_is="Heute ist {} {}.",
    today="heute um {}",
    tomorrow="morgen um {}",
    on_day="{1} um {0}",
    both="{} und {}",
    decimal_sign=" Komma ",
    result="Das ist {}.",
    by_zero="Durch null kann niemand teilen, ich auch nicht.",
)


def count(value: int, unit: tuple[str, str]) -> str:
    if value == 1:
        return f"{'ein' if unit == UNITS[0] else 'eine'} {unit[0]}"
    return f"{number(value) if value <= 100 else value} {unit[1]}"


def clock(now: datetime) -> str:
    """Twenty-four hours."""
    hour = "ein" if now.hour == 1 else number(now.hour)
    return f"{hour} Uhr {number(now.minute)}" if now.minute else f"{hour} Uhr"


def day(when: datetime) -> str:
    """The names come from here, not from the process's locale."""
    return f"{WEEKDAYS[when.weekday()]}, der {when.day}. {MONTHS[when.month - 1]}"


# In IPA, as espeak-ng says them; numbers above twenty are made of their parts.
_SOUNDS = """
ab ap abend ɑːbənt abends ɑːbənts acht axt achtzehn axtseːn achtzig axtsɪç alle alə alles aləs alt alt am am an an
anderthalb andɜtalp arbeitest aɾbaɪtəst auf aʊf aus aʊs bis bɪs bist bɪst bitte bɪtə blöd bløːt brauchst bɾaʊxst brot
bɾoːt cloud klaʊt computer kɔmpjuːtɜ da dɑː dank daŋk danke daŋkə das das datum dɑtuːm dauert daʊɜt den deːn der dɛɾ
deutsch dɔøtʃ dich dɪç die diː dir diːɾ drei dɾaɪ dreiviertel dɾaɪviːɾtəl dreiviertelstunde dɾaɪviːɾtɛlstʊndə dreizehn
dɾaɪtseːn dreißig dɾaɪsɪç du duː dumm dʊm durch dʊɾç eier aɪɜ ein aɪn eine aɪnə einen aɪnən einmal aɪnmɑːl eins aɪns
elf ɛlf englisch ɛŋlɪʃ entschuldigung ɛntʃʊldɪɡʊŋ erinnere ɛɾɪnərə erste eːɾstə erzähl ɛɾtsɛːl erzähle ɛɾtsɛːlə es ɛs
frage frɑːɡə fragen frɑːɡən französisch frantsøːzɪʃ früh fryː fünf fynf fünfzehn fynftseːn fünfzig fynftsɪç für fyːɾ
geburtstag ɡəbuːɾtstɑːk gefragt ɡəfrɑːkt geht ɡeːt geht's ɡeːts gemacht ɡəmaxt genau ɡənaʊ gerät ɡərɛːt gesagt ɡəzɑːkt
geschichte ɡəʃɪçtə geschichten ɡəʃɪçtən gestellt ɡəʃtɛlt geteilt ɡətaɪlt gibt ɡiːpt gut ɡuːt gute ɡuːtə guten ɡuːtən
habe hɑːbə haben hɑːbən halb halp halbe halbə hallo haloː hasse hasə hast hast heiß haɪs heißt haɪst heute hɔøtə hilf
hɪlf hilfe hɪlfə hundert hʊndɜt höher høːɜ hören høːrən hörst høːɾst ich ɪç in ɪn internet ɪntɜnɛt ist ɪst ja jɑː jeden
jeːdən jetzt jɛtst kann kan kannst kanst kartoffeln kaɾtɔfəln kennst kɛnst klug kluːk kuchen kʊxən lange laŋə laufen
laʊfən laut laʊt lauter laʊtɜ lautstärke laʊtʃtɛɾkə leid laɪt leiser laɪzɜ letzte lɛtstə licht lɪçt liebe liːbə liebst
liːpst lustig lʊstɪç läufst lɔøfst läuft lɔøft lösche lœʃə mach max mag mɑːk magst mɑːkst mal mɑːl meine maɪnə meinen
maɪnən mensch mɛnʃ mich mɪç minus miːnʊs minute miːnuːtə minuten miːnuːtən mir miːɾ mittag mɪtɑːk mitternacht mɪtɜnaxt
morgen mɔɾɡən morgens mɔɾɡəns musik muːziːk nach nɑːx nachmittags naxmɪtɑːks nacht naxt nachts naxts nein naɪn netz
nɛts neues nɔøəs neun nɔøn neunzehn nɔøntseːn neunzig nɔøntsɪç niedriger niːdɾɪɡɜ nimmst nɪmst noch nɔx nudeln nuːdəln
null nʊl nutzlos nʊtsloːs offline ɒflaɪn online ɒnlaɪn pizza pɪtsɑː plus plʊs prozent pɾoːtsɛnt regnen rɛɡnən reis raɪs
roboter ɾɔbɔtɜ sag zɑːk sagen zɑːɡən schon ʃoːn schön ʃøːn sechs zɛks sechzehn zɛçtseːn sechzig zɛçtsɪç sei zaɪ seit
zaɪt sekunde zeːkʊndə sekunden zeːkʊndən sieben ziːbən siebzehn ziːptseːn siebzig ziːptsɪç sind zɪnt speicherst
ʃpaɪçɜst spiel ʃpiːl sprachen ʃpɾɑːxən sprich ʃpɾɪç sprichst ʃpɾɪkst spät ʃpɛːt später ʃpɛːtɜ starte ʃtaɾtə stell ʃtɛl
stelle ʃtɛlə still ʃtɪl stimme ʃtɪmə stopp ʃtɔp stoppe ʃtɔpə stunde ʃtʊndə stunden ʃtʊndən tag tɑːk tee teː temperatur
tɛmpeːratuːɾ timer taɪmɜ timern taɪmɜn toll tɔl tschüss tʃys tut tuːt uhr uːɾ uhrzeit uːɾtsaɪt um ʊm und ʊnt verbunden
fɛɾbʊndən viel fiːl vielen fiːlən vier fiːɾ viertel fiːɾtəl viertelstunde fiːɾtəlstʊndə vierzehn fiːɾtseːn vierzig
fiːɾtsɪç von fɔn vor fɔɾ vormittags foːɾmɪtɑːks wann van war vɑːɾ warm vaɾm was vas weck vɛk wecke vɛkə wecker vɛkɜ
weckern vɛkɜn weißt vaɪst welche vɛlçə welchen vɛlçən welcher vɛlçɜ welches vɛlçəs wer veːɾ wetter vɛtɜ wie viː
wiederhole viːdɜhoːlə wiedersehen viːdɜzeːən wir viːɾ wird vɪɾt witz vɪts witzen vɪtsən wo voː wohin voːhiːn wohnst
voːnst wäsche vɛʃə zehn tseːn zeig tsaɪk zeit tsaɪt zu tsuː zuerst tsuːeːɾst zuletzt tsuːlɛtst zum tsʊm zur tsuːɾ
zwanzig tsvantsɪç zwei tsvaɪ zwölf tsvœlf ändere ɛndərə über yːbɜ übrig yːbɾɪç
"""
_PARTS = {
    number(n): ("ein" if n % 10 == 1 else ONES[n % 10], "und", number(n - n % 10)) for n in range(21, 100) if n % 10
}
PRONUNCIATIONS = {**WAKE_SOUNDS, **pronunciations(_SOUNDS, _PARTS)}
SPELLINGS: dict[str, tuple[str, ...]] = {**{number(value): (str(value),) for value in range(101)}, "prozent": ("%",)}
