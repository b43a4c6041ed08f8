"""What stands above an answer: what was found where, or that nothing was; and what was named but not searched."""

from __future__ import annotations

from collections.abc import Container, Sequence

from assistant.answering.roster import company_keys
from assistant.answering.understand import Question
from assistant.answering.versions import versions
from assistant.dates import date_text, is_later
from assistant.types import Citation, Policy, Status

# More names than this are counted instead.
_MOST_NAMES = 3


def summary(asked: Question, status: Status, cited: Sequence[Citation], searched: Sequence[Policy]) -> str:
    """One sentence for people, and a second where the question names policies that were not searched.

    Args:
        asked: the question, understood.
        status: how it came out.
        cited: what answers it.
        searched: the policies that were looked through.
    """
    if status is Status.OFF_TOPIC:
        return "This does not look like a question about privacy or cookies, and only those are answered here."
    if status is Status.NOT_COVERED:
        told, subject = _not_covered(asked, searched), tuple(searched)
    else:
        subject = _documents(cited)
        told = _answered(asked, cited, subject, searched)
    return " ".join(_sentence(part) for part in (told, _not_searched(asked, subject, searched)) if part)


def _not_covered(asked: Question, searched: Sequence[Policy]) -> str:
    one = len(searched) == 1
    if asked.numbers:
        return f"{_names(searched)} {'has' if one else 'have'} no clause {' or '.join(asked.numbers)}"
    return f"{_names(searched)} {'does' if one else 'do'} not answer this"


def _answered(asked: Question, cited: Sequence[Citation], subject: Sequence[Policy], searched: Sequence[Policy]) -> str:
    who, rest = _who(cited, subject, searched)
    s = "s" if len(subject) == 1 else ""
    if asked.numbers:
        numbers = {citation.clause for citation in cited}
        found = [n for n in asked.numbers if any(c == n or c.startswith((f"{n}.", f"{n}(")) for c in numbers)]
        where = f" in clause {', '.join(found)}" if found else ""
        return f"{who} say{s} this{where}{rest}"
    clauses = len({(citation.policy.id, citation.path) for citation in cited})
    return f"{who} answer{s} this in {clauses} clause{'s' if clauses > 1 else ''}{rest}"


def _documents(cited: Sequence[Citation]) -> tuple[Policy, ...]:
    """The policies cited, as first cited, but those of one company together and newest first."""
    group_of = {policy.id: group for group in versions(cited) for policy in group}
    groups = (group_of.get(citation.policy.id, (citation.policy,)) for citation in cited)
    return tuple({policy.id: policy for group in groups for policy in group}.values())


def _who(cited: Sequence[Citation], subject: Sequence[Policy], searched: Sequence[Policy]) -> tuple[str, str]:
    """Who answers, and what is to be said of them at the end of the sentence."""
    groups = versions(cited)
    if len(subject) > _MOST_NAMES:
        some = len(subject) < len(searched)
        who = f"{len(subject)} of the {len(searched)} policies" if some else f"the {len(subject)} policies"
        return who, _shares(groups, len(subject))
    replaced = {policy.supersedes for policy in searched}
    if len(subject) == 1 and subject[0].id not in replaced:
        return _names(subject), ""
    group_of = {policy.id: group for group in groups for policy in group}
    return _listed([_dated(policy, group_of.get(policy.id, (policy,)), replaced) for policy in subject]), ""


def _dated(policy: Policy, group: Sequence[Policy], replaced: Container[str]) -> str:
    """A policy by name, with its date where others of its company are cited: "the older Shop Notice (May 2014)".

    Args:
        policy: one of `group`.
        group: the policies cited of one company, newest first.
        replaced: ids of policies that another replaces.
    """
    several, gone = len(group) > 1, policy.id in replaced
    date = date_text(policy.effective_date) or ("undated" if several else "")
    known = ", ".join(fact for fact in (date, "since replaced" if gone else "") if fact)
    facts = f" ({known})" if several or gone else ""
    at = group.index(policy)
    if at == 0:
        return policy.name + facts
    before = group[at - 1]
    name = "one" if policy.name == before.name else policy.name
    # Of more than two the dates alone say which is older than which.
    if len(group) == 2 and (before.supersedes == policy.id or is_later(before.effective_date, policy.effective_date)):
        return f"the older {name}{facts}"
    return f"another {name}{facts}" if name == "one" else name + facts


def _shares(groups: Sequence[Sequence[Policy]], count: int) -> str:
    """What each company has of `count` policies: ", 2 of them by italki (14 October 2024 and 7 May 2018)"."""
    told: list[str] = []
    for group in groups[:_MOST_NAMES]:
        how_many = "all" if len(group) == count else f"{len(group)}{'' if told else ' of them'}"
        company = next(policy.company for policy in group if policy.company)
        told.append(f"{how_many} by {company} ({_dates(group)})")
    return f", {_listed(told)}" if told else ""


def _dates(group: Sequence[Policy]) -> str:
    """The dates of one company's policies, or the latest where they are many."""
    latest = date_text(max(policy.effective_date for policy in group))
    if not latest:
        return "undated"
    if len(group) > _MOST_NAMES:
        return f"the latest dated {latest}"
    return _listed([date_text(policy.effective_date) or "undated" for policy in group])


def _not_searched(asked: Question, subject: Sequence[Policy], searched: Sequence[Policy]) -> str:
    """What the question names and nobody picked, "" for nothing: by company, or by policy where some were searched."""
    if not asked.outside:
        return ""
    company = company_keys((*searched, *asked.outside))
    here = {company[policy.id] for policy in searched}
    named = [p.company if p.company and company[p.id] not in here else p.name for p in asked.outside]
    names = list(dict.fromkeys(named))
    if {policy.id for policy in subject} != {policy.id for policy in searched}:
        only = f"{_names(searched)} {'was' if len(searched) == 1 else 'were'}"
    else:
        only = "this policy was" if len(searched) == 1 else "these policies were"
    others = f"none of the {len(names)} others named" if len(names) > _MOST_NAMES else f"not {_listed(names, 'or')}"
    return f"only {only} searched, {others}"


def _names(policies: Sequence[Policy]) -> str:
    """The policies by name: "italki Privacy Policy", "the 5 policies"."""
    names = [policy.name for policy in policies]
    if not names or len(names) > _MOST_NAMES:
        return f"the {len(names)} policies" if names else "the policies"
    if len(names) == 1 and not policies[0].company:
        return f"the {names[0][0].lower()}{names[0][1:]}"
    return _listed(names)


def _listed(texts: Sequence[str], link: str = "and") -> str:
    """As people write lists: "a, b and c"."""
    return f" {link} ".join(part for part in (", ".join(texts[:-1]), texts[-1]) if part)


def _sentence(text: str) -> str:
    """`text` as a sentence. A name keeps its first letter: "italki" is not written "Italki"."""
    begun = text[0].upper() + text[1:] if text.startswith(("the ", "only ")) else text
    return f"{begun}."
