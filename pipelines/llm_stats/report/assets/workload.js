/* The reader's question: cost of a workload, filters, scores with a threshold, and the frontier. */

/** Return a number that the reader entered, or null if it is missing, not a number or less than the lowest possible one. */
function entered(text, lowest = 0) {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= lowest ? value : null;
}

/** Return the workload in millions of tokens a month, {input, output}, or null: then costs are blended prices. */
function workload() {
  const input = entered(state.input) ?? 0,
    output = entered(state.output) ?? 0;
  return input || output ? { input, output } : null;
}

/** Return the half of the workload that the reader has not entered: `" (output: 0)"`, or `""`. */
function missingHalf() {
  if (!workload()) return "";
  const missing = ["input", "output"].find(half => entered(state[half]) === null);
  return missing ? ` (${missing}: 0)` : "";
}

/** Return the unit of a cost. */
function costUnit() {
  return workload() ? "US$ a month" : "US$ / M tokens";
}

/** Format a cost with its unit: `"620.00 US$ a month"`, `"free"`. */
function costText(cost) {
  return cost === 0 ? usd(cost) : `${usd(cost)} ${costUnit()}`;
}

/** Return the workload in words: `"50 M input and 10 M output tokens a month"`, `"50 M input tokens a month (output: 0)"`. */
function workloadText() {
  const load = workload();
  if (!load) return "one million tokens, input and output weighed 3 : 1";
  const halves = Object.keys(load).filter(half => entered(state[half]) !== null);
  return `${halves.map(half => `${number(load[half])} M ${half}`).join(" and ")} tokens a month${missingHalf()}`;
}

/** Return whether an offer is available and both its prices are known. */
function isPriced(offer) {
  return Boolean(offer.is_offered) && offer.blended_usd_per_mtok !== null;
}

/** Return what the workload costs with an offer, or null. Rounding makes costs that are equal on paper equal. */
function costOf(offer) {
  if (!isPriced(offer)) return null;
  const load = workload();
  if (!load) return offer.blended_usd_per_mtok;
  return Number((load.input * offer.input_usd_per_mtok + load.output * offer.output_usd_per_mtok).toPrecision(10));
}

/** Return whether a model meets the filters that concern the model itself. */
function meetsFilters(model) {
  if (state.open && !model.is_open_weight) return false;
  if (state.commercial && !model.allow_commercial) return false;
  if (state.organization && texts[model.organization_id] !== state.organization) return false;
  if (state.modality && !(model.modalities ?? "").split(", ").includes(state.modality)) return false;
  if (state.context && !(model.context_window_tokens >= Number(state.context))) return false;
  return !state.released || (model.release_date ?? "") >= state.released;
}

const costCache = { key: null, offers: new Map() };

/** Return the filters that are set, in words: `"open weight, context at least 128 K"`, or `""`. */
function filterText() {
  const shown = id => byId(id).selectedOptions[0]?.textContent ?? "";
  return [
    state.open && "open weight",
    state.commercial && "commercial license",
    state.organization && shown("organization"),
    state.provider && `offered by ${shown("provider")}`,
    state.modality && shown("modality").toLowerCase(),
    state.context && `context ${shown("context")}`,
    state.released && `released since ${state.released}`,
    !state.free && "no free offers",
    state.scope !== "all" && "verified and third-party only",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Return the priced offers of a model as [{offer, cost}, …], cheapest first. They are computed once for each workload. */
function pricedOffers(model) {
  const key = `${state.input} ${state.output}`;
  if (costCache.key !== key) Object.assign(costCache, { key, offers: new Map() });
  let found = costCache.offers.get(model);
  if (!found) {
    found = model.offers
      .filter(isPriced)
      .map(offer => ({ offer, cost: costOf(offer) }))
      .sort((one, two) => one.cost - two.cost);
    costCache.offers.set(model, found);
  }
  return state.free ? found : found.filter(({ cost }) => cost !== 0);
}

/** Return the priced offers of a model that meet the filters, cheapest first. */
function matchingOffers(model) {
  const offers = pricedOffers(model);
  return state.provider ? offers.filter(({ offer }) => texts[offer.provider_id] === state.provider) : offers;
}

/** Return whether the chosen evidence includes a score, by its place. */
function isInScope(place) {
  return state.scope === "all" || texts[columnsOf.scores.evidence[place]] !== "self_reported";
}

/** Return the chosen category or benchmark: title, direction, format of a value, and values as [{id, value, …}, …].
 *
 * A value of a benchmark has its `scorePlace`; one of a category has its `benchmarkCount`, of which `most` is the largest. */
function subject() {
  const [kind, key] = state.score.split(/ (.*)/s);
  const benchmark = kind === "benchmark" && [...benchmarks.values()].find(it => texts[it.benchmark_id] === key);
  if (benchmark) {
    const { model_id: ids, value: values } = columnsOf.scores;
    return {
      benchmark,
      title: benchmark.name,
      isLowerBetter: Boolean(benchmark.is_lower_better),
      isPercent: benchmark.scale === "normalized",
      text: value => scoreText(value, benchmark),
      entries: benchmark.scoreRows
        .filter(place => benchmark.is_comparable && values[place] !== null && isInScope(place))
        .map(place => ({ id: ids[place], value: values[place], scorePlace: place })),
    };
  }
  const { model_id: ids, adjusted_win_rate: rates, rank: ranks, benchmark_count: counts } = columnsOf.leaderboard;
  const ranked = (boards.get(boardKey(key, state.scope)) ?? []).filter(place => ranks[place] !== null);
  return {
    category: key,
    most: totalsOf(key, state.scope).most_benchmarks,
    title: `Adjusted win rate, ${words(key)}`,
    isLowerBetter: false,
    isPercent: true,
    text: percent,
    entries: ranked.map(place => ({ id: ids[place], value: rates[place], benchmarkCount: counts[place] })),
  };
}

/** Return the row of the score of a point, or null if the point has a rate in a category. */
function scoreOf({ scorePlace }) {
  return scorePlace === undefined ? null : rowAt("scores", scorePlace);
}

/** Return the lowest value that is good enough, or null: that of a model, or the number that the reader entered. */
function threshold({ entries, isPercent }) {
  if (state.like) return entries.find(entry => texts[entry.id] === state.like)?.value ?? null;
  const lowest = entered(state.min, isPercent ? 0 : -Infinity);
  return isPercent && lowest !== null ? lowest / 100 : lowest;
}

/** Return the answer: {about, limit, isUnknown, points, good}. A point is a model with its value, offers, cheapest cost and `isFrontier`.
 *
 * `isUnknown`: the model to compare with has no score here, so no model is known to be good enough. */
function answer() {
  const about = subject(),
    limit = threshold(about),
    isUnknown = Boolean(state.like) && limit === null;
  const isGood = value => !isUnknown && (limit === null || (about.isLowerBetter ? value <= limit : value >= limit));
  const points = [];
  for (const { id, value, scorePlace, benchmarkCount } of about.entries) {
    const model = models.get(id);
    if (!meetsFilters(model)) continue;
    const offers = matchingOffers(model);
    if (offers.length)
      points.push({
        id,
        value,
        scorePlace,
        benchmarkCount,
        model,
        offers,
        isGood: isGood(value),
        cost: offers[0].cost,
        offer: offers[0].offer,
        isFrontier: false,
      });
  }
  markFrontier(points, about.isLowerBetter);
  return { about, limit, isUnknown, points, good: points.filter(point => point.isGood) };
}

/** Set `isFrontier` of each point: no other costs at most as much and is at least as good, with one of them strict. */
function markFrontier(points, isLowerBetter) {
  const directed = point => (isLowerBetter ? -point.value : point.value);
  points.sort((one, two) => one.cost - two.cost || directed(two) - directed(one) || one.id - two.id);
  let best = -Infinity,
    bestCost = null;
  for (const point of points) {
    const value = directed(point);
    point.isFrontier = value > best || (value === best && point.cost === bestCost);
    if (value > best) [best, bestCost] = [value, point.cost];
  }
}
