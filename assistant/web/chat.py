"""The chat: a chooser, a box and a conversation of cards. The browser keeps the conversation, the server none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from assistant.types import Policy
from assistant.web.cards import choices
from assistant.web.render import render
from assistant.web.tools import Tools
from assistant.web.turns import Turns

if TYPE_CHECKING:
    from assistant.web.site import Site

TITLE = "Ask the privacy policy"
DESCRIPTION = "Answers from privacy policies, cited clause by clause and word for word."

# So many policies are chosen from by typing, fewer by looking.
_MANY = 12


class Parts(NamedTuple):
    """The components that start something."""

    box: gr.Textbox
    policy: gr.Dropdown
    send: gr.Button
    # The suggestions of the first page.
    chips: gr.HTML
    # Clicked by chat.js when a suggestion is chosen; never seen.
    chosen: gr.Button


def build_chat(site: Site) -> tuple[gr.Blocks, Callable[[], None]]:
    """The Gradio application over the site's assistant, with its endpoints for programs.

    Returns:
        The application, and what shows the policies of a new index on the pages that are opened from then on.
    """
    turns = Turns(site)
    blocks = gr.Blocks(title=TITLE, analytics_enabled=False)
    with blocks:
        parts = _layout(site.assistant.policies(), turns, site.settings.max_question_chars)
        # These run in the page alone. What they need of the server chat.js asks for by the transcript's server
        # functions: Gradio's own events reload the page, and so lose the conversation, when the network fails once.
        gr.on(
            [parts.box.submit, parts.send.click, parts.chosen.click],
            None,
            parts.policy,
            js="policy => PolicyChat.ask(policy)",
        )
        parts.policy.change(None, parts.policy, js="policy => PolicyChat.offer(policy)")
        Tools(site).add()
    blocks.queue(api_open=False)

    def refresh() -> None:
        parts.policy.choices = list(_scopes(site.assistant.policies()))
        parts.policy.value = parts.policy.choices[0][1]
        parts.chips.value = turns.chips_now("")
        blocks.config = blocks.get_config_file()

    return blocks, refresh


def _layout(policies: Sequence[Policy], turns: Turns, max_chars: int) -> Parts:
    # Gradio marks what the page may call, and a method cannot be marked.
    async def turn(asked: object) -> str:
        return await turns.turn(asked)

    async def chips(policy: object) -> str:
        return await turns.chips(policy)

    async def vote(said: object) -> str:
        return await turns.vote(said)

    gr.HTML(render("top.html", title=TITLE), elem_id="top", apply_default_css=False, js_on_load=None)
    gr.HTML(
        # A template to Gradio's script as well: chat.js adds the turns afterwards, so they never pass through it.
        html_template=render("transcript.html"),
        elem_id="transcript",
        apply_default_css=False,
        js_on_load="PolicyChat.mount(element, server);",
        server_functions=[turn, chips, vote],
    )
    chips_of_all = gr.HTML(turns.chips_now(""), elem_id="suggestions", apply_default_css=False, js_on_load=None)
    with gr.Column(elem_id="foot"), gr.Column(elem_id="composer"):
        box = gr.Textbox(
            label="Your question",
            show_label=False,
            container=False,
            lines=1,
            max_lines=6,
            max_length=max_chars,
            placeholder="Ask a question",
            elem_id="box",
        )
        with gr.Row(elem_id="controls"):
            policy = _chooser(policies)
            send = gr.Button("Ask", variant="primary", elem_id="send")
    return Parts(box, policy, send, chips_of_all, chosen=gr.Button(visible="hidden", elem_id="chosen"))


def _chooser(policies: Sequence[Policy]) -> gr.Dropdown:
    """One policy or all of them, by name and date."""
    scopes = _scopes(policies)
    return gr.Dropdown(
        scopes,
        value=scopes[0][1],
        label="Policy to search",
        show_label=False,
        container=False,
        filterable=len(scopes) > _MANY,
        interactive=True,
        elem_id="policy",
    )


def _scopes(policies: Sequence[Policy]) -> list[tuple[str, str]]:
    """Labels and ids for the chooser; where there are several policies, all of them first."""
    scopes = choices(policies)
    return scopes if len(scopes) == 1 else [(f"All {len(scopes)} policies", ""), *scopes]
