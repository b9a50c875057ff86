/* Tables that sort, search, page and download as CSV.
 *
 * Columns: {name, value, text, node, mark, isNumber, isBestHigh, className, onlyCsv}. `value(row)` is sorted and downloaded. `text(row)`
 * is shown instead of it, `node(row)` instead of the text, and `mark(row)` after it. Numbers are aligned at the decimal point. A column
 * without a name repeats another one as a drawing. */

const PAGE_ROWS = 20;
const tableStates = new Map();

/** Show a table in an element. Options: {caption, columns, rows, empty, file, pageRows}. `rows` are in the default order. */
function showTable(id, options) {
  const { caption, columns, rows, empty } = options;
  if (!rows.length) return byId(id).replaceChildren(note(empty));
  const own = tableStates.get(id) ?? { sorted: null, isDescending: false, query: "" };
  tableStates.set(id, { ...own, page: 0 });
  const shownColumns = columns.filter(column => !column.onlyCsv);
  const table = element(
    "table",
    {},
    element("caption", { className: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...shownColumns.map(column => heading(id, column)))),
    element("tbody"),
  );
  const scroller = element("div", { className: "scroller", role: "region", "aria-label": caption, tabIndex: -1 }, table);
  const tools = rows.length > 8 || own.query ? [searchField(id, caption)] : [];
  const update = () => updateTable(id, table, options, shownColumns);
  byId(id).replaceChildren(
    element("div", { className: "tools" }, ...tools, downloadButton(id, options)),
    scroller,
    element("div", { className: "pager" }),
  );
  byId(id).redrawTable = update;
  update();
  if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
  return undefined;
}

/** Change what a table shows: {sorted, isDescending, query, page}. */
function changeTable(id, change) {
  tableStates.set(id, { ...tableStates.get(id), ...change });
  byId(id).redrawTable();
}

function heading(id, column) {
  if (!column.name) return element("td", { className: cellClass(column) });
  const button = element("button", { type: "button", className: "sort" }, column.name);
  button.addEventListener("click", () => {
    const { sorted, isDescending } = tableStates.get(id);
    const isFirst = sorted !== column.name;
    changeTable(id, {
      sorted: column.name,
      isDescending: isFirst ? Boolean(column.isNumber && column.isBestHigh) : !isDescending,
      page: 0,
    });
  });
  const cell = element("th", { scope: "col", className: cellClass(column) }, button);
  cell.dataset.column = column.name;
  return cell;
}

function cellClass({ isNumber, className = "" }) {
  return isNumber ? `number ${className}` : className;
}

function searchField(id, caption) {
  const field = element("input", {
    type: "search",
    placeholder: "Filter rows",
    value: tableStates.get(id).query,
    "aria-label": `Filter: ${caption}`,
  });
  field.addEventListener("input", () => changeTable(id, { query: field.value, page: 0 }));
  return field;
}

/** Return the rows of a table whose texts match its filter, in its order. */
function arrangedRows(id, options) {
  const { columns, rows } = options;
  const { sorted, isDescending, query } = tableStates.get(id);
  const parts = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const searched = columns.filter(it => !it.isNumber);
  const textOf = row =>
    searched
      .map(it => it.value(row) ?? "")
      .join(" ")
      .toLowerCase();
  if (parts.length) options.rowTexts ??= rows.map(textOf);
  const found = parts.length ? rows.filter((_, place) => parts.every(part => options.rowTexts[place].includes(part))) : rows;
  const column = columns.find(it => it.name === sorted);
  return column ? sortedRows(found, column.value, isDescending) : found;
}

/** Return rows in the order of a value; nulls are last in both directions. */
function sortedRows(rows, valueOf, isDescending) {
  const keyed = rows.map(row => ({ row, value: valueOf(row) ?? null }));
  const sign = isDescending ? -1 : 1;
  const collator = new Intl.Collator("en", { numeric: true });
  keyed.sort((one, two) => {
    if (one.value === null || two.value === null) return (one.value === null) - (two.value === null);
    if (typeof one.value === "number") return sign * (one.value - two.value);
    return sign * collator.compare(one.value, two.value);
  });
  return keyed.map(entry => entry.row);
}

/** Draw the current page of a table, its sort marks and its pager. */
function updateTable(id, table, options, shownColumns) {
  const { sorted, isDescending, page: wanted } = tableStates.get(id);
  const rows = arrangedRows(id, options),
    { pageRows = PAGE_ROWS } = options;
  const last = Math.max(0, Math.ceil(rows.length / pageRows) - 1),
    current = Math.min(wanted, last);
  const shown = rows.slice(current * pageRows, (current + 1) * pageRows);
  const places = new Map(shownColumns.map(column => [column, decimalPlaces(column, shown)]));
  table.tBodies[0].replaceChildren(
    ...shown.map(row => element("tr", {}, ...shownColumns.map(column => tableCell(column, row, places.get(column))))),
  );
  for (const cell of table.tHead.querySelectorAll("th")) {
    const isSorted = cell.dataset.column === sorted;
    if (isSorted) cell.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  showPager(id, { current, last, pageRows, count: rows.length, total: options.rows.length });
}

function tableCell(column, row, places) {
  const text = column.text?.(row) ?? column.value(row) ?? "–";
  const figure = () => element("span", { className: "figure" }, alignDecimals(String(text), places));
  const isFigure = column.isNumber || column.className?.startsWith("when");
  const content = column.node?.(row) ?? (isFigure ? figure() : String(text));
  const after = column.mark?.(row);
  const isLong = !column.isNumber && /\S{25}/.test(text);
  return element("td", { className: cellClass(column) + (isLong ? " long" : "") }, content, ...(after ? [" ", after] : []));
}

/** Return the largest number of digits after the decimal point in a column of numbers. */
function decimalPlaces(column, rows) {
  if (!column.isNumber || column.node) return 0;
  return Math.max(0, ...rows.map(row => fraction(String(column.text?.(row) ?? column.value(row) ?? "")).length));
}

/** Return the digits after the decimal point of a plain number, or "". */
const fraction = text => /^[\d,]+\.(\d+)$/.exec(text)?.[1] ?? "";

/** Pad a number with figure spaces, so that decimal points of right-aligned numbers are above each other. */
function alignDecimals(text, places) {
  const own = fraction(text).length;
  const missing = own ? places - own : places && /^[\d,]+$/.test(text) ? places + 1 : 0;
  return text + "\u2007".repeat(Math.max(0, missing));
}

/** Show which rows are visible, with buttons for the other pages; the number of rows is announced. */
function showPager(id, { current, last, pageRows, count, total }) {
  const pager = byId(id).querySelector(".pager");
  const from = current * pageRows + 1,
    to = Math.min(count, (current + 1) * pageRows);
  const filtered = count < total ? `, filtered from ${number(total)}` : "";
  const rows = count ? `${number(from)}–${number(to)} of ${number(count)}${filtered}` : "No row matches the filter.";
  const status = element("span", { role: "status" }, rows);
  const step = (text, name, page) => {
    const button = element(
      "button",
      { type: "button", disabled: page === current || page < 0 || page > last, "aria-label": name },
      text,
    );
    button.addEventListener("click", () => {
      changeTable(id, { page });
      const again = [...byId(id).querySelectorAll(".pager button")].find(it => it.getAttribute("aria-label") === name);
      (again.disabled ? byId(id).querySelector(".pager button:enabled") : again)?.focus();
    });
    return button;
  };
  const steps = [
    step("«", "First page", 0),
    step("‹", "Previous page", current - 1),
    step("›", "Next page", current + 1),
    step("»", "Last page", last),
  ];
  pager.replaceChildren(status, ...(last ? steps : []));
  pager.hidden = total <= pageRows && count === total;
}

/* CSV. */

function downloadButton(id, options) {
  const button = element("button", { type: "button", className: "download" }, "CSV");
  button.setAttribute("aria-label", `Download as CSV: ${options.caption}`);
  button.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([csvOf(options.columns, arrangedRows(id, options))], { type: "text/csv" }));
    element("a", { href: address, download: `${options.file ?? id}.csv` }).click();
    URL.revokeObjectURL(address);
  });
  return button;
}

/** Return rows as CSV. A text that a spreadsheet would run as a formula gets a leading `'`. */
function csvOf(columns, rows) {
  const cell = value => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && /^[-=+@\t\r\n]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const named = columns.filter(column => column.name);
  const lines = [named.map(column => column.name.replaceAll("\u00ad", "")), ...rows.map(row => named.map(column => column.value(row)))];
  return lines.map(values => values.map(cell).join(",")).join("\r\n");
}
