/* Comparison of the selected models: facts side by side, head-to-head, shared benchmarks. */

/** Return the facts of a model as [[label, value], …]; both are texts or nodes. */
function facts(model) {
  const yes = { 1: "yes", 0: "no" };
  const [cheapest] = pricedOffers(model);
  const board = boardRow(model.model_id, "overall", "all"),
    { ranked_count: ranked, most_benchmarks: most } = totalsOf("overall", "all");
  const links = [
    ["LLM Stats", model.upstream_url],
    ["paper", model.paper_url],
    ["weights", model.weights_url],
    ["repository", model.repo_url],
  ];
  const known = links.filter(([, address]) => address).flatMap(([text, address]) => [link(address, `${text} ↗`), " "]);
  const seen = model.fetched_at ?? model.listed_at;
  return [
    ["Organization", model.organization_name],
    ["License", `${model.license_name ?? "–"}; commercial use: ${yes[model.allow_commercial] ?? "unknown"}`],
    ["Open weight", yes[model.is_open_weight] ?? "unknown"],
    ["Modalities", model.modalities ?? "–"],
    ["Context window", model.context_window_tokens === null ? "–" : `${large(model.context_window_tokens)} tokens`],
    ["Parameters", large(model.param_count)],
    ["Released", model.release_date ?? "–"],
    [
      `Cheapest offer, ${costUnit()}`,
      cheapest
        ? element("span", {}, `${usd(cheapest.cost)} at ${cheapest.offer.label} `, offerMark(cheapest.offer) ?? "")
        : "no priced offer",
    ],
    [
      element("span", {}, "Cheapest paid price in the 7 days up to ", element("span", { className: "figure" }, `${day(asOf)},`), " US$ / M tokens"),
      [weekText(weekMove(model.model_id)), freeText(model.offers)].filter(Boolean).join("; "),
    ],
    [
      "Overall rank",
      board
        ? element(
            "span",
            {},
            `${board.rank === null ? "none" : `${number(board.rank)} of ${number(ranked)}`}; win rate ${percent(board.adjusted_win_rate)} `,
            coverageMark(board.benchmark_count, most) ?? "",
          )
        : "–",
    ],
    [
      "Benchmarks",
      board
        ? `${number(board.benchmark_count)} counted (at most ${number(most)}); ${wholePercent(board.self_reported_share)} self-reported`
        : model.unlisted_since === null
          ? "no counted score"
          : "not counted, because it left the catalog",
    ],
    [
      "Record",
      seen === null
        ? "not fetched"
        : `${model.fetched_at === null ? "listed" : "fetched"} ${day(seen)}, ${age(seen)}${model.unlisted_since ? `; left the catalog ${day(model.unlisted_since)}` : ""}`,
    ],
    ["Links", known.length ? element("span", {}, ...known) : "–"],
  ];
}

/** Format the move of a lowest price: `"2.83 → 2.76, ▼ 2.5 %"`.
 *
 * A price found later than 7 days ago has its date. If it is the first one, the text says that there is no history before it. */
function weekText(move) {
  if (!move) return "–";
  const { price, from, now, isHistoryShort } = move;
  if (isHistoryShort && day(from) === day(asOf) && price === now) return `${usd(now)}; no history yet, first seen ${day(from)}`;
  const since = !isHistoryShort && from > asOf - 7 * DAY ? ` (${day(from)})` : "",
    short = isHistoryShort ? `; no history yet before ${day(from)}` : "";
  if (price === now) return `${usd(now)}${since}, unchanged${short}`;
  return `${usd(price)}${since} → ${usd(now)}, ${changeText(changeOf(price, now))}${short}`;
}

/** Return since when one of the offers has been free: `"free since 2026-11-22"`; null if none is. */
function freeText(offers) {
  const free = offers.filter(it => it.is_offered && isFree(it));
  if (!free.length) return null;
  const first = free.reduce((one, two) => (two.valid_from < one.valid_from ? two : one));
  return `free since ${day(first.valid_from)}${first.is_initial ? " or earlier" : ""}`;
}

/** Return the row of a model on a leaderboard, or undefined. */
function boardRow(id, category, scope) {
  const place = (boards.get(boardKey(category, scope)) ?? []).find(row => columnsOf.leaderboard.model_id[row] === id);
  return place === undefined ? undefined : rowAt("leaderboard", place);
}

/** Return a heading cell with the name and the colour of a selected model. */
function modelHeading(id, scope = "col") {
  return element("th", { scope }, swatch(id), truncateMiddle(models.get(id).name, 40));
}

function showFacts() {
  const chosen = selected().map(({ model }) => model);
  byId("facts").replaceChildren(chosen.length ? factsTable(chosen) : note("Select models to compare them."));
  byId("head-to-head").hidden = chosen.length < 2;
  byId("shared").hidden = chosen.length < 2;
  if (chosen.length > 1) {
    byId("head-to-head-table").replaceChildren(headToHeadTable(chosen));
    showShared(chosen);
  }
}

function factsTable(chosen) {
  const all = chosen.map(facts);
  const rows = all[0].map(([label], line) =>
    element("tr", {}, element("th", { scope: "row" }, label), ...all.map(own => element("td", {}, own[line][1]))),
  );
  return scrollable(
    "Facts of the selected models",
    element(
      "table",
      { className: "side-by-side" },
      element("caption", { className: "visually-hidden" }, "Facts of the selected models"),
      element("thead", {}, element("tr", {}, element("td"), ...chosen.map(model => modelHeading(model.model_id)))),
      element("tbody", {}, ...rows),
    ),
  );
}

/** Return a table in a container that scrolls sideways, also with the keyboard. */
function scrollable(name, table) {
  return element("div", { className: "scroller", role: "region", "aria-label": name, tabIndex: 0 }, table);
}

/** Count wins, ties and losses of a model against another on the counted benchmarks that both have. */
function headToHead(model, opponent) {
  const { benchmark_id: ids, benchmark_rank: ranks } = columnsOf.scores;
  const own = new Map(
    model.scoreRows.filter(place => benchmarks.get(ids[place]).is_counted).map(place => [ids[place], ranks[place]]),
  );
  const result = { wins: 0, ties: 0, losses: 0 };
  for (const place of opponent.scoreRows) {
    const rank = own.get(ids[place]);
    if (rank !== undefined) result[rank < ranks[place] ? "wins" : rank > ranks[place] ? "losses" : "ties"] += 1;
  }
  return result;
}

function headToHeadTable(chosen) {
  const cell = (model, opponent) => {
    if (model === opponent) return element("td", {}, "·");
    const { wins, ties, losses } = headToHead(model, opponent);
    const counts = `${wins} : ${losses}${ties ? `, ${plural(ties, "tie")}` : ""}`;
    return element("td", { className: wins > losses ? "won" : "" }, wins + ties + losses ? counts : "none shared");
  };
  const rows = chosen.map(model =>
    element("tr", {}, modelHeading(model.model_id, "row"), ...chosen.map(opponent => cell(model, opponent))),
  );
  return scrollable(
    "Head-to-head",
    element(
      "table",
      {},
      element("caption", { className: "visually-hidden" }, "Wins and losses of the model of the row against that of the column"),
      element("thead", {}, element("tr", {}, element("td"), ...chosen.map(model => modelHeading(model.model_id)))),
      element("tbody", {}, ...rows),
    ),
  );
}

/** Show the benchmarks on which at least two of the models have a score. */
function showShared(chosen) {
  const places = new Map();
  for (const model of chosen) {
    for (const place of model.scoreRows) {
      const id = columnsOf.scores.benchmark_id[place];
      if (!places.has(id)) places.set(id, new Map());
      places.get(id).set(model, place);
    }
  }
  const rows = [...places]
    .filter(([, own]) => own.size > 1)
    .map(([id, own]) => ({
      benchmark: benchmarks.get(id),
      scores: new Map([...own].map(([model, place]) => [model, rowAt("scores", place)])),
    }));
  rows.sort((one, two) => two.scores.size - one.scores.size || two.benchmark.model_count - one.benchmark.model_count);
  for (const row of rows) row.best = Math.min(...[...row.scores.values()].map(score => score.benchmark_rank ?? Infinity));
  const value = (row, model) => row.scores.get(model)?.value ?? null;
  const shown = (row, model) => {
    const score = row.scores.get(model);
    if (!score) return "–";
    const text = scoreText(score.value, row.benchmark);
    const isBest = score.benchmark_rank !== null && score.benchmark_rank === row.best;
    const value = element(isBest ? "b" : "span", { className: "figure" }, link(score.source_url, text));
    const evidence = element("small", {}, evidenceText(score));
    return element("span", {}, value, " ", evidence, " ", scoreMark(score) ?? "");
  };
  showTable("shared-table", {
    caption: "Benchmarks that at least two of the selected models share; the best score is bold",
    file: "shared_benchmarks",
    rows,
    empty: "The selected models share no benchmark.",
    columns: [
      { name: "Benchmark", value: row => row.benchmark.name, className: "name" },
      { name: "Category", value: row => categoriesText(row.benchmark), className: "spare" },
      ...chosen.map(model => ({
        name: truncateMiddle(model.name, 40),
        value: row => value(row, model),
        text: row => (row.scores.has(model) ? scoreText(value(row, model), row.benchmark) : "–"),
        node: row => shown(row, model),
        isNumber: true,
        isBestHigh: true,
      })),
    ],
  });
}
