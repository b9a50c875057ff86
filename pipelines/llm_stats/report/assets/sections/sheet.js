/* Sheet of one model: its offers and all its scores. */

/** Return the model whose sheet is open: the chosen one, else the first selected one, or undefined. */
function sheetModel() {
  return models.get(modelsByText.get(state.sheet)) ?? selected()[0]?.model;
}

/** Show links to the sheets of the selected models, and of a model that is open but not selected. */
function showSheet() {
  const model = sheetModel();
  byId("sheet-body").hidden = !model;
  byId("sheet-title").textContent = model ? `Offers and scores of ${model.name}` : "Offers and scores";
  const tabs = selected().map(({ model: other }) => {
    const tab = element(
      "button",
      { type: "button", "aria-pressed": String(other === model) },
      swatch(other.model_id),
      truncate(other.name, 40),
    );
    tab.addEventListener("click", () => {
      choose({ sheet: texts[other.model_id] });
      byId("sheet-tabs").querySelector("[aria-pressed=true]").focus();
    });
    return tab;
  });
  byId("sheet-tabs").replaceChildren(...tabs);
  if (!model) {
    byId("sheet-note").textContent = "Select a model to see its offers and scores.";
    return draw("offers-chart", "");
  }
  const description = model.model_description ? ` ${model.model_description}` : "";
  byId("sheet-note").textContent = `${texts[model.model_id]}, by ${model.organization_name}.${description}`;
  showModelOffers(model);
  return showScores(model);
}

function showModelOffers(model) {
  const cost = offer => costOf(offer) ?? offer.blended_usd_per_mtok ?? Infinity;
  const offers = [...model.offers].sort(
    (one, two) => two.is_offered - one.is_offered || cost(one) - cost(two) || one.label.localeCompare(two.label, "en"),
  );
  const lowest = Math.min(...offers.filter(isPriced).map(costOf).filter(Boolean));
  draw("offers-chart", offers.length ? offersChart(offers.slice(0, MOST_OFFERS), model) : "No provider offers this model now.");
  showTable("offers-table", {
    caption: `Offers of ${model.name}, available and cheapest first`,
    file: `offers_${texts[model.model_id]}`,
    rows: offers,
    pageRows: 12,
    empty: "",
    columns: [
      {
        name: "Provider",
        value: offer => offer.label,
        className: "name",
        mark: offer => (offer.is_first_party ? element("small", {}, "maker") : null),
      },
      { name: "Input", value: offer => offer.input_usd_per_mtok, text: offer => usd(offer.input_usd_per_mtok), isNumber: true },
      {
        name: "Output",
        value: offer => offer.output_usd_per_mtok,
        text: offer => usd(offer.output_usd_per_mtok),
        isNumber: true,
      },
      {
        name: costUnit(),
        value: costOf,
        text: offer => usd(costOf(offer) ?? (workload() ? null : offer.blended_usd_per_mtok)),
        isNumber: true,
        mark: offerMark,
      },
      suspectColumn(offer => offer.suspect_reason),
      {
        name: "× cheapest",
        value: offer => (costOf(offer) ? costOf(offer) / lowest : null),
        text: offer =>
          costOf(offer) ? number(costOf(offer) / lowest, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : "–",
        isNumber: true,
        className: "spare",
      },
      {
        name: "Status",
        value: offer => (offer.is_available && !offer.is_offered ? "model left the catalog" : truncate(offer.status, 40)),
      },
      {
        name: "Since (UTC)",
        value: offer => utc(offer.valid_from),
        text: offer => day(offer.valid_from),
        className: "when spare",
      },
    ],
  });
}

function showScores(model) {
  const rows = model.scoreRows
    .map(place => rowAt("scores", place))
    .map(score => ({ ...score, benchmark: benchmarks.get(score.benchmark_id) }));
  const own = rows.filter(score => score.evidence === "self_reported").length;
  const doubtful = rows.filter(score => score.doubt).length;
  byId("scores-note").textContent = rows.length
    ? `${plural(rows.length, "score")}, ${number(own)} of them self-reported${doubtful ? `, ${number(doubtful)} marked as doubtful` : ""}. A rank is among all models with a score on the benchmark.`
    : "";
  showTable("scores-table", {
    caption: `Scores of ${model.name}`,
    file: `scores_${texts[model.model_id]}`,
    rows,
    empty:
      model.fetched_at === null
        ? "The record of this model has not been fetched, so its scores are unknown."
        : "This model has no score.",
    columns: [
      {
        name: "Benchmark",
        value: row => row.benchmark.name,
        className: "name",
        mark: row => element("small", {}, categoriesText(row.benchmark) ?? ""),
      },
      { name: "Category", value: row => categoriesText(row.benchmark), onlyCsv: true },
      {
        name: "Score",
        value: row => row.value,
        text: row => scoreText(row.value, row.benchmark),
        isNumber: true,
        isBestHigh: true,
        mark: scoreMark,
      },
      {
        name: "Rank",
        value: row => row.benchmark_rank,
        text: row =>
          row.benchmark_rank === null ? "–" : `${number(row.benchmark_rank)} of ${number(row.benchmark.model_count)}`,
        isNumber: true,
        mark: row => (row.benchmark.is_comparable ? null : mark("not comparable", row.benchmark.not_comparable_reason ?? "")),
      },
      { name: "Evidence", value: evidenceText, node: evidenceOf },
      { name: "Source", value: row => row.source_url, onlyCsv: true },
      { name: "Doubt", value: row => row.doubt && `${DOUBTS[row.doubt_rule]}: ${row.doubt}`, onlyCsv: true },
      { name: "Scored", value: row => row.scored_at && day(row.scored_at), className: "when spare" },
    ],
  });
}

const MOST_OFFERS = 20;

/** Return the chart of the offers of a model: a line from input to output price for each offer. An unpublished price has no mark; 0 has one. */
function offersChart(offers, model) {
  const described = offers.map(offer => ({
    label: truncate(offer.label, 40),
    input: offer.input_usd_per_mtok,
    output: offer.output_usd_per_mtok,
    end: Math.max(offer.input_usd_per_mtok ?? 0, offer.output_usd_per_mtok ?? 0),
    note: offerNote(offer),
    state: truncate(offer.status, 40) + suspicion(offer.suspect_reason),
    isFaint: !offer.is_offered,
    inputText: usd(offer.input_usd_per_mtok),
    outputText: usd(offer.output_usd_per_mtok),
  }));
  const kinds = ["input", "output"];
  const dots = ["output", "input"].flatMap(kind =>
    described
      .filter(offer => offer[kind] !== null)
      .map(offer => ({
        ...offer,
        kind,
        price: offer[kind],
        description: `${truncate(model.name, 60)} at ${offer.label}: ${kind} ${priced(offer[kind])}, ${offer.state}`,
      })),
  );
  const x = {
    type: "quantitative",
    title: USD,
    scale: { domain: [0, Math.max(...described.map(offer => offer.end)) || 1], nice: true },
    axis: { format: ",~r", tickCount: narrow.matches ? 4 : 6 },
  };
  const y = {
    field: "label",
    type: "nominal",
    title: null,
    scale: { domain: described.map(offer => offer.label) },
    axis: { labelLimit: 150, labelPadding: 12, ticks: false, domain: false, grid: true },
  };
  const tooltip = [
    { field: "label", title: "title" },
    { field: "inputText", title: `Input, ${USD}` },
    { field: "outputText", title: `Output, ${USD}` },
    { field: "state", title: "Status" },
  ];
  return {
    description: `Input and output price of ${offers.length} offers; the table below has the same figures`,
    data: { values: described },
    width: "container",
    height: 26 * offers.length,
    autosize,
    encoding: { y },
    layer: [
      {
        transform: [{ filter: "isValid(datum.input) && isValid(datum.output)" }],
        mark: { type: "rule", color: "var(--muted)", strokeWidth: 2, aria: false },
        encoding: { x: { ...x, field: "input" }, x2: { field: "output" }, tooltip },
      },
      {
        name: "points",
        data: { values: dots },
        mark: { type: "point", filled: true, opacity: 1 },
        encoding: {
          x: { ...x, field: "price" },
          tooltip,
          description: { field: "description" },
          size: { condition: { test: "datum.kind === 'input'", value: 55 }, value: 110 },
          color: { field: "kind", scale: { domain: kinds, range: ["var(--first)", "var(--second)"] }, legend: { title: null } },
          shape: { field: "kind", scale: { domain: kinds, range: ["circle", "square"] } },
          opacity: { condition: { test: "datum.isFaint", value: 0.45 }, value: 1 },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 9, color: "var(--soft)", fontSize: 12, aria: false },
        encoding: { x: { ...x, field: "end" }, text: { field: "note" } },
      },
    ],
  };
}

/** Return a note on missing, free and suspect prices and on the status, because the chart does not show them. */
function offerNote(offer) {
  const missing = ["input", "output"].filter(kind => offer[`${kind}_usd_per_mtok`] === null);
  return [
    missing.length === 2 ? "prices not published" : missing.length ? `${missing[0]} not published` : "",
    isFree(offer) ? "free" : "",
    offer.suspect_reason ? "suspect" : "",
    offer.is_offered ? "" : truncate(offer.is_available ? "model left the catalog" : offer.status, 40),
  ]
    .filter(Boolean)
    .join(", ");
}
