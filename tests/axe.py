"""What a page is measured by: axe-core, and what axe-core does not measure."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# CSS pixels, less what rounding may take; inline links in a sentence are excepted (WCAG 2.2, 2.5.8), and where a whole
# label, row or card answers a click, that is the target.
_TARGET = 43.9

_RUN = """async ([within, tags, rules]) => {
  const only = rules ? { type: "rule", values: rules } : { type: "tag", values: tags };
  // Targets are measured below, at 44 pixels; axe-core calls what an open popover half covers small.
  const off = rules ? {} : { "target-size": { enabled: false } };
  const { violations } = await axe.run(within ?? document, { runOnly: only, rules: off, resultTypes: ["violations"] });
  return violations.flatMap((one) => one.nodes.map((node) =>
    [one.id, node.target.flat().join(" "), node.html.slice(0, 160), node.failureSummary].join(" | ")));
}"""
# Shadow roots included, which querySelectorAll leaves out.
_ALL = """const all = (root) => [...root.querySelectorAll("*")]
  .flatMap((each) => each.shadowRoot ? [each, ...all(each.shadowRoot)] : [each]);"""
_SMALL = f"""([within, least]) => {{
  {_ALL}
  const root = within ? document.querySelector(within).shadowRoot : document;
  const kinds = "a[href], button, summary, input, select, textarea, [role=button], [role=option], [role=link]";
  const areas = [["input[type=radio], input[type=checkbox]", "label"], ["#_list .open", "tr, .card"]];
  const inText = (link) => link.matches("a") && getComputedStyle(link).display === "inline"
    && [...link.parentElement.childNodes].some((node) => node.nodeType === 3 && /\\p{{L}}{{2}}/u.test(node.data));
  const found = [];
  for (const target of all(root).filter((each) => each.matches(kinds) && !each.disabled && !inText(each))) {{
    const [, area] = areas.find(([kind]) => target.matches(kind)) ?? [];
    const shown = area && target.closest(area) || target;
    const {{ width, height }} = shown.getBoundingClientRect();
    if (!shown.checkVisibility({{ visibilityProperty: true, opacityProperty: true }}) || width * height < 2) continue;
    if (width < least || height < least) found.push(`${{target.outerHTML.slice(0, 120)}} ${{width}} x ${{height}}`);
  }}
  return found;
}}"""
_WIDE = f"""() => {{
  {_ALL}
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const beyond = (each) => each.checkVisibility() && each.getBoundingClientRect().right > width + 1;
  return all(document.body).filter(beyond).map((each) => each.outerHTML.slice(0, 120));
}}"""
_MOVING = f"""() => {{
  {_ALL}
  const long = (times) => times.split(",").some((time) => parseFloat(time) > (time.trim().endsWith("ms") ? 20 : 0.02));
  const moves = (style) => (style.animationName !== "none" && long(style.animationDuration))
    || long(style.transitionDuration) || style.scrollBehavior === "smooth";
  const parts = [null, "::before", "::after"];
  const found = all(document).filter((each) => parts.some((part) => moves(getComputedStyle(each, part))));
  return found.map((each) => each.outerHTML.slice(0, 120));
}}"""
_LISTEN = f"""() => {{
  {_ALL}
  window.announced ??= [];
  const live = "[role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])";
  const told = (target) => {{
    const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(live);
    const text = region?.textContent.trim();
    if (text && window.announced.at(-1) !== text) window.announced.push(text);
  }};
  const watch = (root) => new MutationObserver((changes) => changes.forEach((change) => told(change.target)))
    .observe(root, {{ subtree: true, childList: true, characterData: true }});
  [document, ...all(document).map((each) => each.shadowRoot).filter(Boolean)].forEach(watch);
}}"""


def violations(page: Page, within: str | None = None, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds, a line each.

    Args:
        page: as it stands.
        within: selector of the only element to look at.
        rules: the only rules to hold it to; all for none.
    """
    page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN, [within, TAGS, list(rules) or None])
    return found


def small_targets(page: Page, within: str | None = None) -> list[str]:
    """What can be pressed and is smaller than 44 by 44 CSS pixels; `within` names an element with a shadow root."""
    return _lines(page, _SMALL, [within, _TARGET])


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    return _lines(page, _WIDE)


def moving(page: Page) -> list[str]:
    """What is animated, though the person asked for reduced motion."""
    return _lines(page, _MOVING)


def outline(page: Page) -> list[str]:
    """Roles, names and texts in the order in which a screen reader reads them, from Chromium's accessibility tree."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()
    found: list[str] = []

    def walk(at: str) -> None:
        node = nodes[at]
        role, name = (node.get(key, {}).get("value", "") for key in ("role", "name"))
        if not node["ignored"] and role not in {"InlineTextBox", "generic"}:
            found.append(name if role == "StaticText" else f"{role} {name}".strip())
        for child in node.get("childIds", []):
            if child in nodes:
                walk(child)

    walk(next(iter(nodes)))
    return found


def listen(page: Page) -> None:
    """From here on `announced` gives what live regions say."""
    page.evaluate(_LISTEN)


def announced(page: Page) -> list[str]:
    """What was put into live regions, in order."""
    said: list[str] = page.evaluate("window.announced")
    return said


def _lines(page: Page, script: str, argument: Any = None) -> list[str]:
    found: list[str] = page.evaluate(script, argument)
    return found
