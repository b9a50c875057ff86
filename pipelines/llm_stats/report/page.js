const page = JSON.parse(byId("data").textContent);
const tables = Object.fromEntries(Object.entries(page.tables).map(([name, columns]) => [name, rowsOf(columns)]));
const models = new Map(tables.models.map(model => [model.model_id, model]));
const benchmarks = new Map(tables.benchmarks.map(benchmark => [benchmark.benchmark_id, benchmark]));
const dark = matchMedia("(prefers-color-scheme: dark)"), narrow = matchMedia("(max-width: 40rem)");

function byId(id) {
  return document.getElementById(id);
}

/** Columns as rows with named fields. Ids stay places among the texts: keys, even where two texts look the same. */
function rowsOf(columns) {
  const names = Object.keys(columns);
  const cell = (name, column, at) => {
    if (Array.isArray(column)) return column[at];
    const place = column.places[at];
    return name.endsWith("_id") || place === null ? place : page.texts[place];
  };
  const count = Math.max(0, ...names.map(name => (columns[name].places ?? columns[name]).length));
  return Array.from({ length: count }, (_, at) => Object.fromEntries(names.map(name => [name, cell(name, columns[name], at)])));
}

/* Words and numbers. Null is "–", never 0. */

const share = value => value.toFixed(3);
const utc = seconds => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const short = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** `"4,800"`, `"0.0375"`, `"1.00e+300"` */
function number(value, digits = { maximumSignificantDigits: 4 }) {
  if (value === null) return "–";
  const isAbsurd = value !== 0 && (Math.abs(value) < 1e-6 || Math.abs(value) >= 1e12);
  return isAbsurd ? value.toExponential(2) : value.toLocaleString("en", digits);
}

/** A price: `"5.00"`, `"0.0375"`, `"free"`. */
function usd(price) {
  if (price === 0) return "free";
  return number(price, price < 0.01 ? { maximumSignificantDigits: 3 } : { minimumFractionDigits: 2, maximumFractionDigits: 4 });
}

/** Rows by a key, in the order in which the keys first come: a Map of lists. */
function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

/** Names as people read them, told apart by id where several share one: `[[id, "Aurora"], …]` → Map of id → name. */
function toldApart(named) {
  const sharing = groupBy(named, ([, name]) => name);
  return new Map(named.map(([id, name]) => [id, sharing.get(name).length > 1 ? `${name} (${page.texts[id]})` : name]));
}

const modelNames = toldApart(tables.models.map(model => [model.model_id, model.model_name]));
const benchmarkNames = toldApart(tables.benchmarks.map(benchmark => [benchmark.benchmark_id, benchmark.benchmark_name]));

/* Elements. Every text from data becomes a text node. */

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A table of the first `most` rows, with a button for the rest. Columns: {name, of: row → text or node, isNumber, className}. */
function fill(id, columns, rows, most, empty, isOpen = false) {
  const classOf = column => [column.className, column.isNumber ? "number" : ""].filter(Boolean).join(" ");
  const cells = (tag, content) => columns.map(column => element(tag, { className: classOf(column), ...tag === "th" && { scope: "col" } }, content(column)));
  const head = element("thead", {}, element("tr", {}, ...cells("th", column => column.name)));
  const body = element("tbody", {}, ...rows.slice(0, isOpen ? rows.length : most).map(row => element("tr", {}, ...cells("td", column => column.of(row)))));
  byId(id).replaceChildren(rows.length ? element("table", {}, head, body) : element("p", { className: "note" }, empty));
  if (rows.length > most) {
    const button = element("button", { type: "button" }, isOpen ? `Show the first ${most}` : `Show all ${number(rows.length)}`);
    button.addEventListener("click", () => { fill(id, columns, rows, most, empty, !isOpen); byId(id).querySelector("button").focus(); });
    byId(id).append(button);
  }
}

/** Fills a chooser: groups of {label, options: [[value, text], …]}; empty groups are left out. */
function choices(id, groups) {
  const isEmpty = groups.every(group => !group.options.length);
  if (isEmpty) groups = [{ label: "Nothing to choose", options: [["", "none"]] }];
  byId(id).disabled = isEmpty;
  const optionsOf = group => group.options.map(([value, text]) => element("option", { value }, short(text, 80)));
  byId(id).replaceChildren(...groups.filter(group => group.options.length).map(group => element("optgroup", { label: group.label }, ...optionsOf(group))));
}

/* Charts. One after the other: a chart that is drawn while an older one of its place is still under way must come out on top. */

const drawn = new Map();
let drawing = Promise.resolve();

/** Draws a spec in its place, or says why there is nothing to draw: a text instead of a spec. */
function draw(id, spec, patch) {
  drawing = drawing.then(async () => {
    drawn.get(id)?.finalize();
    drawn.delete(id);
    if (typeof spec === "string") return byId(id).replaceChildren(element("p", { className: "note" }, spec));
    const options = { ast: true, renderer: "svg", actions: false, defaultStyle: false, config: look(ink()), tooltip: { disableDefaultStyle: true } };
    drawn.set(id, await vegaEmbed(byId(id), spec, patch ? { ...options, patch } : options));
  });
}

/** The colours and the font of the page, as they are now. Lines: told apart also by those who see fewer colours (after Okabe and Ito). */
function ink() {
  const style = getComputedStyle(document.body);
  const colours = ["ink", "soft", "line", "first", "second", "muted"].map(name => [name, style.getPropertyValue(`--${name}`).trim()]);
  const lines = dark.matches
    ? ["#64b5f6", "#f0985a", "#4ecb9f", "#e59ac4", "#e6c84f", "#b9c2ca"]
    : ["#0063a6", "#c2500a", "#00805d", "#a8447f", "#8a6d00", "#4a545e"];
  return { ...Object.fromEntries(colours), lines, font: style.fontFamily };
}

/* Price against score. */

const byPrice = (one, two) => one.price - two.price || two.value - one.value;

function offerSubjects() {
  const categories = [...groupBy(tables.category_points, point => point.category).keys()].map(name => [`category ${name}`, name]);
  const named = [...groupBy(tables.benchmark_points, point => point.benchmark_id)].map(([id, points]) => [`benchmark ${id}`, `${benchmarkNames.get(id)} · ${number(points.length)}`]);
  const overallFirst = (one, two) => (two[1] === "overall") - (one[1] === "overall") || one[1].localeCompare(two[1]);
  choices("value-subject", [
    { label: "Mean win rate in a category", options: categories.sort(overallFirst) },
    { label: "Benchmark · models with a price", options: named },
  ]);
}

function showValue() {
  const [kind, ...rest] = byId("value-subject").value.split(" ");
  const key = rest.join(" "), benchmark = kind === "benchmark" ? benchmarks.get(Number(key)) : null;
  const countsFree = byId("value-free").checked, side = countsFree ? "" : "paid_";
  const rows = benchmark
    ? tables.benchmark_points.filter(point => point.benchmark_id === benchmark.benchmark_id)
    : tables.category_points.filter(point => point.category === key);
  const points = rows.map(row => {
    const model = models.get(row.model_id);
    return {
      model: short(modelNames.get(row.model_id), 60), organization: short(model.organization_name, 60), provider: short(model[`${side}provider_names`] ?? "", 80),
      price: model[`${side}price_usd_per_mtok`], value: row.value, isFrontier: Boolean(countsFree ? row.is_pareto : row.is_pareto_paid),
    };
  }).filter(point => point.price !== null);
  const frontier = points.filter(point => point.isFrontier).sort(byPrice), others = points.filter(point => !point.isFrontier).sort(byPrice);
  const name = benchmark ? benchmarkNames.get(benchmark.benchmark_id) : `mean win rate, ${key}`;
  const unit = !benchmark ? "0 to 1" : benchmark.scale === "normalized" ? "normalized, 0 to 1" : "in its own unit";
  const spec = () => valueChart([...others, ...frontier], `${short(name, 48)}, ${unit}`, benchmark?.is_lower_better ?? false, ink(), narrow.matches);
  draw("value-chart", points.length ? spec() : "No model has both a price and a score here.", vega => labelled(vega, ink()));
  const offer = `its cheapest available offer${countsFree ? "" : " that is not free"}`;
  byId("value-note").textContent = points.length
    ? `Blue: on the frontier, ${number(frontier.length)} of ${number(points.length)} ${benchmark ? "" : "ranked "}models. Each stands at ${offer}.` : "";
  fill("value-table", [
    { name: "On the frontier, then the others", of: row => named(row.model, row.provider, row.isFrontier), className: "name" },
    { name: "US$ / M tokens", of: row => usd(row.price), isNumber: true },
    { name: "Score", of: row => benchmark ? number(row.value) : share(row.value), isNumber: true },
  ], [...frontier, ...others], Math.max(frontier.length, 1), "");
}

/** A name, and what belongs to it in small. */
function named(name, beside, isStrong = true) {
  return element("span", { className: isStrong ? "" : "aside" }, name, " ", element("small", {}, beside));
}

/* One model. */

function offerModels() {
  const priced = groupBy(tables.prices, row => row.model_id);
  const sorted = [...priced.keys()].map(id => [id, modelNames.get(id)]).sort((one, two) => one[1].localeCompare(two[1]));
  choices("model", [{ label: "Models with an offer, now or before", options: sorted }]);
  if (priced.size) byId("model").value = [...priced].reduce((best, next) => next[1].length > best[1].length ? next : best)[0];
}

function showModel() {
  const model = models.get(Number(byId("model").value));
  const rows = tables.prices.filter(row => row.model_id === model?.model_id && byId("model").value !== "");
  const offerOf = row => `${row.provider_id} ${row.offer_no}`;
  const providers = toldApart([...new Map(rows.map(row => [row.provider_id, row.provider_name]))]);
  const label = row => short(providers.get(row.provider_id), 40) + (row.offer_no > 1 ? ` (no. ${row.offer_no})` : "");
  const told = rows.map(row => ({
    ...row, label: label(row), offer: offerOf(row), since: utc(row.valid_from), end: Math.max(row.input_usd_per_mtok ?? 0, row.output_usd_per_mtok ?? 0),
    input: usd(row.input_usd_per_mtok), output: usd(row.output_usd_per_mtok), blended: usd(row.blended_usd_per_mtok), status: short(row.status, 40), note: noteOn(row),
  }));
  const price = row => row.blended_usd_per_mtok ?? Number.MAX_VALUE;
  const standing = told.filter(row => row.is_current)
    .sort((one, two) => two.is_available - one.is_available || price(one) - price(two) || one.label.localeCompare(two.label));
  byId("model-note").textContent = model && rows.length ? `${page.texts[model.model_id]}, by ${model.organization_name}. Models without any offer are not in this list: ${number(models.size - byId("model").options.length)}.` : "";
  draw("offers-chart", standing.length ? offersChart(standing, ink()) : "Nobody sells it now.");
  draw("history-chart", stepsOf(told, byId("model-price").value));
  fill("offers-table", [
    { name: "Provider", of: row => row.label, className: "name" },
    { name: "Input", of: row => row.input, isNumber: true },
    { name: "Output", of: row => row.output, isNumber: true },
    { name: "Blended", of: row => row.blended, isNumber: true },
    { name: "× cheapest", of: row => number(row.times_cheapest, { maximumFractionDigits: 2 }), isNumber: true },
    { name: "Status", of: row => row.status },
    { name: "So since (UTC)", of: row => row.since, className: "when" },
  ], standing, 12, "No offer stands now.");
}

/** What the marks of an offer cannot say. */
function noteOn(row) {
  const missing = ["input", "output"].filter(kind => row[`${kind}_usd_per_mtok`] === null);
  return [
    missing.length === 2 ? "prices not published" : missing.length ? `${missing[0]} not published` : "",
    row.input_usd_per_mtok === 0 && row.output_usd_per_mtok === 0 ? "free" : "",
    row.is_available ? "" : row.status,
  ].filter(Boolean).join(", ");
}

/** The chart of a model's price history, or why there is none. An offer that was gone for a while leaves a gap. */
function stepsOf(rows, side) {
  const priced = rows.filter(row => row[side] !== null).sort((one, two) => one.valid_from - two.valid_from);
  if (!priced.length) return "No price was ever published.";
  const first = Math.min(...rows.map(row => row.valid_from)), last = Math.max(...rows.map(row => row.known_until));
  if (first === last) return `Fetched once, at ${utc(first)} UTC: the history begins here.`;
  const steps = priced.flatMap(row => {
    const gap = !priced.some(next => next.offer === row.offer && next.valid_from === row.known_until);
    return [
      { ...row, at: row.valid_from * 1000, price: row[side], isStart: true },
      { ...row, at: row.known_until * 1000, price: row[side], isStart: false },
      ...(gap ? [{ ...row, at: row.known_until * 1000, price: null, isStart: false }] : []),
    ];
  });
  return historyChart(steps, [...new Set(priced.map(row => row.label))].sort(), ink(), narrow.matches);
}

/* Leaderboard, changes, findings. */

function offerCategories() {
  const sizes = new Map();
  for (const row of tables.leaderboard) sizes.set(row.category, (sizes.get(row.category) ?? 0) + (row.rank !== null));
  const sorted = [...sizes].sort((one, two) => (two[0] === "overall") - (one[0] === "overall") || one[0].localeCompare(two[0]));
  const options = sorted.map(([category]) => [category, category]);
  choices("leaders-category", [
    { label: "Categories", options: options.filter(([category]) => sizes.get(category)) },
    { label: "Nobody is ranked: too few benchmarks", options: options.filter(([category]) => !sizes.get(category)) },
  ]);
}

function showLeaders() {
  const category = byId("leaders-category").value, scope = byId("leaders-scope").value;
  const rows = tables.leaderboard.filter(row => row.category === category && row.evidence_scope === scope);
  const ranked = rows.filter(row => row.rank !== null).length;
  byId("leaders-note").textContent = `${number(ranked)} of ${number(rows.length)} models ranked; a rank takes three comparable benchmarks.`;
  fill("leaders-table", [
    { name: "Rank", of: row => number(row.rank), isNumber: true },
    { name: "Model", of: row => element("span", { className: row.rank === null ? "aside" : "" }, modelNames.get(row.model_id)), className: "name" },
    { name: "Mean win rate", of: row => bar(row.mean_win_rate), className: "share" },
    { name: "Benchmarks", of: row => number(row.benchmark_count), isNumber: true },
    { name: "US$ / M tokens", of: row => usd(models.get(row.model_id).price_usd_per_mtok), isNumber: true },
  ], rows, 20, "No model has a score that counts here.");
}

function bar(part) {
  const made = element("i");
  made.style.setProperty("--share", part);
  return element("div", {}, share(part), made);
}

function showChanges() {
  fill("changes-table", [
    { name: "Found (UTC)", of: row => utc(row.changed_at), className: "when" },
    { name: "Change", of: row => row.change },
  ], tables.changes, 20, "Nothing changed.");
}

function showFindings() {
  const rules = groupBy(tables.findings, row => row.rule);
  byId("findings").replaceChildren(...[...rules].map(([rule, rows], place) => {
    const { finding_count: count, model_count: affected } = rows[0];
    const id = `findings-${place}`;
    const models_ = `${number(affected)} ${affected === 1 ? "model" : "models"}`;
    const summary = element("summary", {}, rule.replaceAll("_", " "), " ", element("span", {}, `${number(count)} in ${models_}${count > rows.length ? `, the first ${rows.length} here` : ""}`));
    const details = element("details", {}, summary, element("div", { id, className: "table" }));
    details.addEventListener("toggle", () => fill(id, [{ name: "Model", of: row => page.texts[row.model_id] }, { name: "Finding", of: row => row.detail }], rows, rows.length, ""));
    return details;
  }));
}

/** How long ago, from the day it is read. */
function showAge() {
  if (!byId("newest")) return;
  const hours = Math.round((Date.now() - Date.parse(byId("newest").dateTime)) / 3.6e6);
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (hours >= 0) byId("age").textContent = ` (${hours < 48 ? ago.format(-hours, "hour") : ago.format(-Math.round(hours / 24), "day")})`;
}

function showCharts() {
  showValue();
  showModel();
}

offerSubjects();
offerModels();
offerCategories();
showCharts();
showLeaders();
showChanges();
showFindings();
showAge();
byId("left-out").textContent = page.left_out.length ? `Left out of this page to keep it small: ${page.left_out.join("; ")}. The database has them.` : "";
for (const id of ["value-subject", "value-free"]) byId(id).addEventListener("change", showValue);
for (const id of ["model", "model-price"]) byId(id).addEventListener("change", showModel);
for (const id of ["leaders-category", "leaders-scope"]) byId(id).addEventListener("change", showLeaders);
for (const query of [dark, narrow]) query.addEventListener("change", showCharts);
