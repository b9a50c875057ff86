"use strict";

/* The embedded tables: columns, rows, and the models and benchmarks by id.
 *
 * Ids are indices into `texts`, so that ids displayed identically stay distinct keys. */

const page = JSON.parse(document.getElementById("data").textContent);
const texts = page.texts;

/** Return the values of a column, whose runs of one value may be counted. Texts stay indices. */
function decodeColumn({ values, runs }) {
  if (values) return values;
  const decoded = [];
  for (let place = 0; place < runs.length; place += 2) {
    for (let count = runs[place + 1]; count; count -= 1) decoded.push(runs[place]);
  }
  return decoded;
}

const columnsOf = Object.fromEntries(Object.entries(page.tables).map(([name, columns]) =>
  [name, Object.fromEntries(Object.entries(columns).map(([column, encoded]) => [column, decodeColumn(encoded)]))]));

const textColumns = Object.fromEntries(Object.entries(page.tables).map(([name, columns]) =>
  [name, new Set(Object.keys(columns).filter(column => columns[column].is_text && !column.endsWith("_id")))]));

/** Return the number of rows of a table. */
function countRows(name) {
  return Object.values(columnsOf[name])[0].length;
}

/** Return one row of a table as an object; only ids stay indices into `texts`. */
function rowAt(name, place) {
  const row = {};
  for (const [column, values] of Object.entries(columnsOf[name])) {
    const value = values[place];
    row[column] = value !== null && textColumns[name].has(column) ? texts[value] : value;
  }
  return row;
}

/** Return all rows of a table as objects. */
function rowsOf(name) {
  return Array.from({ length: countRows(name) }, (_, place) => rowAt(name, place));
}

/** Return a Map from key to items, in the order of first occurrence. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Return a Map from id to name; equal names get their id in parentheses, and a blank name is replaced by the id.
 *
 * Pairs: `[[id, "Aurora"], …]`. */
function disambiguate(pairs) {
  const counts = new Map();
  for (const [, name] of pairs) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(pairs.map(([id, name]) => [id, !name.trim() ? texts[id] : counts.get(name) > 1 ? `${name} (${texts[id]})` : name]));
}

/* Models and benchmarks by id, with the places of their rows in the larger tables. */

const models = new Map(rowsOf("models").map(model => [model.model_id, { ...model, offers: [], priceRows: [], scoreRows: [] }]));
const benchmarks = new Map(rowsOf("benchmarks").map(benchmark => [benchmark.benchmark_id, { ...benchmark, categories: [], scoreRows: [] }]));
const benchmarkCategories = rowsOf("benchmark_categories");
for (const [id, name] of disambiguate([...models.values()].map(model => [model.model_id, model.model_name]))) models.get(id).name = name;
for (const [id, name] of disambiguate([...benchmarks.values()].map(it => [it.benchmark_id, it.benchmark_name]))) benchmarks.get(id).name = name;

for (const { benchmark_id: id, category } of benchmarkCategories) {
  if (category !== "overall") benchmarks.get(id).categories.push(category);
}
columnsOf.scores.model_id.forEach((id, place) => {
  models.get(id).scoreRows.push(place);
  benchmarks.get(columnsOf.scores.benchmark_id[place]).scoreRows.push(place);
});
columnsOf.prices.model_id.forEach((id, place) => {
  models.get(id).priceRows.push(place);
  if (columnsOf.prices.is_current[place]) models.get(id).offers.push(rowAt("prices", place));
});
for (const model of models.values()) labelOffers(model.offers);

/** Set the label of each offer: its provider's name, with the offer's number from the second offer on. */
function labelOffers(offers) {
  const names = disambiguate([...new Map(offers.map(offer => [offer.provider_id, offer.provider_name]))]);
  for (const offer of offers) {
    offer.label = names.get(offer.provider_id) + (offer.offer_number > 1 ? ` (no. ${offer.offer_number})` : "");
  }
}

/* Leaderboards: places of the rows of each category and evidence scope, and its totals. */

const boards = groupBy(Array.from({ length: countRows("leaderboard") }, (_, place) => place), place =>
  boardKey(texts[columnsOf.leaderboard.category[place]], texts[columnsOf.leaderboard.evidence_scope[place]]));
const categories = rowsOf("categories");
const categoryNames = [...new Set(categories.map(row => row.category))];
const totals = new Map(categories.map(row => [boardKey(row.category, row.evidence_scope), row]));

/** Return the key of a leaderboard in `boards` and `totals`. */
function boardKey(category, scope) {
  return `${scope} ${category}`;
}

/** Return the totals of a leaderboard, with zeros if it has no rows. */
function totalsOf(category, scope) {
  return totals.get(boardKey(category, scope)) ?? { model_count: 0, ranked_count: 0, priced_count: 0, most_benchmarks: 0 };
}
