/* Sections of the page, one function each, and the selects that redraw them. */

const models = new Map(tables.models.map(model => [model.model_id, model]));
const benchmarks = new Map(tables.benchmarks.map(benchmark => [benchmark.benchmark_id, benchmark]));
const modelNames = disambiguate(tables.models.map(model => [model.model_id, model.model_name]));
const benchmarkNames = disambiguate(tables.benchmarks.map(benchmark => [benchmark.benchmark_id, benchmark.benchmark_name]));

/* Price against score. */

/** Fill the select of scores; its values are `category math` and `benchmark 17`. */
function fillSubjects() {
  const categories = [...groupBy(tables.category_points, point => point.category).keys()];
  const counted = [...groupBy(tables.benchmark_points, point => point.benchmark_id)];
  fillSelect("value-subject", [
    { label: "Adjusted win rate in a category", options: categories.map(name => [`category ${name}`, name]) },
    {
      label: "Benchmark · models with a price",
      options: counted.map(([id, points]) => [`benchmark ${id}`, `${benchmarkNames.get(id)} · ${number(points.length)}`]),
    },
  ]);
}

/** Return the selected category or benchmark: points, title, direction and format of a value. */
function selectedSubject() {
  const [kind, key] = byId("value-subject").value.split(/ (.*)/s);
  if (kind !== "benchmark") {
    const points = tables.category_points.filter(point => point.category === key);
    return { points, title: `Adjusted win rate, ${truncate(key ?? "", 40)}, 0 to 1`, isLowerBetter: false, written: share };
  }
  const { benchmark_id: id, scale, is_lower_better: isLowerBetter } = benchmarks.get(Number(key));
  const unit = scale === "normalized" ? "normalized, 0 to 1" : "in its own unit";
  const points = tables.benchmark_points.filter(point => point.benchmark_id === id);
  return { points, title: `${truncate(benchmarkNames.get(id), 48)}, ${unit}`, isLowerBetter, written: value => number(value) };
}

function showValue() {
  const { points, title, isLowerBetter, written } = selectedSubject();
  const countsFree = byId("value-free").checked, side = countsFree ? "" : "paid_";
  const placed = points.map(point => {
    const model = models.get(point.model_id);
    return {
      model: truncate(modelNames.get(point.model_id), 60),
      organization: truncate(model.organization_name, 60),
      provider: truncate(model[`${side}provider_names`] ?? "", 80),
      price: model[`${side}price_usd_per_mtok`],
      reason: model[`${side}suspect_reason`],
      value: point.value,
      isFrontier: Boolean(countsFree ? point.is_pareto : point.is_pareto_paid),
    };
  }).filter(point => point.price !== null).map(point => ({ ...point, description: describePoint(point, written) }))
    .sort((one, two) => one.price - two.price || two.value - one.value);
  const frontier = placed.filter(point => point.isFrontier), others = placed.filter(point => !point.isFrontier);
  const chart = () => valueChart([...others, ...frontier], title, isLowerBetter, ink(), narrow.matches);
  draw("value-chart", placed.length ? chart() : "No model has both a price and a score here.", spec => labelled(spec, ink()));
  const offer = `that of the cheapest available offer${countsFree ? "" : " that is not free"}`;
  byId("value-note").textContent = placed.length
    ? `Blue: the frontier, ${number(frontier.length)} of the ${number(placed.length)} models shown. The price is ${offer}.`
      + (placed.some(point => point.reason) ? " Triangles: suspect prices." : "")
    : "";
  renderTable("value-table", [
    { name: "Model, the frontier first", of: row => named(row.model, row.provider, row.isFrontier), className: "name" },
    { name: "US$ / M tokens", of: row => markedPrice(row.price, row.reason), className: "number" },
    { name: "Score", of: row => written(row.value), className: "number" },
  ], [...frontier, ...others], Math.max(frontier.length, 1), "");
}

/** Return the description of a point for screen readers. */
function describePoint({ model, organization, provider, price, reason, value, isFrontier }, written) {
  const cost = `${priced(price)}${suspicion(reason)} at ${provider}`;
  return `${model} by ${organization}: ${cost}, score ${written(value)}${isFrontier ? ", on the frontier" : ""}`;
}

/** Return a name followed by a detail in small print. */
function named(name, detail, isStrong) {
  return element("span", { className: isStrong ? "" : "aside" }, name, " ", element("small", {}, detail));
}

/* One model. */

/** Fill the select of models; the model with the most price rows is selected first. */
function fillModels() {
  const priced = [...groupBy(tables.prices, row => row.model_id)];
  const sorted = priced.map(([id]) => [id, modelNames.get(id)]).sort((one, two) => one[1].localeCompare(two[1]));
  fillSelect("model", [{ label: "Models with an offer, now or before", options: sorted }]);
  if (priced.length) byId("model").value = priced.reduce((best, next) => next[1].length > best[1].length ? next : best)[0];
}

function showModel() {
  const chosen = byId("model").value;
  const offers = chosen === "" ? [] : describeOffers(tables.prices.filter(row => row.model_id === Number(chosen)));
  const price = row => row.blended_usd_per_mtok ?? Number.MAX_VALUE;
  const standing = offers.filter(row => row.is_current)
    .sort((one, two) => two.is_available - one.is_available || price(one) - price(two) || one.label.localeCompare(two.label));
  const unlisted = models.size - byId("model").options.length;
  const without = unlisted ? ` ${number(unlisted)} ${unlisted === 1 ? "model has" : "models have"} no offer and cannot be selected.` : "";
  const suspect = standing.map(row => row.suspect_reason && ` Suspect at ${row.label}: ${row.suspect_reason}.`);
  byId("model-note").textContent = chosen === "" ? ""
    : `${page.texts[chosen]}, by ${models.get(Number(chosen)).organization_name}.${without}${suspect.join("")}`;
  draw("offers-chart", standing.length ? offersChart(standing, ink()) : "No provider offers this model now.");
  draw("history-chart", priceHistory(offers, byId("model-price").value));
  renderTable("offers-table", [
    { name: "Provider", of: row => row.label, className: "name" },
    { name: "Input", of: row => row.input, className: "number" },
    { name: "Output", of: row => row.output, className: "number" },
    { name: "Blended", of: row => markedPrice(row.blended_usd_per_mtok, row.suspect_reason), className: "number" },
    { name: "× cheapest", of: row => number(row.price_ratio_to_cheapest, { maximumFractionDigits: 2 }), className: "number spare" },
    { name: "Status", of: row => row.status },
    { name: "Since (UTC)", of: row => row.since, className: "when spare" },
  ], standing, 12, "");
}

/** Add the labels for charts and table to the price rows of one model. Each provider gets its latest name. */
function describeOffers(rows) {
  const latest = new Map([...rows].reverse().map(row => [row.provider_id, truncate(row.provider_name, 40)]));
  const names = disambiguate([...latest]);
  return rows.map(row => ({
    ...row,
    offer: `${row.provider_id} ${row.offer_number}`,
    label: names.get(row.provider_id) + (row.offer_number > 1 ? ` (no. ${row.offer_number})` : ""),
    end: Math.max(row.input_usd_per_mtok ?? 0, row.output_usd_per_mtok ?? 0),
    input: usd(row.input_usd_per_mtok),
    output: usd(row.output_usd_per_mtok),
    blended: usd(row.blended_usd_per_mtok),
    status: truncate(row.status, 40),
    state: truncate(row.status, 40) + suspicion(row.suspect_reason),
    since: utc(row.valid_from),
    note: offerNote(row),
    subject: `${truncate(modelNames.get(row.model_id), 60)} at ${names.get(row.provider_id)}`,
  }));
}

/** Return a note on missing, free and suspect prices and on the status, because the chart does not show them. */
function offerNote(row) {
  const missing = ["input", "output"].filter(kind => row[`${kind}_usd_per_mtok`] === null);
  return [
    missing.length === 2 ? "prices not published" : missing.length ? `${missing[0]} not published` : "",
    row.input_usd_per_mtok === 0 && row.output_usd_per_mtok === 0 ? "free" : "",
    row.suspect_reason ? "suspect" : "",
    row.is_available ? "" : truncate(row.status, 40),
  ].filter(Boolean).join(", ");
}

/** Return the chart of a model's price history, or a text if there is none. A time without the offer is a gap. */
function priceHistory(offers, side) {
  const known = offers.filter(row => row[side] !== null).sort((one, two) => one.valid_from - two.valid_from);
  if (!known.length) return "No price of this kind has been published.";
  const first = Math.min(...offers.map(row => row.valid_from)), last = Math.max(...offers.map(row => row.known_until));
  if (first === last) return `Seen once, at ${utc(first)} UTC: there is no history yet.`;
  const describe = row => `${row.subject}: ${side.split("_")[0]} ${priced(row[side])}, ${row.state}, since ${row.since} (UTC)`;
  const steps = known.flatMap(row => {
    const goesOn = known.some(next => next.offer === row.offer && next.valid_from === row.known_until);
    const end = { ...row, at: row.known_until * 1000, price: row[side], isStart: false };
    const start = { ...end, at: row.valid_from * 1000, isStart: true, description: describe(row) };
    return [start, end, ...(goesOn ? [] : [{ ...end, price: null }])];
  });
  return historyChart(steps, [...new Set(known.map(row => row.label))].sort(), ink(), narrow.matches);
}

/* Leaderboard, changes, findings, age. */

/** Fill the select of categories, those with ranks first. */
function fillCategories() {
  const byCategory = groupBy(tables.leaderboard, row => row.category);
  const hasRanks = category => byCategory.get(category).some(row => row.rank !== null);
  const names = [...byCategory.keys()];
  const options = categories => categories.map(category => [category, category]);
  fillSelect("leaders-category", [
    { label: "Categories", options: options(names.filter(hasRanks)) },
    { label: "Too few benchmarks for a rank", options: options(names.filter(category => !hasRanks(category))) },
  ]);
}

function showLeaders() {
  const category = byId("leaders-category").value, scope = byId("leaders-scope").value;
  const rows = tables.leaderboard.filter(row => row.category === category && row.evidence_scope === scope);
  const ranks = `${number(rows.filter(row => row.rank !== null).length)} of ${number(rows.length)} models have a rank`;
  byId("leaders-note").textContent = `${ranks}, which requires three comparable benchmarks. Prices: the cheapest offer, blended.`;
  renderTable("leaders-table", [
    { name: "Rank", of: row => number(row.rank), className: "number" },
    { name: "Model", of: row => named(modelNames.get(row.model_id), "", row.rank !== null), className: "name" },
    { name: "Adjusted win rate", of: row => bar(row.adjusted_win_rate), className: "share" },
    { name: "Bench\u00admarks", of: row => number(row.benchmark_count), className: "number" },
    {
      name: "US$ / M tokens", className: "number",
      of: ({ model_id: id }) => markedPrice(models.get(id).price_usd_per_mtok, models.get(id).suspect_reason),
    },
  ], rows, 20, "No model has a comparable score in this category.");
}

function bar(part) {
  const made = element("i");
  made.style.setProperty("--share", part);
  return element("div", {}, share(part), made);
}

function showChanges() {
  renderTable("changes-table", [
    { name: "Found (UTC)", of: row => utc(row.changed_at), className: "when" },
    { name: "Change", of: row => row.change },
  ], tables.changes, 20, "Nothing changed.");
}

/** Show each rule as a collapsed section, whose table is created when it is opened. */
function showFindings() {
  byId("findings").replaceChildren(...[...groupBy(tables.findings, row => row.rule)].map(([rule, rows], index) => {
    const { finding_count: count, model_count: affected } = rows[0];
    const counts = `${number(count)} in ${number(affected)} ${affected === 1 ? "model" : "models"}`;
    const cut = count > rows.length ? `, the first ${rows.length} below` : "";
    const summary = element("summary", {}, rule.replaceAll("_", " "), " ", element("span", {}, counts + cut));
    const details = element("details", {}, summary, element("div", { id: `findings-${index}`, className: "table" }));
    const columns = [{ name: "Model", of: row => page.texts[row.model_id], className: "name" }, { name: "Finding", of: row => row.detail }];
    details.addEventListener("toggle", () => renderTable(`findings-${index}`, columns, rows, rows.length, ""));
    return details;
  }));
}

/** Add to each time in the header its age when the page is opened: ` (3 hours ago)`. */
function showAges() {
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const time of document.querySelectorAll("time")) {
    const hours = Math.round((Date.now() - Date.parse(time.dateTime)) / 3.6e6);
    if (hours >= 0) time.append(` (${hours < 48 ? ago.format(-hours, "hour") : ago.format(-Math.round(hours / 24), "day")})`);
  }
}

function showCharts() {
  showValue();
  showModel();
}

fillSubjects();
fillModels();
fillCategories();
showCharts();
showLeaders();
showChanges();
showFindings();
showAges();
byId("left-out").textContent = page.left_out.length ? `Left out to keep the page small: ${page.left_out.join("; ")}.` : "";
for (const id of ["value-subject", "value-free"]) byId(id).addEventListener("change", showValue);
for (const id of ["model", "model-price"]) byId(id).addEventListener("change", showModel);
for (const id of ["leaders-category", "leaders-scope"]) byId(id).addEventListener("change", showLeaders);
for (const query of [dark, narrow]) query.addEventListener("change", showCharts);
