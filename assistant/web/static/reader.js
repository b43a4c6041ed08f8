// The page of one policy: finding a clause, stepping through clauses, what a reference means, copying a citation.
// Without this script the page is whole: links lead to clauses, and marks are set by the server.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const article = document.querySelector(".policy");
  const clauses = [...document.querySelectorAll(".clause[id]")];
  const contents = byId("_contents");
  const lines = new Map([...(contents?.querySelectorAll("a") ?? [])].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));

  // An element with a class and a text.
  const make = (tag, name, text = "") => {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    return element;
  };
  // Live regions are read only where they change after they were there.
  const say = (region, text) => {
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 60);
  };
  const fragment = (url) => {
    try {
      return decodeURIComponent(url.slice(1));
    } catch {
      return url.slice(1);
    }
  };
  const nameOf = (clause) => clause.querySelector(".tool").getAttribute("aria-label").replace(/^[^:]*:\s*/, "").trim();
  // The address of a clause, without what a link had marked.
  const addressOf = (anchor) => new URL(`${location.pathname}#${encodeURIComponent(anchor)}`, location.origin).href;

  // Arriving: at the first mark, or at the clause; what is not here is said.

  const arrive = (first) => {
    const anchor = fragment(location.hash);
    const mark = document.querySelector(".text mark, .head mark");
    if (anchor && !byId(anchor)) {
      const notice = byId("_notice");
      notice.hidden = false;
      notice.textContent = `This policy has no clause “${anchor}”. Here it is from its beginning.`;
      if (first) notice.focus();
    } else if (anchor && !(first && mark)) {
      pin(byId(anchor).closest(".clause[id]"));
    } else if (first && mark && anchor !== "_mark" && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
      const clause = mark.closest(".clause[id]");
      mark.tabIndex = -1;
      mark.scrollIntoView({ block: "center", behavior: "instant" });
      mark.focus({ preventScroll: true });
      pin(clause);
      say(byId("_status"), clause ? `Marked sentence in ${nameOf(clause)}` : "Marked sentence");
    }
  };

  // The clause that is being read.

  let current = -1;
  // The clause that was gone to, until the page is scrolled by hand.
  let pinned = -1;
  const pin = (clause) => {
    pinned = clauses.indexOf(clause);
    show();
  };
  for (const moved of ["wheel", "touchmove", "pointerdown"]) addEventListener(moved, () => { pinned = -1; }, { passive: true });
  addEventListener("keydown", (event) => { if (!event.altKey && /^(Arrow|Page|Home|End| )/.test(event.key)) pinned = -1; });
  const reading = () => {
    if (pinned >= 0) return pinned;
    const edge = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) + 8;
    let low = 0;
    let high = clauses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (clauses[middle].getBoundingClientRect().top <= edge) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const step = (link, clause) => {
    link.toggleAttribute("aria-disabled", !clause);
    if (clause) {
      link.href = `#${encodeURIComponent(clause.id)}`;
      link.removeAttribute("role");
      link.querySelector(".unseen").textContent = `${link.id === "_next" ? "Next" : "Previous"} clause: ${nameOf(clause)}`;
    } else {
      link.removeAttribute("href");
      link.setAttribute("role", "link");
      link.setAttribute("aria-disabled", "true");
    }
  };
  const show = () => {
    const at = reading();
    if (at === current) return;
    lines.get(clauses[current]?.id)?.removeAttribute("aria-current");
    current = at;
    step(byId("_previous"), clauses[at - 1]);
    step(byId("_next"), clauses[at + 1]);
    byId("_here").textContent = at < 0 ? "" : nameOf(clauses[at]);
    const line = lines.get(clauses[at]?.id);
    line?.setAttribute("aria-current", "location");
    if (line && !contents.contains(document.activeElement)) {
      const place = line.offsetTop - contents.scrollTop;
      if (place < 120 || place > contents.clientHeight - 60) contents.scrollTop = line.offsetTop - contents.clientHeight / 2;
    }
  };
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      show();
    });
  };
  // At once, so that a second press goes one clause further and not to the same one.
  const follow = (event) => {
    const link = event.currentTarget;
    if (!link.hash || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const anchor = fragment(link.hash);
    location.hash = link.hash;
    pin(byId(anchor));
  };
  if (clauses.length) {
    for (const id of ["_previous", "_next"]) byId(id).addEventListener("click", follow);
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later, { passive: true });
    show();
  }
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = byId({ ArrowUp: "_previous", ArrowDown: "_next" }[event.key] ?? "_none");
    if (!link || document.querySelector(".peek:popover-open")) return;
    event.preventDefault();
    if (link.hash) {
      const anchor = fragment(link.hash);
      link.click();
      say(byId("_status"), nameOf(byId(anchor)));
    }
  });

  // Contents: filtered by number and words.

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const filter = () => {
    const asked = plain(byId("_filter").value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const link of lines.values()) link.parentElement.hidden = asked.length > 0;
    for (const link of lines.values()) {
      const number = plain(link.querySelector(".number")?.textContent ?? "");
      const label = plain(link.querySelector(".words").textContent);
      const fits = (word) => (/^[\d(]/.test(word) ? number.startsWith(word.replace(/\.$/, "")) || label.includes(word) : label.includes(word));
      const found = asked.every(fits);
      link.classList.toggle("passing", asked.length > 0 && !found);
      if (!found) continue;
      count += 1;
      for (let line = link.parentElement; line && line !== contents; line = line.parentElement) if (line.hidden) line.hidden = false;
    }
    byId("_found").textContent = asked.length ? `${count} of ${lines.size} clauses` : "";
  };
  byId("_filter")?.addEventListener("input", filter);
  byId("_filter")?.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.value) {
      event.preventDefault();
      event.target.value = "";
      filter();
    } else if (event.key === "Enter") {
      const first = [...lines.values()].find((link) => !link.parentElement.hidden && !link.classList.contains("passing"));
      if (first && event.target.value.trim()) first.click();
    }
  });
  contents?.addEventListener("click", (event) => {
    if (event.target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
  });

  // What floats beside a link: under it on a wide screen, at the foot of a narrow one.

  let opener = null;
  const float = (popover, link, title) => {
    opener = link;
    popover.showPopover();
    if (innerWidth > 640) {
      const at = link.getBoundingClientRect();
      const left = Math.max(16, Math.min(at.left, innerWidth - popover.offsetWidth - 16));
      const below = at.bottom + 8 + popover.offsetHeight <= innerHeight;
      popover.style.left = `${left}px`;
      popover.style.top = `${below ? at.bottom + 8 : Math.max(16, at.top - popover.offsetHeight - 8)}px`;
    } else {
      popover.style.left = popover.style.top = "";
    }
    title.focus();
  };
  for (const popover of document.querySelectorAll(".peek")) {
    popover.addEventListener("toggle", (event) => {
      const lost = !document.activeElement || document.activeElement === document.body || popover.contains(document.activeElement);
      if (event.newState === "closed" && lost) opener?.focus({ preventScroll: true });
    });
  }

  // A reference: the clause that it means.

  const peek = byId("_peek");
  const copyOf = (clause) => {
    const depth = Number(clause.dataset.depth);
    const out = [];
    for (let part = clause; part && out.length < 40; part = part.nextElementSibling) {
      if (part !== clause && part.id && Number(part.dataset.depth) <= depth) break;
      if (Number(part.dataset.depth) < depth) break;
      const copy = part.cloneNode(true);
      for (const extra of copy.querySelectorAll(".tool, .page, .rule")) extra.remove();
      for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
      for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
      for (const region of copy.querySelectorAll("[tabindex]")) region.removeAttribute("tabindex");
      for (const heading of copy.querySelectorAll("h2, h3, h4, h5, h6")) {
        const text = make("p", "title");
        text.append(...heading.childNodes);
        heading.replaceWith(text);
      }
      copy.className = "part";
      out.push(copy);
    }
    return out;
  };
  const look = (link) => {
    const body = byId("_peek-body");
    const card = link.dataset.card && byId(link.dataset.card);
    const clause = card ? null : byId(fragment(link.hash));
    if (!card && !clause) return false;
    const copy = card ? [card.content.cloneNode(true)] : copyOf(clause);
    body.replaceChildren(...copy);
    body.lang = article.lang;
    body.dir = article.dir;
    const title = byId("_peek-title");
    title.textContent = card ? body.querySelector(".card-title").textContent : clause.querySelector(".tool").dataset.name;
    body.querySelector(".card-title")?.remove();
    const go = byId("_peek-go");
    go.href = link.href;
    go.textContent = card ? "Open this policy" : "Go to the clause";
    float(peek, link, title);
    body.scrollTop = 0;
    return true;
  };
  byId("_peek-go").addEventListener("click", () => {
    opener = null;
    peek.hidePopover();
  });
  article.addEventListener("click", (event) => {
    if (event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const reference = event.target.closest("a.ref");
    const tool = event.target.closest("a.tool");
    if (reference && look(reference)) event.preventDefault();
    if (tool) {
      event.preventDefault();
      history.replaceState(history.state, "", `#${encodeURIComponent(tool.parentElement.id)}`);
      cite(tool);
    }
  });

  // A citation, as assistant/web/reader/citation_text.py writes it.

  let cited = { words: "", url: "" };
  const escaped = (text) => text.replace(/[&<>"']/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[sign]);
  const styles = {
    plain: ({ words, url }) => ({ text: `${words}\n${url}` }),
    markdown: ({ words, url }) => ({ text: `[${words.replace(/[\\`*_[\]<>]/g, "\\$&")}](${url.replaceAll("(", "%28").replaceAll(")", "%29")})` }),
    html: ({ words, url }) => {
      const html = `<a href="${escaped(url)}">${escaped(words)}</a>`;
      return { text: html, html };
    },
    link: ({ url }) => ({ text: url }),
  };
  const told = { plain: "Citation copied.", markdown: "Citation copied as Markdown.", html: "Citation copied as HTML.", link: "Link copied." };
  const cite = (tool) => {
    cited = { words: tool.dataset.citation, url: addressOf(tool.parentElement.id) };
    byId("_citation").textContent = cited.words;
    byId("_copied").textContent = "";
    byId("_by-hand").hidden = true;
    float(byId("_cite"), tool, byId("_cite-title"));
  };
  const write = async ({ text, html }) => {
    if (navigator.clipboard?.write && window.ClipboardItem) {
      const flavours = { "text/plain": text, ...(html ? { "text/html": html } : {}) };
      const blobs = Object.entries(flavours).map(([type, value]) => [type, new Blob([value], { type })]);
      try {
        await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
        return true;
      } catch {
        // Refused, or no secure page: the older way may still do.
      }
    }
    const fill = (event) => {
      event.preventDefault();
      event.clipboardData.setData("text/plain", text);
      if (html) event.clipboardData.setData("text/html", html);
    };
    document.addEventListener("copy", fill, { once: true });
    const done = document.execCommand("copy");
    document.removeEventListener("copy", fill);
    return done;
  };
  byId("_cite").addEventListener("click", async (event) => {
    const style = event.target.closest("[data-style]")?.dataset.style;
    if (!style) return;
    const written = styles[style](cited);
    if (await write(written)) {
      say(byId("_copied"), told[style]);
      return;
    }
    const box = byId("_by-hand");
    box.hidden = false;
    box.value = written.text;
    box.select();
    box.focus();
    say(byId("_copied"), "The browser did not let this page copy; the text is selected, so copy it yourself.");
  });

  // Paper has no links: where the page and what it links to can be found is written out.

  addEventListener("beforeprint", () => {
    document.querySelector(".printed").textContent = location.href.split("?")[0].split("#")[0];
    for (const link of article.querySelectorAll("a.ref[data-card], .head a")) link.dataset.url = link.href;
  });

  addEventListener("hashchange", () => arrive(false));
  if (document.readyState === "complete") arrive(true);
  else addEventListener("load", () => arrive(true), { once: true });
})();
