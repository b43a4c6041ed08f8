"""Words that lean on an earlier question, and words that carry no subject of their own, in several languages."""

from __future__ import annotations

import re

from assistant.answering.words import folded


def _set(words: str) -> frozenset[str]:
    return frozenset(map(folded, words.split()))


OPENING = re.compile(
    r"""\A[\s¿¡"'(]*(?:
    and|but|or|so|then|also|plus|(?:and\s+)?(?:what|how)\s+about|what\s+if|same\s+for
    |а\s+(?:что\s+насч[её]т|как\s+насч[её]т|если)|а|и|но|или|тогда|что\s+насч[её]т|как\s+насч[её]т|также|ещ[её]
    |y|o|pero|entonces|adem[aá]s|tambi[eé]n|y\s+qu[eé]\s+(?:pasa\s+con|hay\s+de)|qu[eé]\s+(?:pasa\s+con|hay\s+de)
    |und|aber|oder|dann|auch|(?:und\s+)?(?:was\s+ist\s+mit|wie\s+(?:ist|sieht)\s+es\s+(?:mit|bei|aus\s+bei))
    |et|mais|ou|alors|aussi|qu['’]en\s+est-il\s+(?:de|pour|chez|sur)|et\s+pour
    )(?=[\s,?!]|$)[\s,]*|\A\s*(?:那么|那|还有|而且|但是|可是|另外|如果)[，,\s]*""",
    re.IGNORECASE | re.VERBOSE,
)
CLOSING = re.compile(
    r"(?:\b(?:then|too|either|as well|instead|also|there|тоже|также|тогда|там|también|entonces|allí|auch|dann|dort"
    r"|aussi|alors)|呢)[\s?？!.]*$",
    re.IGNORECASE,
)
ELSE = re.compile(
    r"[\s¿¡]*(?:and\s+)?(?:who|what|where|how|anything|anyone|кто|что|что-то|wer|was|qui|quoi)\s+(?:else|ещ[её]|sonst|d'autre)\b",
    re.I,
)
BACK = _set(
    """they them their theirs it its that those these this ones such he she him her они их им ими них нему него неё нее
    ней этого этому этим это эти этих этими эту этой она он оно тот те тех eso esto esos esas estos estas ellos
    ellas ello ese esa aquello diese dieser dieses diesem diesen das dies davon dafür dafur damit daran dazu ihnen
    ils elles ca ça cela ceux celles celui leur leurs eux"""
)
BACK_CHINESE = re.compile("它|他们|她们|它们|这些|那些|这个|那个|这样|那样|其中|此类")
# "this policy", "it is possible", "is it safe", "that you collect": no reference to an earlier question.
POINTS_NOWHERE = re.compile(
    r"\b(?:(?:this|these|that|those)\s+(?:policy|policies|notice|notices|statement|site|website|app|service|services|company"
    r"|companies|platform|documents?)|(?:is|was|isn't|be)\s+it\s+(?:ok|okay|possible|true|safe|legal|allowed|necessary|mandatory"
    r"|required|fine|compulsory|obligatory|clear)|(?:does|will|would)\s+it\s+(?:take|matter|cost)|it['’]?s?\s+(?:is\s+)?(?:possible|true)"
    r"|(?:эта|этой|эту|этом|этих|эти)\s+(?:политик|компани|сайт)\w*|(?:esta|estas|este|estos)\s+(?:pol[ií]tica|empresa|sitio)\w*"
    r"|diese[rsnm]?\s+(?:richtlinie|erklärung|firma|unternehmen|website)\w*)\b",
    re.IGNORECASE,
)
# "that" and "это" join clauses unless they stand where a thing stands.
JOINING = frozenset({"that", "das", "это", "тот", "он", "она", "her", "such"})
THING_BEFORE = _set(
    """about with for of to from by in on after before do does did is was mean without off delete stop change share use
    keep sell like why how can against through over have get и в с о от для за was über mit von"""
)
CLAUSE = re.compile(
    r",|;|\b(?:if|when|once|because|while|after|before|since|если|когда|si|cuando|wenn|falls|quand)\b", re.I
)
PREPOSITION = re.compile(
    r"[\s¿¡]*(?:in|on|for|with|from|to|at|by|after|before|under|until|without|during|в|на|для|с|от|у|en|para|con|por|bei|für"
    r"|mit|von|dans|pour|avec|chez|sur)\b",
    re.IGNORECASE,
)
# Words that carry no subject of their own.
EMPTY = _set(
    """a an the and but or so then also what how about which who whom whose why when where long many much often far is
    are was were be been am do does did doing has have had can could will would should may might must i me my mine
    you your yours we us our ours u ur r it its they them their that those these this there one ones of in on at to
    for from by with without into as if not no yes ok any some all whole thing things stuff same too either else
    instead exactly really just even only still ever more please details again tell show explain say says mean happen
    happens get а и но или что как где когда почему зачем кто какой какая какие каких сколько долго ли же бы не да
    нет в на с о об от для по из у к за до вы вас вам ваш ваши мне мой мои моя моих я они их им это эти то там тогда
    насчет насчёт еще ещё y e o u pero que qué como cómo donde dónde cuando cuándo quien quién cual cuál por para
    con sin en de del al el la los las un una eso esto tanto tiempo mi mis su sus me se lo und aber oder was wie wo
    wann warum wer wem wen welche welcher lange ist sind war das der die den dem ein eine ihr ihre mir mein meine
    ich sie es in an auf zu für fur von mit bei auch dann et mais ou quoi comment où quand pourquoi qui quel quelle
    combien de temps du des le les au aux dans sur pour avec ce est sont mon ma mes vous votre vos je il ils elles 的
    了 吗 呢 么 什 为 多 久 哪 谁 是 在 那 这 你 您 们 我 会 和 有 个 怎 样 如 何"""
)
# Courtesies before a question or instead of one.
COURTESY = re.compile(
    r"^(?:\W*(?:hi|hello|hey|there|thank you|thanks?|so much|very much|a lot|ok(?:ay)?|great|bye|привет|спасибо"
    r"|здравствуйте|hola|gracias|hallo|danke|merci|bonjour|你好|谢谢)(?!\w))+\W*",
    re.IGNORECASE,
)
