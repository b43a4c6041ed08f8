// The panel: a dialog over the launcher, or a box in the page. A conversation lives in this object alone.
import { call, Problem } from "./api.js";
import { el, icon } from "./dom.js";
import { chips, firstLine, showAnswer, showProblem, turnOf } from "./turn.js";
import { WORDS } from "./words.js";

// Earlier questions that go along, as many as the server takes into account.
const HISTORY = 20;
// Pixels above a turn that was scrolled to.
const MARGIN = 14;
// Where the panel fills the screen.
const PHONE = window.matchMedia("(max-width: 40em), (max-height: 30em)");
const CROSS = "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z";

// Builds the panel of a widget: {open, close, ask}.
export function mount(widget) {
  return new Panel(widget);
}

class Panel {
  constructor(widget) {
    const { options, served } = widget;
    this.widget = widget;
    this.inline = options.mode === "inline";
    this.words = { ...WORDS.en, ...WORDS[options.language] };
    this.turns = [];
    this.waiting = null;
    this.returnTo = null;
    const own = { contact: options.contact, against: document.baseURI };
    this.view = {
      words: this.words,
      language: options.language,
      base: options.base,
      policies: options.policies.length ? options.policies : null,
      contact: options.contact ? own : { contact: served.contact, against: options.base },
      columns: 42,
    };
    this.build(served.longest);
    widget.root.append(this.box);
    this.suggest();
  }

  build(longest) {
    const { words } = this;
    const { language, theme, position, label } = this.widget.options;
    this.title = el("h2", { id: "title", tabindex: "-1", dir: "auto" }, label || words.title);
    this.fresh = el("button", { type: "button", class: "link", hidden: true, onclick: () => this.restart() }, words.fresh);
    const leave = { type: "button", class: "close", "aria-label": words.close, onclick: () => this.close() };
    this.welcome = el("div", { class: "welcome" }, el("p", { class: "soft" }, words.intro));
    this.list = el("div", { class: "turns" });
    this.said = el("p", { class: "unseen", role: "status" });
    this.body = el("div", { class: "body" }, this.welcome, this.list);
    this.field = el("textarea", {
      id: "question", rows: "1", maxlength: longest, placeholder: words.placeholder, dir: "auto", enterkeyhint: "send",
      autocomplete: "off", onkeydown: (event) => this.typed(event), oninput: () => this.grow(),
    });
    const composer = el("form", { class: "composer", onsubmit: (event) => this.submit(event) },
      el("label", { class: "unseen", for: "question" }, words.label), this.field,
      el("button", { class: "main" }, words.ask));
    const shared = { lang: language, dir: direction(this.widget.host), "aria-labelledby": "title" };
    const close = this.inline ? null : el("button", leave, icon(CROSS));
    const head = el("div", { class: "head" }, this.title, this.fresh, close);
    const foot = el("div", { class: "foot" }, composer);
    this.box = el(this.inline ? "section" : "dialog",
      { ...shared, class: `panel ${this.inline ? "inline" : position} ${theme}` }, head, this.body, foot, this.said);
    if (!this.inline) this.floating();
  }

  // What only a dialog needs: Escape, the change to and from a phone, and the keyboard on its screen.
  floating() {
    this.box.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    PHONE.addEventListener("change", () => {
      if (!this.box.open) return;
      const active = this.widget.root.activeElement;
      this.box.close();
      this.show();
      active?.focus({ preventScroll: true });
    });
    for (const event of ["resize", "scroll"]) window.visualViewport?.addEventListener(event, () => this.fit());
  }

  // On a phone nothing behind the panel can be reached, and the browser keeps the focus inside.
  show() {
    if (PHONE.matches) this.box.showModal();
    else this.box.show();
    this.fit();
  }

  // The part of the screen that the keyboard leaves.
  fit() {
    const { height, offsetTop } = window.visualViewport ?? { height: window.innerHeight, offsetTop: 0 };
    this.box.style.setProperty("--seen", `${height}px`);
    this.box.style.setProperty("--above", `${offsetTop}px`);
  }

  open() {
    if (this.inline) {
      this.box.scrollIntoView({ block: "nearest" });
      this.field.focus({ preventScroll: true });
    } else if (!this.box.open) {
      const active = document.activeElement;
      const { host, button } = this.widget;
      this.returnTo = active && active !== document.body && active !== host ? active : button;
      this.show();
      button.hidden = true;
      this.settle();
    } else {
      this.settle();
      return;
    }
    this.widget.emit("open");
  }

  close() {
    if (this.inline || !this.box.open) return;
    const inside = this.widget.root.activeElement !== null;
    this.box.close();
    this.widget.button.hidden = false;
    if (inside) (this.returnTo?.isConnected ? this.returnTo : this.widget.button).focus({ preventScroll: true });
    this.widget.emit("close");
  }

  // Focus for reading or typing; on a phone the box would call the keyboard over what is to be read.
  settle() {
    const place = !this.inline && PHONE.matches ? (this.turns.at(-1)?.element ?? this.title) : this.field;
    place.focus({ preventScroll: true });
  }

  async suggest() {
    const [policy] = this.widget.options.policies;
    const query = new URLSearchParams({ ...(policy && { policy }), count: 4 });
    // Suggestions that cannot be had are not missed.
    const { questions } = await call(this.view.base, `api/suggestions?${query}`).catch(() => ({ questions: [] }));
    const offered = chips(questions, this.words.suggested, (question) => this.ask(question));
    if (offered) this.welcome.append(offered);
  }

  typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit(event);
  }

  submit(event) {
    event.preventDefault();
    const question = this.field.value.trim();
    if (!question || this.waiting) {
      this.field.focus();
      return;
    }
    this.write("");
    this.ask(question);
  }

  // Asks a question and shows what is answered; while one is awaited no other is asked.
  async ask(text) {
    const question = text.trim();
    if (this.waiting && !this.field.value) this.write(question);
    if (!question || this.waiting) return;
    const turn = turnOf(question, this.words);
    this.turns.push(turn);
    this.list.append(turn.element);
    this.welcome.hidden = true;
    this.fresh.hidden = false;
    this.settle();
    await this.answer(turn);
  }

  async answer(turn) {
    const { question } = turn;
    const earlier = this.turns.slice(0, this.turns.indexOf(turn)).filter(({ status }) => status !== "error");
    const history = earlier.map((known) => known.question).slice(-HISTORY);
    this.waiting = turn;
    this.reveal(turn);
    this.widget.emit("ask", { question });
    try {
      const answer = await call(this.view.base, "api/ask", { question, policies: this.view.policies, history });
      if (this.waiting === turn) this.answered(turn, answer);
    } catch (error) {
      if (this.waiting === turn) this.failed(turn, error);
    }
  }

  answered(turn, answer) {
    this.waiting = null;
    this.view.columns = Math.max(20, Math.floor((this.body.clientWidth - 72) / 8));
    showAnswer(turn, answer, this.view, (question) => this.ask(question));
    this.tell(turn, firstLine(answer, this.view));
    this.widget.emit("answer", { question: turn.question, answer });
  }

  failed(turn, error) {
    const { words } = this;
    const problem = error instanceof Problem ? error : new Problem("internal", "", true);
    this.waiting = null;
    const message = Object.hasOwn(words, problem.code) ? words[problem.code] : problem.message || words.internal;
    showProblem(turn, problem, message, words, () => this.retry(turn));
    // A question that must be changed is put back, unless another is being typed.
    if (!problem.again && !this.field.value) this.write(turn.question);
    this.tell(turn, message);
    this.widget.emit("error", { question: turn.question, code: problem.code, message });
    if (!(error instanceof Problem)) throw error;
  }

  retry(turn) {
    if (this.waiting) return;
    turn.status = "";
    delete turn.element.dataset.status;
    turn.answer.replaceChildren(turnOf(turn.question, this.words).answer.firstChild);
    this.settle();
    this.answer(turn);
  }

  // Announces the first line alone, not the clauses.
  tell(turn, line) {
    this.said.textContent = line;
    this.reveal(turn);
  }

  reveal({ element }) {
    const [top, shown] = [element, this.body].map((part) => part.getBoundingClientRect().top);
    if (this.inline) element.scrollIntoView({ block: "nearest" });
    else this.body.scrollTop += top - shown - MARGIN;
  }

  restart() {
    this.turns = [];
    this.waiting = null;
    this.list.replaceChildren();
    this.welcome.hidden = false;
    this.fresh.hidden = true;
    this.said.textContent = "";
    this.write("");
    this.settle();
  }

  write(text) {
    this.field.value = text;
    this.grow();
  }

  // The box grows with what is typed, as far as its style allows.
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}

// The direction of the page where the widget stands.
function direction(host) {
  return getComputedStyle(host.parentElement ?? document.documentElement).direction;
}
