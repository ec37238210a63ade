"use strict";
(() => {
  const list = document.getElementById("list");
  if (!list) return;
  const body = list.tBodies[0];
  const rows = [...body.rows];
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const collator = new Intl.Collator("en", { numeric: true });

  const tell = () => {
    const left = rows.filter((row) => !row.hidden).length;
    shown.textContent = left === rows.length ? "" : `${left} of ${rows.length} lines`;
  };

  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
    }
    tell();
  });

  const heads = [...list.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    const key = (row) => row.cells[column].dataset.sort;
    const compare =
      button.dataset.kind === "number"
        ? (a, b) => Number(key(a)) - Number(key(b))
        : (a, b) => collator.compare(key(a), key(b));
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const first = button.dataset.kind === "number" && column > 2 ? "descending" : "ascending"; // the most first
      const other = first === "ascending" ? "descending" : "ascending";
      const direction = before === first ? other : first;
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compare(a, b) || Number(a.cells[0].dataset.sort) - Number(b.cells[0].dataset.sort));
      body.append(...rows);
    });
  });

  // As in the tables: a cell that a spreadsheet would run as a formula has a ' in front.
  const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const words = (one) => {
    const items = [...one.querySelectorAll("li")];
    return (items.length ? items.map((item) => item.textContent.trim()).join("; ") : one.textContent).trim();
  };
  document.getElementById("export").addEventListener("click", () => {
    const lines = [heads.map((head) => cell(head.textContent.trim()))];
    for (const row of rows) if (!row.hidden) lines.push([...row.cells].map((one) => cell(words(one))));
    const text = `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = "work-list.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
