"use strict";

// The conversation lives in this page alone: the server gets a question with the ones before it and keeps nothing.
// It sends back a turn as HTML in which everything from a policy or a person is escaped.
const PolicyChat = (() => {
  let root = null; // The element of the transcript.
  let server = null; // Calls that run on the server; each gives undefined where it cannot be reached or fails.
  let waiting = null; // The turn that has no answer yet.
  let chosen = ""; // A suggested question that was chosen.
  let offered = ""; // The policy whose suggestions were asked for last.

  const turns = () => root.querySelector(".turns");
  const textarea = () => document.querySelector("#box textarea");
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function mount(element, calls) {
    root = element;
    server = calls;
    document.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-ask]");
      if (chip) {
        chosen = chip.dataset.ask;
        document.getElementById("chosen").click();
      } else if (event.target.closest("#fresh")) {
        fresh();
      }
    });
    document.addEventListener("focusin", (event) => {
      if (event.target === textarea()) event.target.enterKeyHint = "send";
    });
  }

  // Asks the chosen suggestion or the text in the box; nothing where there is none or an answer is awaited.
  async function ask(policy) {
    const typed = !chosen;
    const question = (chosen || textarea().value).trim();
    chosen = "";
    if (!question || waiting) {
      textarea().focus();
      return;
    }
    const history = earlier();
    const turn = pending(question);
    if (typed) write("");
    const html = await server.turn({ turn: turn.dataset.turn, question, policy, history });
    if (turn !== waiting) return; // A new conversation began meanwhile.
    setWaiting(null);
    show(turn, html);
  }

  // Questions of this conversation, oldest first; those that ended in an error do not count.
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
    setWaiting(turn);
    trim();
    reveal(turn);
    return turn;
  }

  function setWaiting(turn) {
    waiting = turn;
    document.body.classList.toggle("waiting", turn !== null);
  }

  function show(turn, html) {
    if (typeof html === "string") {
      const holder = document.createElement("template");
      holder.innerHTML = html;
      turn.replaceWith(holder.content.firstElementChild);
      turn = turns().lastElementChild;
    } else {
      turn.dataset.status = "error";
      const line = turn.querySelector(".looking");
      line.className = "summary";
      line.textContent = "The question did not get through. It is back in the box: please ask again.";
    }
    // A question that was not answered is put back, unless another is being typed.
    if (turn.dataset.status === "error" && !textarea().value) write(turn.querySelector(".question").textContent);
    say([...turn.querySelectorAll(".summary, .confidence")].map((line) => line.textContent).join(" "));
    reveal(turn);
  }

  // Shows the questions that a policy answers.
  async function offer(policy) {
    offered = policy;
    const html = await server.chips(policy);
    if (offered !== policy || typeof html !== "string") return;
    document.querySelector("#suggestions .chips").outerHTML = html;
    trim();
  }

  // Suggestions that were asked already are not offered again.
  function trim() {
    const asked = new Set([...turns().querySelectorAll(".question")].map((question) => question.textContent));
    for (const chip of document.querySelectorAll("#suggestions .chip")) chip.hidden = asked.has(chip.dataset.ask);
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
    setWaiting(null);
    turns().replaceChildren();
    write("");
    document.body.classList.remove("talking");
    trim();
    window.scrollTo({ top: 0 });
    say("New conversation");
    textarea().focus();
  }

  return { mount, ask, offer };
})();
