// Keys for people who decide on much: everything here is also a link or a button, and nothing needs this script.
(() => {
  "use strict";
  const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.getClientRects().length > 0);
  const current = () => document.activeElement?.closest("[data-row]") ?? document.querySelector("[data-row].at");

  const stand = (row) => {
    if (!row) return;
    document.querySelectorAll("[data-row].at").forEach((other) => other.classList.remove("at"));
    row.classList.add("at");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    const now = all.indexOf(current());
    stand(all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + by))]);
  };
  const press = (act) => {
    const target = (current() ?? document).querySelector(`[data-key="${act}"]`);
    if (target && !target.disabled) target.click();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    a: () => press("a"),
    r: () => press("r"),
    x: () => press("x"),
    e: () => press("e"),
    u: () => press("u"),
    s: () => document.querySelector('[data-key="s"]')?.click(),
    h: () => { location.href = "/"; },
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    document.querySelectorAll("[data-row].at").forEach((other) => other !== row && other.classList.remove("at"));
    row.classList.add("at");
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href="#keys"]');
    if (link) { event.preventDefault(); document.getElementById("keys")?.showModal(); }
  });
  const count = () => {
    const chosen = document.querySelectorAll('input[name="chosen"]:checked').length;
    document.querySelectorAll("[data-chosen]").forEach((place) => { place.textContent = String(chosen); });
    document.querySelectorAll("[data-needs-choice]").forEach((place) => { place.hidden = chosen === 0; });
  };
  document.addEventListener("change", count);
  // A row that was replaced keeps its place: the keys go on from the next one that is open.
  document.addEventListener("htmx:after:swap", () => { count(); });
  document.querySelectorAll(".keys-link").forEach((link) => { link.hidden = false; });
  count();
})();
