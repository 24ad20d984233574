/* Tables are sorted by a click on a heading: numbers by their value, texts as one reads them; what is no number comes last. */
function compared(a, b) {
  if (a.value !== "" && b.value !== "") return Number(a.value) - Number(b.value);
  if (a.value === "" && b.value === "") return a.text.localeCompare(b.text, "en", { numeric: true });
  return 0;
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[column];
    return { row, value: cell.dataset.value, text: cell.textContent };
  });
  const numbers = rows.some((row) => row.value !== "");
  rows.sort((a, b) => {
    const last = numbers && (a.value === "") - (b.value === "");
    return last || (descending ? compared(b, a) : compared(a, b));
  });
  body.append(...rows.map(({ row }) => row));
  [...table.tHead.rows[0].cells].forEach((heading, i) => {
    heading.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
  });
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      sortBy(table, column, heading.getAttribute("aria-sort") === "ascending");
    });
  });
}
