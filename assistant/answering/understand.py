"""What a question asks: of which policies, which clause, which words, and what a follow-up refers to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.answering.followup import standalone
from assistant.answering.language import language_of
from assistant.answering.names import Naming, naming
from assistant.answering.numbers import clause_numbers
from assistant.answering.phrases import placed_phrase, quoted_phrases
from assistant.answering.roster import Roster, roster
from assistant.types import Policy, fold

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
# Questions over every company or policy there is.
_OF_ALL = re.compile(
    r"""\b(?:which|any|each|all|every|both|either|none|most|how\s+many)\s+(?:one\s+)?of\s+(?:these|those|the)\s+
        (?:\w+\s+)?(?:companies|policies|services|sites|websites|platforms|documents|providers|firms|apps)\b
    |\b(?:(?:each|every|all|both|which|how\s+many)\s+(?:the\s+|these\s+)?(?:privacy\s+)?(?:policies|policy)
        |(?:each|every|all|both)\s+(?:the\s+|these\s+)?(?:companies|company|firms?))\b
    |\b(?:across|between|compare)\s+(?:all\s+)?(?:(?:these|those|the)\s+)?(?:companies|policies)\b
    |\b(?:кака[яе]|какие|каких|какой|все|всех|каждая|каждой)\s+(?:из\s+)?этих\s+(?:компани|политик|сервис|сайт)\w*
    |\b(?:все|всех|каждая|каждой|каких|какие|какая)\s+(?:компани\w+\s+из\s+этих|политик\w*)
    |\b(?:cuál(?:es)?|todas|cada|ninguna)\s+(?:una\s+)?de\s+(?:estas|las)\s+(?:empresas|compañías|políticas)\b
    |\btodas\s+las\s+(?:empresas|compañías|políticas)\b|\bqué\s+políticas?\b
    |\bwelche[rs]?\s+(?:dieser|der)\s+(?:firmen|unternehmen|richtlinien|dienste|anbieter)\b|\balle\s+(?:firmen|unternehmen)\b
    |\b(?:lesquelles|laquelle|toutes|chacune)\s+(?:de\s+)?(?:ces|les)\s+(?:entreprises|sociétés|politiques)\b
    |这些(?:公司|政策|服务|网站)|(?:所有|每个|每家|哪些|哪个)(?:隐私)?政策|(?:所有|每家)公司""",
    re.IGNORECASE | re.VERBOSE,
)
_LIST = re.compile(
    r"""\b(?:list|enumerate|name)\s+(?:all|every|the|your|everything|each|any)\b|^\W*(?:list|enumerate)\b
    |\b(?:what|which|give|show|who)\b.*\ball\s+(?:of\s+)?(?:the\s+|your\s+|my\s+)?(?:\w+\s+)?\w+s\b|\beverything\s+(?:you|that|they|it)\b
    |\b(?:what|which)\s+(?:\w+\s+)?(?:kinds?|types?|categor(?:y|ies)|sorts?)\b|\bfor\s+(?:what|which)\s+purposes\b
    |\b(?:what|which)\s+(?:are\s+(?:all\s+)?(?:the|my|your)\s+)?(?:\w+\s+)?(?:rights|purposes|reasons|grounds|bases|measures|categories|data|information
        |principles|steps|methods|ways|partners|providers|parties|items|details|circumstances|cases|conditions|obligations)\b
    |\bwhat\s+do\b.*\b(?:contain|include|consist)\b
    |\b(?:перечисли|перечислите|список|какие|каких|каким|какими|все\s+виды)\b|\b(?:enumera|lista|cuáles\s+son|qué\s+(?:tipos|datos|derechos))\b
    |\b(?:welche\s+(?:arten|daten|rechte|kategorien)|liste)\b|\b(?:quels?|quelles?)\s+(?:sont|types|données|droits)|哪些|列出""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, understood."""

    # As typed: trimmed, NFC, white space folded, without control characters.
    text: str
    # What to rank with: a follow-up made to stand alone from the history, policy names kept.
    standalone: str
    # Policy ids to search; None for all.
    policies: frozenset[str] | None = None
    # Whether the question (or the history that it follows on) names a policy or company.
    named: bool = False
    # Policies that are named but lie outside the ones that were picked, and so are not searched; to be told.
    outside: tuple[Policy, ...] = ()
    # Clause numbers asked for, in order ("5.8.3", "3(a)").
    numbers: tuple[str, ...] = ()
    # Quoted phrases, in order, without their quotation marks; else the words whose place is asked for.
    phrases: tuple[str, ...] = ()
    # Whether several companies or policies are to be answered from side by side.
    compare: bool = False
    # With `compare`, the policies of each; empty without.
    groups: tuple[frozenset[str], ...] = ()
    # Whether the question asks for every item of a kind.
    wants_list: bool = False
    # ISO 639-1.
    language: str = "en"
    # Whether the history was needed to understand it.
    follows: bool = False


def understand(
    question: str, policies: Sequence[Policy], picked: Sequence[str] | None = None, history: Sequence[str] = ()
) -> Question:
    """Reads `question` as one put to `policies`.

    Args:
        question: what a person typed.
        policies: every policy that can be searched.
        picked: ids of the policies that the person chose, none or None for all; nothing else is ever searched.
        history: the person's earlier questions, oldest first.

    Returns:
        The question with all that its words say. Its policies are always among `policies`.
    """
    known = roster(tuple(policies))
    text = clean(question)
    language = language_of(text)

    @lru_cache(maxsize=64)
    def named_in(words: str) -> Naming:
        return naming(words, known, language)

    whole, follows = standalone(text, [clean(earlier) for earlier in history], named_in)
    named = named_in(whole)
    allowed = frozenset(picked) & known.everything if picked else None
    searched, groups = _scope(named, whole, known, allowed)
    if follows:
        language = language_of(whole)
    wanted = quoted_phrases(text) or tuple(filter(None, [placed_phrase(text)]))
    phrases = [phrase for phrase in wanted if not _is_name(phrase, named_in(phrase))]
    return Question(
        text=text,
        standalone=whole,
        policies=searched,
        named=bool(named.groups),
        outside=tuple(policy for policy in policies if allowed is not None and policy.id in named.policies - allowed),
        numbers=clause_numbers(_masked(text, named_in(text))),
        phrases=tuple(phrases),
        compare=bool(groups),
        groups=groups,
        wants_list=bool(_LIST.search(whole)),
        language=language,
        follows=follows,
    )


def clean(text: str) -> str:
    """`text` in NFC, without control and direction characters, white space folded."""
    kept = "".join(char if unicodedata.category(char) not in {"Cc", "Cs"} else " " for char in text)
    return fold(unicodedata.normalize("NFC", _INVISIBLE.sub("", kept)))


def _scope(
    named: Naming, text: str, known: Roster, allowed: frozenset[str] | None
) -> tuple[frozenset[str] | None, tuple[frozenset[str], ...]]:
    """The policies to search, None for all, and the groups to answer side by side."""
    over_all = not named.groups and _OF_ALL.search(text) is not None
    wanted = known.groups if over_all else named.groups
    if allowed is not None:
        inside = tuple(group & allowed for group in wanted if group & allowed)
        searched = frozenset().union(*inside) if inside and not over_all else allowed
        return searched, inside if len(inside) > 1 else ()
    return (named.policies or None), wanted if len(wanted) > 1 else ()


def _masked(text: str, named: Naming) -> str:
    """`text` with every name in it written "policy"."""
    for name in reversed(named.names):
        text = f"{text[: name.start]}policy{text[name.end :]}"
    return text


def _is_name(phrase: str, named: Naming) -> bool:
    """Whether a quoted phrase is nothing but a name: the "italki" policy."""
    return any(name.end - name.start == len(phrase) for name in named.names)
