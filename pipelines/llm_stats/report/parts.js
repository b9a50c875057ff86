"use strict";

/* Components of the sections: the embedded rows, formatting, elements, and drawing of charts. */

const page = JSON.parse(byId("data").textContent);
const tables = Object.fromEntries(Object.entries(page.tables).map(([name, columns]) => [name, rowsOf(columns)]));
const dark = matchMedia("(prefers-color-scheme: dark)"), narrow = matchMedia("(max-width: 40rem)");

function byId(id) {
  return document.getElementById(id);
}

/** Return rows with named fields. Ids stay indices into `page.texts`, so that ids displayed identically stay distinct keys. */
function rowsOf(columns) {
  const names = Object.keys(columns);
  const cell = (name, column, row) => {
    if (Array.isArray(column)) return column[row];
    const index = column.indices[row];
    return name.endsWith("_id") || index === null ? index : page.texts[index];
  };
  const count = Math.max(0, ...names.map(name => (columns[name].indices ?? columns[name]).length));
  return Array.from({ length: count }, (_, row) => Object.fromEntries(names.map(name => [name, cell(name, columns[name], row)])));
}

/** Return a Map from key to rows, in the order of first occurrence. */
function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

/* Formatting. Null is "–", never 0. */

const share = value => value.toFixed(3);
const utc = seconds => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const truncate = (text, limit) => text.length > limit ? `${text.slice(0, limit - 1)}…` : text;

/** Format a number: `"4,800"`, `"0.0375"`, `"1.00e+300"`. */
function number(value, digits = { maximumSignificantDigits: 4 }) {
  if (value === null) return "–";
  const isExtreme = value !== 0 && (Math.abs(value) < 1e-6 || Math.abs(value) >= 1e12);
  return isExtreme ? value.toExponential(2) : value.toLocaleString("en", digits);
}

/** Format a price: `"5.00"`, `"0.0375"`, `"free"`. */
function usd(price) {
  if (price === 0) return "free";
  return number(price, price < 0.01 ? { maximumSignificantDigits: 3 } : { minimumFractionDigits: 2, maximumFractionDigits: 4 });
}

/** Format a price with its unit: `"5.00 US$ per million tokens"`, `"free"`. */
function priced(price) {
  return price === 0 ? usd(price) : `${usd(price)} ${USD}`;
}

/** Format the reason why a price looks wrong: `" (suspect: …)"`, or `""` without a reason. */
function suspicion(reason) {
  return reason ? ` (suspect: ${reason})` : "";
}

/** Return a Map from id to name; equal names get their id in parentheses. Pairs: `[[id, "Aurora"], …]`. */
function disambiguate(pairs) {
  const sharing = groupBy(pairs, ([, name]) => name);
  return new Map(pairs.map(([id, name]) => [id, sharing.get(name).length > 1 ? `${name} (${page.texts[id]})` : name]));
}

/* Elements. Strings from the data become text nodes. */

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a price as text; if it looks wrong, a mark follows that shows the reason as its tooltip. */
function markedPrice(price, reason) {
  if (!reason) return usd(price);
  const mark = element("small", { className: "suspect", title: reason }, "suspect");
  return element("span", {}, usd(price), " ", mark);
}

/** Show a table of the first `limit` rows, with a button for the rest. Columns: {name, of: row → text or node, className}.
 *
 * A table wider than its container gets the keyboard focus, so that the keyboard can scroll it.
 */
function renderTable(id, columns, rows, limit, empty, isOpen = false) {
  const cell = (tag, column, content) => element(tag, { className: column.className ?? "" }, content);
  const line = (tag, of) => element("tr", {}, ...columns.map(column => cell(tag, column, of(column))));
  const shown = rows.slice(0, isOpen ? rows.length : limit);
  const head = element("thead", {}, line("th", column => column.name));
  const body = element("tbody", {}, ...shown.map(row => line("td", column => column.of(row))));
  byId(id).replaceChildren(rows.length ? element("table", {}, head, body) : element("p", { className: "note" }, empty));
  if (byId(id).scrollWidth > byId(id).clientWidth) byId(id).tabIndex = 0;
  else byId(id).removeAttribute("tabindex");
  if (rows.length <= limit) return;
  const button = element("button", { type: "button" }, isOpen ? `Show the first ${limit}` : `Show all ${number(rows.length)}`);
  button.addEventListener("click", () => {
    renderTable(id, columns, rows, limit, empty, !isOpen);
    byId(id).querySelector("button").focus();
  });
  byId(id).append(button);
}

/** Fill a select with groups of {label, options: [[value, text], …]}, without empty groups. */
function fillSelect(id, groups) {
  const filled = groups.filter(group => group.options.length);
  const shown = filled.length ? filled : [{ label: "Nothing to select", options: [["", "none"]] }];
  const option = ([value, text]) => element("option", { value }, truncate(text, 80));
  byId(id).disabled = !filled.length;
  byId(id).replaceChildren(...shown.map(({ label, options }) => element("optgroup", { label }, ...options.map(option))));
}

/* Charts. */

const drawn = new Map();
let drawing = Promise.resolve();

/** Draw a specification in an element; a text instead of a specification is shown as a note.
 *
 * Charts are drawn one at a time, so that an older chart that is still being drawn never replaces a newer one.
 */
function draw(id, spec, patch) {
  drawing = drawing.then(async () => {
    drawn.get(id)?.finalize();
    drawn.delete(id);
    try {
      if (typeof spec === "string") byId(id).replaceChildren(element("p", { className: "note" }, spec));
      else drawn.set(id, await vegaEmbed(byId(id), spec, { ...drawingOptions(), ...patch && { patch } }));
    } catch (error) {
      console.error(error);
      byId(id).replaceChildren(element("p", { className: "note" }, "This chart could not be drawn."));
    }
  });
}

/** With `ast`, Vega interprets expressions instead of compiling them, so the page's policy can forbid evaluating strings as code. */
function drawingOptions() {
  return { ast: true, renderer: "svg", actions: false, defaultStyle: false, config: chartConfig(ink()), tooltip: { disableDefaultStyle: true } };
}

/** Return the current colours and font of the page. The line colours suit colour-blind readers (after Okabe and Ito). */
function ink() {
  const style = getComputedStyle(document.body);
  const colours = ["ink", "soft", "line", "first", "second", "muted"].map(name => [name, style.getPropertyValue(`--${name}`).trim()]);
  const lines = dark.matches
    ? ["#64b5f6", "#f0985a", "#4ecb9f", "#e59ac4", "#e6c84f", "#b9c2ca"]
    : ["#0063a6", "#c2500a", "#00805d", "#a8447f", "#8a6d00", "#4a545e"];
  return { ...Object.fromEntries(colours), lines, font: style.fontFamily };
}
