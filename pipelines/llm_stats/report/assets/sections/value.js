/* Cost against score: choices, chart, and the table of offers. */

const FEW = 3; // models with a price
const RANKED = 3; // benchmarks that a rank requires

/** Return a category in words, and whether it has no ranks with the chosen evidence. */
function categoryLabel(category) {
  return words(category) + (totalsOf(category, state.scope).ranked_count ? "" : " · no ranks");
}

/** Fill the select of scores; benchmarks with fewer than 3 priced models are listed only on request. */
function fillSubjects() {
  const comparable = [...benchmarks.values()].filter(benchmark => benchmark.is_comparable && benchmark.priced_model_count);
  const many = comparable.filter(benchmark => benchmark.priced_model_count >= FEW);
  const few = comparable.filter(benchmark => benchmark.priced_model_count < FEW);
  const option = it => [`benchmark ${texts[it.benchmark_id]}`, `${it.name} · ${number(it.priced_model_count)}`];
  const isFewChosen = few.some(it => `benchmark ${texts[it.benchmark_id]}` === state.score);
  fillSelect("score", [
    { label: "Adjusted win rate in a category", options: categoryNames.map(name => [`category ${name}`, categoryLabel(name)]) },
    { label: "Benchmark · models with a price", options: many.map(option) },
    { label: `Fewer than ${FEW} models with a price`, options: state.few || isFewChosen ? few.map(option) : [] },
  ]);
  byId("score").value = state.score;
  byId("few-count").textContent = number(few.length);
}

/** Fill the filters with the values that exist. */
function fillFilters() {
  const sorted = pairs => [...new Map(pairs)].sort((one, two) => one[1].localeCompare(two[1], "en"));
  const all = [...models.values()];
  const any = text => ({ label: "", options: [["", text]] });
  const choices = options => ({ label: "Only", options });
  fillSelect("organization", [
    any("any organization"),
    choices(sorted(all.map(it => [texts[it.organization_id], it.organization_name]))),
  ]);
  fillSelect("provider", [
    any("any provider"),
    choices(sorted(rowsOf("providers").map(it => [texts[it.provider_id], it.provider_name]))),
  ]);
  const modalities = new Set(all.flatMap(it => (it.modalities ? it.modalities.split(", ") : [])));
  fillSelect("modality", [any("any modality"), choices([...modalities].sort().map(name => [name, words(name)]))]);
}

/** Fill the select "as good as" with the selected models, and say which of them have no rank or score here. */
function fillLike() {
  const scored = new Set(subject().entries.map(entry => entry.id)),
    ids = new Set(selected().map(({ model }) => model.model_id));
  if (state.like) ids.add(modelsByText.get(state.like));
  const option = id => {
    const isScored = scored.has(id);
    return [texts[id], `as good as ${truncate(models.get(id).name, 30)}${isScored ? "" : ": no rank or score"}`];
  };
  fillSelect("like", [{ label: "", options: [["", "any score"], ...[...ids].map(option)] }]);
  byId("like").value = state.like;
}

let shownAnswer = null;

/** Show the answer to the choices; if only the selected models changed, redraw only the chart. */
function showValue(changed = new Set()) {
  const isSame = shownAnswer && [...changed].join() === "models";
  shownAnswer = isSame ? shownAnswer : answer();
  const { about, limit, isUnknown, points, good } = shownAnswer;
  const frontier = points.filter(point => point.isFrontier).length;
  byId("value-heading").textContent =
    `${about.title}${about.isLowerBetter ? " (lower is better, so the axis is reversed)" : ""}, against ${workload() ? "cost" : "price"}`;
  const onClick = datum =>
    datum.key !== undefined &&
    (touch.matches
      ? pinCard(
          points.find(point => point.id === datum.key),
          about,
        )
      : toggleModel(datum.key));
  draw("value-chart", points.length ? valueChart(points, about, limit) : noPoints(about), { patch: labelled, onClick });
  if (isSame) return;
  byId("min").disabled = Boolean(state.like);
  byId("min").min = about.isPercent ? "0" : "";
  markInvalid(byId("min"));
  byId("min-unit").textContent = about.isPercent ? "%" : "";
  byId("value-note").textContent = valueNote(about, limit, points, good, frontier);
  showCounted("value-benchmarks", about.benchmark ? "" : state.score.replace("category ", ""));
  byId("value-card").hidden = true;
  byId("value-answer").replaceChildren(...(isUnknown ? unknownText(about) : good.length ? answerText(shownAnswer) : closestText(shownAnswer)));
  showOffers(about, good, isUnknown);
}

/** Return why there is nothing to draw. */
function noPoints({ entries, benchmark }) {
  if (entries.length) return "No model with a price and a score meets the filters.";
  if (benchmark) return "No model has a verified or third-party score here.";
  return "No model has a rank here. A rank requires three comparable benchmarks.";
}

/** Return why no model is known to be good enough: the model to compare with has no score here, or no rank. */
function unknownText({ category, title }) {
  const id = modelsByText.get(state.like),
    advice = "choose another model, or any score and a minimum";
  const name = truncate(models.get(id).name, 60);
  if (category === undefined) return [`${name} has no score in ${title}; ${advice}.`];
  if (models.get(id).unlisted_since !== null) return [`${name} has no rank, because it left the catalog; ${advice}.`];
  const counted = scoredBenchmarks(id, category, true),
    others = scoredBenchmarks(id, category, false);
  const kind = state.scope === "all" ? "" : "verified or third-party ",
    needed = `${number(counted.length)} of the ${RANKED} counted ${kind}benchmarks needed`,
    more = others.length ? `, and in ${number(others.length)} that ${others.length > 1 ? "are" : "is"} not counted` : "";
  const buttons = benchmarkButtons([...counted, ...others].filter(it => it.is_comparable));
  return [`${name} has no rank in ${words(category)}: it has scores in ${needed}${more}; ${advice}`, ...buttons, "."];
}

/** Return the benchmarks of a category in which a model has a score, either the counted ones or the others. */
function scoredBenchmarks(id, category, isCounted) {
  const column = state.scope === "all" ? "is_counted" : "is_counted_independent",
    { benchmark_id: ids } = columnsOf.scores;
  const scored = new Set(
    models
      .get(id)
      .scoreRows.filter(isInScope)
      .map(place => ids[place]),
  );
  return benchmarkCategories
    .filter(row => row.category === category && Boolean(row[column]) === isCounted && scored.has(row.benchmark_id))
    .map(row => benchmarks.get(row.benchmark_id));
}

/** Return buttons that choose one of the first five benchmarks, each after a comma. */
function benchmarkButtons(found) {
  return found.slice(0, 5).flatMap(benchmark => {
    const button = element("button", { type: "button", className: "link" }, `compare on ${benchmark.name} instead`);
    button.addEventListener("click", () => {
      choose({ score: `benchmark ${texts[benchmark.benchmark_id]}` });
      byId("score").focus();
    });
    return [", or ", button];
  });
}

/** Return the answer in one sentence: the cheapest model that is good enough. */
function answerText({ about, limit, good }) {
  const [point] = good,
    { model, offer, cost } = point;
  const count = plural(good.length, "model");
  return [
    limit === null ? `No minimum is set. The cheapest of ${count}: ` : `The cheapest of ${count} that are good enough: `,
    element("strong", {}, model.name),
    ` at ${offer.label}, ${costText(cost)}${missingHalf()}. `,
    ...pointMarks(point, about),
  ];
}

/** Return the marks of the price and the score of a model, with spaces between them. */
function pointMarks(point, { most }) {
  const marks = [offerMark(point.offer), scoreMark(scoreOf(point)), coverageMark(point.benchmarkCount, most)];
  return marks.flatMap(made => (made ? [made, " "] : []));
}

/** Return that no model reaches the minimum, and which one is closest; nothing if there is no model. */
function closestText({ about, limit, points }) {
  if (!points.length) return [];
  const isCloser = (one, two) => (about.isLowerBetter ? one.value < two.value : one.value > two.value);
  const closest = points.reduce((best, point) => (isCloser(point, best) ? point : best)),
    { model, offer, value, cost } = closest;
  return [
    `None reaches ${about.text(limit)}; closest: `,
    element("strong", {}, model.name),
    `, ${about.text(value)}, at ${offer.label}, ${costText(cost)}${missingHalf()}. `,
    ...pointMarks(closest, about),
  ];
}

/** Return the note below the chart: what is shown and what is not. */
function valueNote(about, limit, points, good, frontier) {
  if (!about.entries.length) return "";
  const shares = about.entries.filter(entry => entry.scorePlace !== undefined);
  const own = shares.filter(entry => texts[columnsOf.scores.evidence[entry.scorePlace]] === "self_reported").length;
  const only = filterText(),
    { model_count: scored, ranked_count: ranked } = totalsOf(about.category, state.scope),
    unranked = scored - ranked;
  return [
    `Cost of ${workloadText()}, at the cheapest available offer.`,
    only && `Filters: ${only}.`,
    points.length
      ? `${number(points.length)} of ${plural(about.entries.length, about.benchmark ? "scored model" : "ranked model")} have a price and meet the filters; blue: the ${number(frontier)} of the frontier.`
      : "",
    limit === null ? "" : `${number(good.length)} of them reach ${about.text(limit)}, the dashed line; dots of the others are hollow.`,
    unranked
      ? `${plural(unranked, "model")} with a score in ${words(about.category)} ${unranked > 1 ? "have" : "has"} no rank and ${unranked > 1 ? "are" : "is"} not considered.`
      : "",
    points.some(point => point.offer.suspect_reason) ? "Triangles: suspect prices; they do not stretch the axis." : "",
    points.some(point => scoreOf(point)?.doubt) ? "Squares: doubtful scores." : "",
    points.some(point => fewBenchmarks(point.benchmarkCount, about.most)) ? "Diamonds: few benchmarks." : "",
    points.length > MOST_DOTS ? "Dots that would cover each other are drawn as one; the table has all." : "",
    shares.length ? `${number(own)} of ${number(shares.length)} scores are self-reported.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** Show the offers of the models that are good enough, cheapest first. */
function showOffers(about, good, isUnknown) {
  const rows = good.flatMap(point =>
    state.every
      ? point.offers.map(({ offer, cost }, place) => ({ point, offer, cost, place }))
      : { point, offer: point.offer, cost: point.cost, place: 0 },
  );
  if (state.every) rows.sort((one, two) => one.cost - two.cost);
  showTable("value-table", {
    caption: "Offers that meet the choices, cheapest first",
    file: "offers",
    rows,
    empty: about.entries.length && !isUnknown ? "No offer meets the filters. Remove a filter, or lower the minimum." : "",
    columns: [
      {
        name: "Model",
        value: row => row.point.model.name,
        node: row => modelButton(row.point.id),
        className: "name",
        mark: row => (row.place === 0 && row.point.isFrontier ? element("small", { className: "frontier" }, "frontier") : null),
      },
      { name: "Model id", value: row => texts[row.point.id], onlyCsv: true },
      { name: "Provider", value: row => row.offer.label },
      { name: costUnit(), value: row => row.cost, text: row => usd(row.cost), isNumber: true, mark: row => offerMark(row.offer) },
      suspectColumn(row => row.offer.suspect_reason),
      {
        name: "Score",
        value: row => row.point.value,
        text: row => about.text(row.point.value),
        isNumber: true,
        isBestHigh: true,
        mark: row => (about.benchmark ? scoreMarks(scoreOf(row.point)) : coverageMark(row.point.benchmarkCount, about.most)),
      },
      {
        name: "Context",
        value: row => row.point.model.context_window_tokens,
        text: row => large(row.point.model.context_window_tokens),
        isNumber: true,
        isBestHigh: true,
        className: "spare",
      },
      ownPriceColumn(row => row.offer),
      about.benchmark
        ? {
            name: "Evidence",
            value: row => evidenceText(scoreOf(row.point)),
            node: row => evidenceOf(scoreOf(row.point)),
            className: "spare",
          }
        : {
            name: "License",
            value: row => row.point.model.license_name,
            text: row => truncate(row.point.model.license_name ?? "–", 22),
            className: "spare roomy",
          },
    ],
  });
}

/** Return the evidence of a score, which is shown if the table is too narrow for its column, and its mark. */
function scoreMarks(score) {
  const evidence = element("small", { className: "narrow" }, evidenceText(score));
  return element("span", {}, evidence, " ", scoreMark(score) ?? "");
}

/** Show a card with the facts of a tapped dot, which stays until it is closed. */
function pinCard(point, about) {
  const card = byId("value-card");
  const close = element("button", { type: "button", "aria-label": "Close" }, "×");
  close.addEventListener("click", () => {
    card.hidden = true;
  });
  const score = scoreOf(point),
    evidence = score ? `, ${evidenceText(score)}` : "";
  const text = `${costText(point.cost)} at ${point.offer.label}; score ${about.text(point.value)}${evidence}.`;
  card.replaceChildren(
    element("p", {}, modelButton(point.id), " ", element("small", {}, point.model.organization_name)),
    element("p", {}, text, " ", ...pointMarks(point, about)),
    close,
  );
  card.hidden = false;
}
