"""Follow-up questions: one pure function makes a question stand alone from the questions before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.answering.cues import (
    BACK,
    BACK_CHINESE,
    CLAUSE,
    CLOSING,
    COURTESY,
    ELSE,
    EMPTY,
    JOINING,
    OPENING,
    POINTS_NOWHERE,
    PREPOSITION,
    THING_BEFORE,
)
from assistant.answering.names import Naming
from assistant.answering.words import words

# Questions of the history that are looked at; a conversation longer than this has moved on.
_REMEMBERED = 6
# Characters of an earlier question that are kept, so that an encoder still reads the follow-up behind them.
_KEPT = 500

# What a text names; given by the caller, so that this module knows of no policies.
Namer = Callable[[str], Naming]


def standalone(question: str, history: Sequence[str], naming: Namer) -> tuple[str, bool]:
    """`question` with what it leaves to the questions before it, oldest first, and whether it left anything to them."""
    base = ""
    for earlier in history[-_REMEMBERED:]:
        base = _carried(base, earlier, naming) if base and refers_back(earlier, naming) else earlier
    if not base or not refers_back(question, naming):
        return question, False
    return _joined(base[:_KEPT], question, naming), True


def _carried(base: str, question: str, naming: Namer) -> str:
    """What a later follow-up refers to, once the follow-up `question` has been asked about `base`."""
    rest = OPENING.sub("", question, count=1)
    # "And Google Analytics?" turns the conversation; "Why?" and "Who do you share that with?" ask more of the same.
    if rest != question and _content(rest, naming(rest)) and len(words(rest)) <= 4:
        return _joined(base, question, naming)
    asked = naming(question)
    return _renamed(base, question, naming) if asked.names or asked.groups else base


def refers_back(question: str, naming: Namer) -> bool:
    """Whether `question` cannot be understood without the ones before it."""
    question = COURTESY.sub("", question)
    if not question:
        return False
    named = naming(question)
    rest = OPENING.sub("", question, count=1)
    content = _content(question, named)
    # A clause number stands alone: "5.8.3" asks of every policy, "And 5.8.3?" of the one before.
    empty = not content and not any(map(str.isdigit, question))
    if empty or CLOSING.search(question) or ELSE.match(question) or _points_back(question, named):
        return True
    if rest != question:
        return content < 3
    return bool(PREPOSITION.match(question)) and len(words(question)) <= 4


def _content(text: str, named: Naming) -> int:
    """Words of `text` that have a subject of their own: no names, numbers or function words.

    Two Chinese characters count as one word.
    """
    own = [word for word in words(text) if not any(n.start < word.end and word.start < n.end for n in named.names)]
    full = [word.key for word in own if word.key not in EMPTY and not word.key.isdigit()]
    chinese = sum(len(key) == 1 and ord(key) >= 0x3040 for key in full)
    return len(full) - chinese + (chinese + 1) // 2


def _points_back(text: str, named: Naming) -> bool:
    """Whether a pronoun of `text` stands for something said before, not for something in `text` itself."""
    bare = POINTS_NOWHERE.sub(lambda match: " " * len(match.group()), text)
    chinese = BACK_CHINESE.search(bare)
    if chinese:
        return _content(bare[: chinese.start()], named) < 4
    found = words(bare)
    for at, word in enumerate(found):
        if word.key not in BACK:
            continue
        if word.key in JOINING and not (at == 0 or found[at - 1].key in THING_BEFORE):
            continue
        before = text[: word.start]
        inside = any(name.end <= word.start for name in named.names) or bool(CLAUSE.search(before))
        if not inside and _content(before, named) < 3:
            return True
    return False


def _joined(base: str, question: str, naming: Namer) -> str:
    """`base` and `question` as one text; where `question` only names another policy, `base` about that one."""
    asked = naming(question)
    if asked.names or asked.groups:
        base = _renamed(base, question, naming)
    if not _content(_without_kinds(question, asked), asked) and (asked.names or asked.groups):
        return base
    return f"{base} {question}"


def _without_kinds(question: str, asked: Naming) -> str:
    for kind in reversed(asked.kinds if asked.groups else ()):
        question = question[: kind.start] + " " + question[kind.end :]
    return question


def _renamed(base: str, question: str, naming: Namer) -> str:
    """`base` with the names of `question` in the place of its own."""
    asked, said = naming(question), naming(base)
    kinds = [(kind.start, kind.end) for kind in asked.kinds]
    old = [(kind.start, kind.end) for kind in said.kinds] if kinds and (said.names or not asked.names) else []
    if asked.names:
        kinds += [(name.start, name.end) for name in asked.names]
        old += said.places(base)
    new = question[min(start for start, _ in kinds) : max(end for _, end in kinds)]
    if not old:
        return f"{new}: {base}"
    first = min(old)
    for start, end in sorted(old, reverse=True):
        base = base[:start] + (new if (start, end) == first else "") + base[end:]
    return " ".join(base.split())
