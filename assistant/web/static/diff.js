// Two documents side by side: from change to change, by button or key.
"use strict";

(() => {
  const changes = [...document.querySelectorAll("[data-change]")];
  const here = document.getElementById("_here");
  if (!here) return;
  // The change that was gone to; else the first below the edge of what is covered.
  let at = -1;
  const edge = () => parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) + 8;
  const seen = (forward) => {
    const gone = at >= 0 && changes[at] === document.activeElement ? at : null;
    if (gone !== null) return forward ? gone + 1 : gone - 1;
    const next = changes.findIndex((change) => change.getBoundingClientRect().top > edge());
    const below = next < 0 ? changes.length : next;
    return forward ? below : below - 1;
  };
  const go = (forward) => {
    const wanted = seen(forward);
    if (wanted < 0 || wanted >= changes.length) {
      here.textContent = forward ? "No change after this one" : "No change before this one";
      return;
    }
    at = wanted;
    changes[at].focus({ preventScroll: true });
    changes[at].scrollIntoView({ block: "start" });
    here.textContent = `Change ${at + 1} of ${changes.length}`;
  };
  document.getElementById("_next").addEventListener("click", () => go(true));
  document.getElementById("_previous").addEventListener("click", () => go(false));
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    go(event.key === "ArrowDown");
  });
})();
