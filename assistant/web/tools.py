"""What programs and other people's AI tools call: Gradio's endpoints, which its MCP server offers as tools.

Everything else of the chat runs in the page or is a server function of it, and so is no tool.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ImageContent, TextContent

from assistant.errors import AssistantError, FeedbackError
from assistant.json_form import answer_form, citation_form, policy_form
from assistant.types import Answer, Policy

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.web.site import Site

T = TypeVar("T")

# What a model is told before its first call.
INSTRUCTIONS = (
    "Privacy policies, cited word for word. Call list_policies for the ids, then ask. Quote citations as they are and "
    'name policy, clause and date. The status "not_covered" means that no clause answers: say so, and do not guess. '
    "The url of a citation is relative to the root of this server."
)
# Earlier questions that are taken into account; policies in a comparison, and citations of each.
_HISTORY = 20
_MOST_COMPARED = 6
_COMPARED = 3
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_LOG = logging.getLogger(__name__)


class ToolError(gr.Error):
    """One sentence for whoever called; Gradio's own would stand between quotation marks."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, print_exception=False)

    def __str__(self) -> str:
        return str(self.message)


class Tools:
    """The four tools. Their docstrings and types are what a model reads of them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add(self) -> None:
        """Makes them endpoints of the Gradio application that is being built, under their own names."""
        for tool in (self.ask, self.get_clause, self.list_policies, self.compare):
            # Outside the queue the MCP server calls a tool itself; in it, it would connect to the host that the
            # request names. The limit is the site's.
            gr.events.api(tool, queue=False, concurrency_limit=None)

    async def ask(self, question: str, policy: str = "", history: list[str] | None = None) -> dict[str, Any]:
        """Answers a question about privacy policies with the clauses that do, word for word, or says that none does.

        Args:
            question: one question in plain words, in any language, such as "Do they sell my data?".
            policy: id of the one policy to search, as list_policies gives it; "" for all.
            history: the same person's earlier questions, oldest first, so that a follow-up is understood.
        """
        policies = [policy] if policy else None
        if history is not None and not (isinstance(history, list) and all(isinstance(one, str) for one in history)):
            raise ToolError("The history must be a list of questions; leave it out where there is none.")
        earlier = (history or [])[-_HISTORY:]

        def answered() -> dict[str, Any]:
            answer = self._site.assistant.ask(question, policies, earlier)
            self._count(question, policies or (), answer)
            return answer_form(answer)

        return await self._told(answered)

    async def get_clause(self, policy: str, number: str) -> dict[str, Any]:
        """Gives a clause of one policy by its number, with the clauses below it, word for word.

        Args:
            policy: id of the policy, as list_policies gives it.
            number: number of the clause as the policy prints it, such as "5.8.3".
        """

        def found() -> dict[str, Any]:
            citations = self._site.assistant.clause(policy, number)
            return {"policy": policy, "number": number, "citations": [citation_form(one) for one in citations]}

        return await self._told(found)

    async def list_policies(self) -> dict[str, Any]:
        """Lists the policies: id, company, title, version, effective date, language and where each is published."""
        return await self._told(lambda: {"policies": [policy_form(one) for one in self._site.assistant.policies()]})

    async def compare(self, question: str, policies: list[str]) -> dict[str, Any]:
        """Asks the same question of each policy alone; "not_covered" means that this policy states nothing.

        Args:
            question: one question in plain words, in any language.
            policies: ids of two to six policies, as list_policies gives them.
        """
        if not 2 <= len(set(policies)) == len(policies) <= _MOST_COMPARED:
            raise ToolError("Name two to six different policies to compare.")

        def columns() -> dict[str, Any]:
            known = {policy.id: policy for policy in self._site.assistant.policies()}
            answers = self._site.assistant.compare(question, policies)
            both = zip(policies, answers, strict=True)
            return {"question": question, "columns": [_column(known[id], answer) for id, answer in both]}

        return await self._told(columns)

    def _count(self, question: str, policies: Sequence[str], answer: Answer) -> None:
        try:
            self._site.feedback.count(str(answer.status), answer.language, tuple(policies), question)
        except FeedbackError as error:
            # Whoever asked gets the answer all the same.
            _LOG.warning("%s", error)

    async def _told(self, work: Callable[[], T]) -> T:
        """The result of `work`; what went wrong as one sentence that tells nothing of the machine."""
        try:
            return await self._site.run(work)
        except AssistantError as error:
            raise ToolError(str(error)) from error
        except Exception as error:
            _LOG.error("An error while answering a tool.", exc_info=error)
            raise ToolError("The question did not get through; ask again.") from error


def _column(policy: Policy, answer: Answer) -> dict[str, Any]:
    form = answer_form(answer)
    return {
        "policy": policy_form(policy),
        **{name: form[name] for name in ("status", "confidence", "summary")},
        "citations": [citation_form(one) for one in answer.citations[:_COMPARED]],
        "related": form["related"],
    }


def configure_mcp(blocks: gr.Blocks, settings: Settings) -> None:
    """Makes Gradio's MCP server answer in JSON, and only to hosts and pages that it is meant for.

    A web page must not reach a server on the machine of its reader by giving itself that machine's address (DNS
    rebinding), so a request's `Host` and `Origin` are checked.
    """
    served = blocks.mcp_server_obj
    if served is None:
        raise RuntimeError(blocks.mcp_error)
    served.mcp_server.instructions = INSTRUCTIONS
    # Gradio's own gives the text that Python shows of an object.
    served.postprocess_output_data = _as_json  # type: ignore[method-assign]
    # One message each way needs no stream, which a proxy would have to let through.
    served.manager.json_response = True
    hosts = [*_THIS_MACHINE, settings.host, *settings.mcp_hosts.split()]
    origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    origins += settings.cors_origins.split()
    served.manager.security_settings = TransportSecuritySettings(
        enable_dns_rebinding_protection="*" not in hosts,
        allowed_hosts=_any_port(hosts),
        allowed_origins=_any_port(origins),
    )


def _any_port(names: Sequence[str]) -> list[str]:
    return [form for name in names for form in (name, f"{name}:*")]


def _as_json(data: Sequence[Mapping[str, object]], root_url: str) -> list[TextContent | ImageContent]:
    # A lone surrogate can be typed into JSON, but not sent back.
    texts = (json.dumps(form, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8") for form in data)
    return [TextContent(type="text", text=text) for text in texts]
