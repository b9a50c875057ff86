/* Leaderboard of the chosen category and evidence scope. */


/** Fill the select of categories, those with ranks of any evidence first. */
function fillCategories() {
  fillSelect("board", [{ label: "Categories", options: categoryNames.map(name => [name, categoryLabel(name)]) }]);
  byId("board").value = state.board;
}

/** Show in a `details` element which benchmarks count in a category; hide it without a category. */
function showCounted(id, category) {
  const column = state.scope === "all" ? "is_counted" : "is_counted_independent";
  const names = benchmarkCategories
    .filter(row => row.category === category && row[column])
    .map(row => benchmarks.get(row.benchmark_id).name);
  byId(id).hidden = !names.length;
  const summary = element("summary", {}, `${words(category)}: ${plural(names.length, "counted benchmark")}`);
  byId(id).replaceChildren(summary, note(names.join(", ")));
}

function showLeaders() {
  const category = state.board, { model_count: count, ranked_count: ranked, most_benchmarks: most } = totalsOf(category, state.scope);
  const rows = (boards.get(boardKey(category, state.scope)) ?? []).map(place => rowAt("leaderboard", place));
  const ranks = `${number(ranked)} of ${plural(count, "model")} with a score on a counted benchmark have a rank, which requires three of them. `,
    bars = element("span", { className: "spare" }, "The bar is the win rate; it is hatched if the model has few benchmarks. "),
    cost = `Cost of ${workloadText()}, at the cheapest available offer.`;
  byId("leaders-note").replaceChildren(...(rows.length ? [ranks, bars, cost] : []));
  showCounted("leaders-benchmarks", category);
  const cheapest = new Map();
  const offer = row => {
    if (!cheapest.has(row.model_id)) cheapest.set(row.model_id, pricedOffers(models.get(row.model_id))[0] ?? null);
    return cheapest.get(row.model_id);
  };
  showTable("leaders-table", {
    caption: `Leaderboard: ${words(category)}`, file: `leaderboard_${category}`, rows, empty: "No model has a comparable score in this category.",
    columns: [
      { name: "Rank", value: row => row.rank, text: row => number(row.rank), isNumber: true },
      { name: "Model", value: row => models.get(row.model_id).name, node: row => modelButton(row.model_id), className: "name", mark: row => coverageMark(row.benchmark_count, most) },
      { name: "Model id", value: row => texts[row.model_id], onlyCsv: true },
      { name: "Adjusted win rate", value: row => row.adjusted_win_rate, text: row => percent(row.adjusted_win_rate), isNumber: true, isBestHigh: true },
      { name: "", value: () => null, node: row => rateBar(row, most), className: "bars spare" },
      { name: "Bench\u00admarks", value: row => row.benchmark_count, text: row => `${number(row.benchmark_count)} of ${number(most)}`, isNumber: true, isBestHigh: true },
      { name: "Self-reported", value: row => row.self_reported_share, text: row => wholePercent(row.self_reported_share), isNumber: true, className: "spare" },
      { name: costUnit(), value: row => offer(row)?.cost ?? null, text: row => usd(offer(row)?.cost ?? null), isNumber: true, mark: row => offerMark(offer(row)?.offer) },
      lowestPriceColumn(row => row.model_id),
    ],
  });
}
