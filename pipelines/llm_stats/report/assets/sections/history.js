/* Prices over time of the selected models: chart, and the same prices as a table. */

function showHistory() {
  const column = `${state.kind}_usd_per_mtok`;
  const days = state.range === "all" ? Infinity : Number(state.range);
  const own = selected().map(({ model }) => {
    const periods = offerPeriods(model, column);
    return { model, periods, lowest: state.kind === "blended" ? lowestPrices(model.model_id) : lowestOf(periods) };
  });
  const all = own.flatMap(it => it.periods);
  const start = Math.max(asOf - days * DAY, Math.min(...all.map(it => it.from)));
  const shown = own.map(it => ({ ...it, periods: it.periods.filter(period => period.until >= start) }));
  const drawn = drawHistory(shown, all, start);
  byId("history-card").hidden = true;
  byId("history-note").textContent = drawn ? historyNote(shown) : "";
  showHistoryTable(shown.flatMap(it => it.periods));
}

/** Draw the chart, or explain why there is none. Return whether there is one. */
function drawHistory(shown, all, start) {
  const periods = shown.flatMap(it => it.periods),
    known = periods.filter(it => it.price !== null);
  const first = Math.min(...periods.map(it => it.from));
  const refused = !all.length
    ? "Select a model that has an offer, now or before."
    : !periods.length
      ? "No offer in these days; choose more days."
      : !known.length
        ? "No price of this kind has been published."
        : start >= asOf
          ? `Seen once, at ${utc(first)} UTC: there is no history yet.`
          : null;
  draw("history-chart", refused ?? historySpec(shown, known, start), {
    patch: labelledEvents,
    onClick: datum => touch.matches && datum.description && showHistoryCard(datum.description),
  });
  return !refused;
}

function historySpec(shown, known, start) {
  const trusted = known.filter(it => !it.reason),
    scale = priceScale((trusted.length ? trusted : known).map(it => it.price));
  const clamp = price => (price === 0 ? 0 : Math.min(onAxis(price), scale.domain[1]));
  const height = narrow.matches ? 300 : 400,
    right = narrow.matches ? 100 : 175;
  const hasOfferLabels = !narrow.matches && shown.length <= 3;
  const lines = [],
    events = [],
    labels = [];
  shown.forEach(({ model, periods, lowest }, place) => {
    const colour = colourOf(model.model_id);
    for (const [label, own] of groupBy(periods, it => it.label)) {
      lines.push(...linePoints(own, `${place} ${label}`, { colour, isLowest: false }, clamp, start));
      events.push(...eventPoints(own, colour, clamp, start));
      const last = own.at(-1);
      if (last.isCurrent && last.price !== null && hasOfferLabels)
        labels.push({ lines: [truncate(label, 24)], price: clamp(last.price), colour, isBold: false, owner: model });
    }
    lines.push(...linePoints(lowest, `${place} lowest`, { colour, isLowest: true }, clamp, start));
    const last = lowest.at(-1);
    if (last && model.unlisted_since === null && last.until >= Math.max(...periods.map(it => it.until)))
      labels.push(lowestLabel(model, periods, last.price, clamp, colour));
  });
  const drawn = labels.filter(
    label =>
      !labels.some(
        bold => bold.isBold && bold.owner === label.owner && !label.isBold && bold.provider === label.lines[0],
      ),
  );
  return historyChart({
    lines,
    events,
    labels: endLabels(drawn, scale, height),
    scale,
    start,
    end: asOf,
    height,
    right,
  });
}

/** Return the label of the lowest price of a model: its name, and the price with a provider. */
function lowestLabel(model, periods, price, clamp, colour) {
  const seller = periods.find(it => it.isCurrent && it.isAvailable && it.price === price)?.label,
    limit = narrow.matches ? 11 : 24;
  const second = `${usd(price)}${seller && !narrow.matches ? ` at ${seller}` : ""}`;
  return {
    lines: [truncateMiddle(model.name, limit), truncate(second, limit)],
    price: clamp(price),
    colour,
    isBold: true,
    owner: model,
    provider: seller && truncate(seller, 24),
  };
}

function historyNote(shown) {
  const count = new Set(shown.flatMap(({ model, periods }) => periods.map(it => `${model.model_id} ${it.label}`))).size;
  const hasSuspect = shown.some(({ periods }) => periods.some(it => it.reason));
  return [
    `${plural(count, "offer")}. Bold: the lowest price of the available paid offers of a model.`,
    "Dashed: not available. A gap: not offered, or no price. ▸ listed, ✚ delisted;",
    `changes of at least ${LARGE_CHANGE} % are labelled where there is space. The table has every offer.`,
    hasSuspect ? "Triangles: suspect prices; they do not stretch the axis." : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** Show what a tapped dot stands for. */
function showHistoryCard(text) {
  const card = byId("history-card");
  const close = element("button", { type: "button", "aria-label": "Close" }, "×");
  close.addEventListener("click", () => {
    card.hidden = true;
  });
  card.replaceChildren(element("p", {}, text), close);
  card.hidden = false;
}

function offerName({ model, label }) {
  return element(
    "span",
    {},
    modelButton(model.model_id, truncate(model.name, 40)),
    " ",
    element("small", {}, truncate(label, 60)),
  );
}

/** Return when a period ended, or `"now"`. A period of a model that left the catalog ended when the model left. */
function untilText({ model, until, isCurrent, hasLeft }) {
  return isCurrent ? "now" : day(hasLeft ? model.unlisted_since : until);
}

function showHistoryTable(periods) {
  const rows = [...periods].sort(
    (one, two) =>
      two.isCurrent - one.isCurrent || two.from - one.from || (one.price ?? Infinity) - (two.price ?? Infinity),
  );
  const began = row => (row.isListing ? "listed" : changeText(row.change));
  showTable("history-table", {
    caption: `Prices over time of the selected models, ${state.kind}, in ${USD}`,
    file: "price_history",
    rows,
    pageRows: 12,
    empty: "No price to show.",
    columns: [
      { name: "Offer", value: row => `${row.model.name} at ${row.label}`, node: offerName, className: "name" },
      { name: "Model id", value: row => texts[row.model.model_id], onlyCsv: true },
      {
        name: "US$ / M tokens",
        value: row => row.price,
        text: row => usd(row.price),
        isNumber: true,
        mark: row => (row.reason ? mark("suspect", row.reason) : null),
      },
      { name: "▲▼ %", value: row => row.change, text: began, isNumber: true },
      suspectColumn(row => row.reason),
      { name: "Status", value: row => row.status, onlyCsv: true },
      { name: "From", value: row => day(row.from), className: "when" },
      {
        name: "Until",
        value: untilText,
        className: "when",
        mark: row => (row.isDelisting || row.hasLeft ? element("small", {}, row.hasLeft ? "left the catalog" : "delisted") : null),
      },
    ],
  });
}
