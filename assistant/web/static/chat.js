"use strict";

// The conversation lives in this page alone: the server gets a question with the ones before it and keeps nothing.
// Gradio carries the question there and the turn back; a turn is HTML in which the server escaped everything.
const PolicyChat = (() => {
  let root = null; // The element of the transcript.
  let waiting = null; // The turn that has no answer yet.
  let chosen = ""; // A suggested question that was chosen.

  const turns = () => root.querySelector(".turns");
  const textarea = () => document.querySelector("#box textarea");
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function mount(element, props, watch) {
    root = element;
    watch("value", () => props.value && show(props.value));
    document.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-ask]");
      if (chip) {
        chosen = chip.dataset.ask;
        document.getElementById("chosen").click();
      } else if (event.target.closest("#fresh")) {
        fresh();
      }
    });
    textarea()?.setAttribute("aria-label", "Your question");
    textarea()?.setAttribute("enterkeyhint", "send");
  }

  // Takes the chosen suggestion or the text in the box; null where there is nothing to ask or an answer is awaited.
  function ask() {
    const box = textarea();
    const question = (chosen || box.value).trim();
    const typed = !chosen;
    chosen = "";
    if (!question || waiting) {
      box.focus();
      return null;
    }
    const history = earlier();
    waiting = pending(question);
    if (typed) write("");
    return { turn: waiting.dataset.turn, question, history };
  }

  // Suggestions that were asked already are not offered again.
  function trim() {
    const asked = new Set([...turns().querySelectorAll(".question")].map((question) => question.textContent));
    for (const chip of document.querySelectorAll("#suggestions .chip")) chip.hidden = asked.has(chip.dataset.ask);
  }

  // Questions of this conversation that were answered or refused, oldest first; errors do not count.
  function earlier() {
    const asked = turns().querySelectorAll(".turn[data-status]:not([data-status=error]) .question");
    return [...asked].map((question) => question.textContent);
  }

  function pending(question) {
    const turn = document.createElement("article");
    turn.className = "turn";
    turn.dataset.turn = "t" + Math.random().toString(36).slice(2);
    turn.innerHTML =
      '<h2 class="question"><span dir="auto"></span></h2>' +
      '<div class="answer"><p class="looking">Looking through the clauses…</p></div>';
    turn.querySelector(".question span").textContent = question;
    turns().append(turn);
    document.body.classList.add("talking");
    trim();
    document.getElementById("send").setAttribute("aria-disabled", "true");
    reveal(turn);
    return turn;
  }

  function show(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const turn = holder.content.firstElementChild;
    if (!waiting || turn.dataset.turn !== waiting.dataset.turn) return; // Asked before a new conversation began.
    waiting.replaceWith(turn);
    settle();
    if (turn.dataset.status === "error") giveBack(turn);
    say(turn.querySelector(".summary").textContent);
    reveal(turn);
  }

  // The question did not reach the server, or no answer came back.
  function failed() {
    if (!waiting) return;
    const turn = waiting;
    turn.dataset.status = "error";
    const line = turn.querySelector(".looking");
    line.className = "summary";
    line.textContent = "The question did not get through. It is back in the box: please ask again.";
    settle();
    giveBack(turn);
    say(line.textContent);
  }

  function settle() {
    waiting = null;
    document.getElementById("send").removeAttribute("aria-disabled");
  }

  function giveBack(turn) {
    if (!textarea().value) write(turn.querySelector(".question").textContent);
  }

  function write(text) {
    const box = textarea();
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(text) {
    document.getElementById("said").textContent = text;
  }

  function reveal(turn) {
    turn.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  }

  function fresh() {
    turns().replaceChildren();
    settle();
    write("");
    document.body.classList.remove("talking");
    trim();
    window.scrollTo({ top: 0 });
    say("New conversation");
    textarea().focus();
  }

  return { mount, ask, failed, trim };
})();
