// What a narrow screen needs beyond the stylesheet: a row of a table becomes a card whose cells say what they are, and the
// strip of rooms shows where one is. Without this script tables scroll by themselves.
(() => {
  "use strict";
  const roles = [["table", "table"], ["thead, tbody", "rowgroup"], ["tr", "row"], ["thead th", "columnheader"], ["tbody th", "rowheader"], ["td", "cell"]];
  document.querySelectorAll(".wide > table").forEach((table) => {
    const heads = [...table.querySelectorAll("thead th")].map((head) => (head.querySelector(".unseen") ? "" : head.textContent.trim()));
    for (const [which, role] of roles) // what is drawn as a block is no table any more to some who listen
      (which === "table" ? [table] : table.querySelectorAll(which)).forEach((part) => part.setAttribute("role", role));
    table.querySelectorAll("tbody tr").forEach((row) => {
      [...row.cells].forEach((cell, at) => {
        if (cell.tagName !== "TD" || !cell.hasChildNodes()) return;
        if (!cell.textContent.trim() && !cell.firstElementChild) return cell.replaceChildren();
        const inside = document.createElement("div");
        inside.className = "cell";
        inside.append(...cell.childNodes);
        cell.append(inside);
        if (heads[at]) cell.dataset.head = heads[at];
      });
    });
    table.classList.add("cards");
  });
  if (matchMedia("(max-width: 40rem)").matches)
    document.querySelectorAll("main form.filter").forEach((form) => { // many filters fill a phone; what they filter comes first
      const asked = form.querySelectorAll("label.field");
      if (asked.length < 4) return;
      const fold = document.createElement("details");
      const name = document.createElement("summary");
      const chosen = [...asked].filter((each) => { const of = each.querySelector("select, input"); return of && (of.options ? of.selectedIndex > 0 : of.value); }).length;
      name.textContent = chosen ? `Filters (${chosen} set)` : "Filters";
      form.before(fold);
      fold.append(name, form);
    });
  document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
