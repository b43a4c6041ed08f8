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
      } else if (event.target.closest("[data-vote]")) {
        thumb(event.target.closest("[data-vote]"));
      }
    });
    document.addEventListener("submit", (event) => {
      const form = event.target.closest(".vote");
      if (!form) return;
      event.preventDefault();
      vote(form, false);
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
    turn.dataset.policy = policy;
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
      const answered = holder.content.firstElementChild;
      answered.dataset.policy = turn.dataset.policy;
      turn.replaceWith(answered);
      turn = answered;
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

  // Up is told at once; down first asks why.
  function thumb(button) {
    const form = button.closest(".vote");
    if (button.dataset.vote === "useful") {
      vote(form, true);
      return;
    }
    const why = form.querySelector(".why");
    why.hidden = !why.hidden;
    button.setAttribute("aria-expanded", String(!why.hidden));
    if (!why.hidden) why.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  // Sends one vote; the form goes when it was kept, and stays with what was written when it was not.
  async function vote(form, useful) {
    if (form.dataset.sent) return;
    form.dataset.sent = "yes";
    const turn = form.closest(".turn");
    const places = turn.querySelectorAll(".answer > .cards .place");
    const said = await server.vote({
      useful,
      reason: useful ? "" : new FormData(form).get(turn.dataset.turn + "-reason") || "",
      note: useful ? "" : form.querySelector("textarea").value,
      question: turn.querySelector(".question").textContent,
      status: turn.dataset.status,
      clauses: [...places].map((place) => place.getAttribute("href")),
      policy: turn.dataset.policy,
    });
    const told = form.querySelector(".told");
    if (said === "") {
      told.textContent = "Thank you.";
      // Whoever pressed a button here must not lose their place; the line is read as it gets the focus.
      const within = form.contains(document.activeElement);
      form.replaceChildren(told);
      told.tabIndex = -1;
      if (within) told.focus({ preventScroll: true });
      else say(told.textContent);
    } else {
      delete form.dataset.sent;
      told.textContent = said || "That did not get through: please send it again.";
      say(told.textContent);
    }
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
