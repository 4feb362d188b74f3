// Keys for people who decide on much: everything here is also a link or a button, and nothing needs this script.
(() => {
  "use strict";
  const typing = (at) => at.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => !row.closest("details:not([open])"));
  const current = () => document.querySelector("[data-row].at") ?? document.activeElement?.closest("[data-row]");
  const at = (row) => {
    document.querySelectorAll("[data-row].at").forEach((other) => other !== row && other.classList.remove("at"));
    row?.classList.add("at");
  };
  const stand = (row) => {
    if (!row) return;
    at(row);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    const now = all.indexOf(current());
    stand(all[now < 0 ? 0 : Math.max(0, Math.min(all.length - 1, now + by))]);
  };
  let opening = null; // the row whose less usual answers were asked for
  let answering = null; // the row whose answer is under way, so that the keys go on from the next one
  const press = (act) => {
    const row = current();
    const target = row?.querySelector(`[data-key="${act}"]`);
    if (!target || target.disabled) return;
    const hidden = target.closest("details:not([open])");
    if (hidden && target.tagName !== "SUMMARY") hidden.open = true;
    const why = target.hasAttribute("data-needs-why") ? target.parentElement.querySelector("[data-why]") : null;
    if (why && !why.value.trim()) {
      row.dataset.pending = act;
      why.focus();
      return;
    }
    if (target.matches("button")) answering = row.id;
    target.click();
    if (target.tagName === "SUMMARY") row.querySelector("details[open] [data-key=a]")?.focus();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    n: () => document.querySelector('a[rel="next"]')?.click(),
    s: () => document.querySelector('[data-key="s"]')?.click(),
    h: () => { location.href = "/"; },
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
  };
  for (const act of ["a", "r", "m", "x", "e", "u"]) acts[act] = () => press(act);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const field = typing(event.target);
    if (field && event.key === "Escape") return stand(field.closest("[data-row]")) ?? field.blur();
    if (field?.matches("[data-why]") && event.key === "Enter") {
      event.preventDefault();
      const row = field.closest("[data-row]");
      const said = row.dataset.pending ?? "r";
      const button = field.parentElement.querySelector(`button[data-key="${said}"]`) ?? field.parentElement.querySelector("button");
      if (field.value.trim()) { answering = row.id; button?.click(); }
      return;
    }
    if (field || document.querySelector("dialog[open]")) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) at(row);
  });
  // A row is an option of its own, so a click beside its controls stands on it.
  document.addEventListener("click", (event) => {
    // In a list the row says what is lacking; an item's own page would be left for a page that says so.
    const lacking = event.target.closest("button[data-needs-why]");
    if (lacking?.form?.elements.from?.value === "item") {
      const why = lacking.parentElement.querySelector("[data-why]");
      if (why && !why.value.trim()) { event.preventDefault(); why.focus(); return; }
    }
    const asked = event.target.closest('a[data-key="m"]');
    if (asked) opening = asked.closest("[data-row]")?.id ?? null;
    const other = event.target.closest(".otherwise button");
    if (other) answering = other.closest("[data-row]")?.id ?? null;
    const link = event.target.closest('a[href="#keys"]');
    if (link) { event.preventDefault(); document.getElementById("keys")?.showModal(); }
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.querySelector(":scope > div > [data-why]")?.focus();
  }, true);
  const count = () => {
    const chosen = document.querySelectorAll('input[name="chosen"]:checked').length;
    document.querySelectorAll("[data-chosen]").forEach((place) => { place.textContent = String(chosen); });
    document.querySelectorAll("[data-needs-choice]").forEach((place) => { place.hidden = chosen === 0; });
  };
  document.addEventListener("change", count);
  document.addEventListener("htmx:after:swap", () => {
    count();
    const opened = opening && document.querySelector(`#${opening} [data-first]`);
    if (opened) { opening = null; setTimeout(() => opened.focus(), 20); }
    const row = answering && document.getElementById(answering);
    answering = null;
    if (!row) return;
    const all = rows();
    const next = row.querySelector("[role=alert]") ? row : all[Math.min(all.length - 1, all.indexOf(row) + 1)];
    setTimeout(() => stand(next), 20); // after htmx has put the focus back to where it was
  });
  document.querySelectorAll(".keys-link").forEach((link) => { link.hidden = false; });
  count();
})();
