// The one line that other sites put into their pages. It adds one element and, until that is opened, asks nobody
// anything: panel, words and styles come from the same server when they are first needed.
(() => {
  "use strict";

  // Put in by the server: {version, files, contact, longest}.
  const served = "SERVED";
  const script = document.currentScript;

  const LABELS = {
    en: ["Ask about privacy", "Could not load. Try again"],
    ru: ["Вопросы о ваших данных", "Не загрузилось. Повторить"],
    es: ["Preguntas sobre privacidad", "No se ha cargado. Reintentar"],
    zh: ["隐私问题咨询", "加载失败，请重试"],
    de: ["Fragen zum Datenschutz", "Nicht geladen. Erneut versuchen"],
    fr: ["Questions de confidentialité", "Échec du chargement. Réessayer"],
  };
  // A sheet that a script makes needs no permission of the page's content security policy.
  const STYLE = `
    :host { all: initial !important; display: contents !important; }
    :host([data-mode="inline"]) { display: block !important; min-height: 1px !important; }
    .launcher { position: fixed; bottom: calc(20px + env(safe-area-inset-bottom) + 60px * var(--nth, 0));
      right: calc(20px + env(safe-area-inset-right)); z-index: var(--policy-widget-z-index, 2147483000);
      display: flex; align-items: center; gap: 10px; box-sizing: border-box; max-width: calc(100vw - 40px);
      min-width: 48px; min-height: 48px; padding: 8px 20px 8px 16px; border: 1px solid transparent; border-radius: 24px;
      color-scheme: light dark; --accent: var(--policy-widget-accent, light-dark(#234a73, #9cc2ee));
      background: var(--accent); color: var(--policy-widget-on-accent, light-dark(#fff, #10202f));
      font: 600 15px/1.3 var(--policy-widget-font, -apple-system, "Segoe UI", Roboto, Ubuntu, Cantarell,
        "Noto Sans", "Helvetica Neue", Arial, sans-serif); text-align: start; cursor: pointer;
      box-shadow: 0 1px 2px rgb(0 0 0 / 20%), 0 6px 20px rgb(0 0 0 / 22%); }
    .launcher.light { color-scheme: light; }
    .launcher.dark { color-scheme: dark; }
    .launcher.bottom-left { right: auto; left: calc(20px + env(safe-area-inset-left)); }
    .launcher.inline { position: static; }
    .launcher:hover { text-decoration: underline; text-underline-offset: 3px; }
    .launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
    .launcher[aria-busy="true"] { cursor: progress; }
    .launcher[hidden] { display: none; }
    .launcher svg { flex: none; width: 22px; height: 22px; fill: currentcolor; }
    @media print { .launcher { display: none; } }`;

  // What a script element asks for; docs/widget.md describes every attribute.
  function read({ src, dataset: data }) {
    return {
      base: new URL(".", src).href,
      name: data.name || "",
      policies: (data.policy || "").split(/[\s,]+/).filter(Boolean),
      mode: data.mode === "inline" ? "inline" : "launcher",
      target: data.target || "",
      language: language(data.lang),
      theme: ["light", "dark"].includes(data.theme) ? data.theme : "auto",
      position: data.position === "bottom-left" ? "bottom-left" : "bottom-right",
      zIndex: /^\d{1,10}$/.test(data.zIndex || "") ? data.zIndex : "",
      label: data.label || "",
      contact: data.contact || "",
    };
  }

  // The language asked for, else the page's, else the person's, else English.
  function language(wanted) {
    const tags = [wanted, document.documentElement.lang, ...navigator.languages];
    return tags.map((tag) => (tag || "").toLowerCase().split("-")[0]).find((tag) => Object.hasOwn(LABELS, tag)) || "en";
  }

  class Widget {
    constructor(options, key) {
      this.options = options;
      this.key = key;
      this.served = served;
      this.tries = 0;
      [this.label, this.failed] = LABELS[options.language];
      this.label = options.label || this.label;
      this.host = document.createElement("policy-widget");
      this.host.dataset.mode = options.mode;
      if (options.zIndex) this.host.style.setProperty("--policy-widget-z-index", options.zIndex);
      this.root = this.host.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.root.adoptedStyleSheets = [sheet];
      this.button = this.launcher();
      this.root.append(this.button);
    }

    // The launcher; for a box in the page it is seen only where loading has failed.
    launcher() {
      const { language, theme, position, mode } = this.options;
      const button = document.createElement("button");
      button.type = "button";
      button.lang = language;
      button.className = `launcher ${theme} ${position} ${mode}`;
      button.hidden = mode === "inline";
      if (mode === "launcher") button.setAttribute("aria-haspopup", "dialog");
      const label = document.createElement("span");
      label.dir = "auto";
      label.textContent = this.label;
      button.append(icon(), label);
      button.addEventListener("click", () => (mode === "inline" ? this.load() : this.open()));
      return button;
    }

    // Puts the element where it belongs; false where that place is not there (yet).
    place(script) {
      const { mode, target } = this.options;
      const place = mode === "launcher" ? document.body : target ? find(target) : script;
      if (!place || document.head.contains(place)) return false;
      if (place === script) script.after(this.host);
      else place.append(this.host);
      if (mode === "inline") this.loadWhenNear();
      return true;
    }

    // A box in the page loads its panel shortly before it is seen.
    loadWhenNear() {
      const near = new IntersectionObserver((seen) => {
        if (!seen.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        this.load();
      }, { rootMargin: "300px" });
      near.observe(this.host);
    }

    // The panel, loaded when it is first needed; null where it cannot be.
    load() {
      this.panel ??= this.fetch().catch((error) => {
        this.panel = null;
        this.button.hidden = false;
        this.button.querySelector("span").textContent = this.failed;
        this.emit("error", { code: "not_loaded", message: String(error.message) });
        return null;
      });
      return this.panel;
    }

    async fetch() {
      this.button.setAttribute("aria-busy", "true");
      // A browser may remember that a module failed, so another try has another address.
      const again = this.tries++ ? `-${this.tries}` : "";
      const folder = new URL(`ui/widget/${served.version}${again}/`, this.options.base).href;
      const style = document.createElement("link");
      try {
        const styled = new Promise((done, fail) => {
          style.rel = "stylesheet";
          style.href = `${folder}panel.css`;
          style.onload = done;
          style.onerror = () => fail(new Error(`${style.href} could not be loaded.`));
        });
        this.root.append(style);
        const modules = Promise.all(served.files.map((file) => import(folder + file)));
        await Promise.all([styled, modules]);
        const { mount } = await import(`${folder}panel.js`);
        this.button.hidden = this.options.mode === "inline";
        this.button.querySelector("span").textContent = this.label;
        return mount(this);
      } catch (error) {
        style.remove();
        throw error;
      } finally {
        this.button.removeAttribute("aria-busy");
      }
    }

    async open() {
      (await this.load())?.open();
    }

    async close() {
      (await this.panel)?.close();
    }

    async ask(question) {
      const panel = await this.load();
      panel?.open();
      await panel?.ask(String(question));
    }

    emit(event, detail = {}) {
      const told = { name: this.options.name, policies: this.options.policies, ...detail };
      const more = { detail: told, bubbles: true, composed: true };
      this.host.dispatchEvent(new CustomEvent(`policy-widget:${event}`, more));
    }
  }

  function icon() {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    // A speech bubble with the lines of a clause.
    path.setAttribute("fill-rule", "evenodd");
    const bubble = "M5 3h14a3 3 0 0 1 3 3v9a3 3 0 0 1-3 3h-7l-5 4v-4H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z";
    path.setAttribute("d", `${bubble}m1.5 4a1 1 0 0 0 0 2h8a1 1 0 0 0 0-2zm0 4.5a1 1 0 0 0 0 2h11a1 1 0 0 0 0-2z`);
    svg.append(path);
    return svg;
  }

  function find(selector) {
    try {
      return document.querySelector(selector);
    } catch {
      return null;
    }
  }

  const widgets = [];

  // Adds what a script element asks for; the same launcher, or the same box in one place, is added once.
  function add(script) {
    const options = read(script);
    const key = options.mode === "inline" && !options.target ? script : JSON.stringify(options);
    if (widgets.some((known) => known.key === key && known.host.isConnected)) return;
    const widget = new Widget(options, key);
    const corner = ({ options: { mode, position } }) => mode === "launcher" && position === options.position;
    widget.host.style.setProperty("--nth", widgets.filter((known) => known.host.isConnected && corner(known)).length);
    widgets.push(widget);
    const missing = `PolicyWidget: there is no place for ${options.target || "a box in the head of the page"}.`;
    if (widget.place(script)) return;
    const last = () => widget.place(script) || console.error(missing);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", last, { once: true });
    else console.error(missing);
  }

  // The widget of this name; without one the first launcher, or the first box where there is none.
  function named(name = "") {
    const there = widgets.filter((widget) => widget.host.isConnected);
    if (name) return there.find((widget) => widget.options.name === name);
    return there.find((widget) => widget.options.mode === "launcher") ?? there[0];
  }

  if (!script) {
    console.error("PolicyWidget: load widget.js by a plain script element, not as a module.");
    return;
  }
  window.PolicyWidget ??= Object.freeze({
    open: async (name) => named(name)?.open(),
    close: async (name) => named(name)?.close(),
    ask: async (question, name) => named(name)?.ask(question),
    on: (event, handler) => document.addEventListener(`policy-widget:${event}`, handler),
    off: (event, handler) => document.removeEventListener(`policy-widget:${event}`, handler),
    add,
  });
  window.PolicyWidget.add(script);
})();
