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
  document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
