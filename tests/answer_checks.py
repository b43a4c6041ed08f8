"""What every answer must keep to, whatever was asked."""

from __future__ import annotations

from assistant.ask import Assistant
from assistant.types import Answer, Status


def check_answer(assistant: Assistant, answer: Answer, top_k: int) -> None:
    """Its status says whether it cites, and each quote stands in the policy word for word."""
    assert (answer.status is Status.ANSWERED) == bool(answer.citations)
    assert len(answer.citations) <= top_k
    assert answer.summary.endswith(".")
    cited = [(c.policy.id, c.span) for c in answer.citations + answer.related]
    assert len(set(cited)) == len(cited)
    searched = {policy.id for policy in answer.policies}
    for citations in (answer.citations, answer.related):
        assert [c.number for c in citations] == list(range(1, len(citations) + 1))
        for citation in citations:
            document = assistant.document(citation.policy.id)
            assert citation.policy.id in searched
            assert citation.quote == document.text[citation.span.start : citation.span.end]
            assert citation.document_sha256 == document.sha256
            assert all(citation.span.covers(mark) for mark in citation.marks)
            assert "".join(piece for piece, _ in citation.pieces) == citation.quote
