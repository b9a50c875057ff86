/* Charts as Vega-Lite specifications: functions of rows and ink (the page's colours and font).
 *
 * Strings from the data are used only as values, titles and domains, which Vega-Lite does not evaluate. They are never used as field
 * names, expressions, formats or sort orders. */

const USD = "US$ per million tokens";
const autosize = { type: "fit-x", contains: "padding" };

/** Return the chart of price against score. Points: {model, organization, provider, price, reason, value, isFrontier, description}.
 *
 * `price` is in US dollars, 0 for free. `description` is for screen readers. A logarithmic axis has no 0, so free models are drawn in a
 * separate band at its left end, labelled "free". A price that looks wrong has a `reason` and is drawn as a triangle.
 */
function valueChart(points, title, isLowerBetter, ink, isNarrow) {
  const paid = points.map(point => point.price).filter(price => price > 0).map(onAxis);
  const lowest = decade(Math.min(...paid, 1)), highest = Math.max(...paid, 1);
  const hasFree = paid.length < points.length;
  const free = lowest / (highest / lowest) ** 0.08 / 2;
  const placed = points.map(point => ({
    ...point, x: point.price ? onAxis(point.price) : free, cost: usd(point.price) + suspicion(point.reason),
  }));
  const x = {
    field: "x", type: "quantitative", title: `${USD}, blended, logarithmic`,
    scale: { type: "log", domain: [hasFree ? free : lowest, highest * 1.15], nice: false },
    axis: {
      values: [...(hasFree ? [free] : []), ...ticks(lowest, highest, isNarrow)], labelOverlap: "greedy",
      labelExpr: `datum.value < ${lowest * 0.99} ? 'free' : '$' + format(datum.value, ',~r')`,
      description: `Price axis, logarithmic, from ${usd(lowest)} to ${usd(highest)} ${USD}${hasFree ? "; free models are left of it" : ""}`,
    },
  };
  const y = {
    field: "value", type: "quantitative", title: null, axis: { tickCount: 6, format: ",~r" },
    scale: { zero: false, reverse: isLowerBetter, nice: true },
  };
  const edge = {
    data: { values: [{}] },
    mark: { type: "rule", color: ink.muted, strokeDash: [3, 4], aria: false },
    encoding: { x: { ...x, field: undefined, datum: Math.sqrt(free * lowest) }, y: { value: 0 }, y2: { value: "height" } },
  };
  const frontier = {
    name: "frontier", transform: [{ filter: "datum.isFrontier" }],
    mark: { type: "line", interpolate: "step-after", color: ink.first, strokeWidth: 1.5, opacity: 0.7, aria: false },
    encoding: { x, y, order: { field: "x" } },
  };
  const dots = {
    name: "points",
    mark: { type: "point", filled: true, opacity: 1, strokeWidth: 1 },
    encoding: {
      x, y,
      size: { condition: { test: "datum.isFrontier", value: 70 }, value: 40 },
      color: { condition: { test: "datum.isFrontier", value: ink.first }, value: ink.muted },
      shape: { condition: { test: "isValid(datum.reason)", value: "triangle-up" }, value: "circle" },
      description: { field: "description" },
      tooltip: [
        { field: "model", title: "title" }, { field: "organization", title: "By" }, { field: "provider", title: "Cheapest at" },
        { field: "cost", title: `Blended, ${USD}` }, { field: "value", title: "Score", format: ".4~g" },
      ],
    },
  };
  return {
    title: isLowerBetter ? `${title} (lower is better, so the axis is reversed)` : title,
    description: `Price against score of ${points.length} models: ${title}. The table next to it has the same figures`,
    data: { values: placed }, width: "container", height: isNarrow ? 320 : 430, autosize,
    layer: [...(hasFree ? [edge] : []), frontier, dots],
  };
}

/** Label the points of the frontier without overlaps, with Vega's label transform, which Vega-Lite does not support. */
function labelled(spec, ink) {
  spec.marks.push({
    type: "text", from: { data: "points_marks" }, interactive: false, aria: false,
    encode: {
      enter: {
        text: { signal: "datum.datum.isFrontier ? truncate(datum.datum.model, 28) : ''" },
        fill: { value: ink.ink }, font: { value: ink.font }, fontSize: { value: 11.5 },
      },
    },
    transform: [{
      type: "label", anchor: ["top-left", "top", "left", "top-right", "bottom-right", "right", "bottom"], offset: [2],
      size: { signal: "[max(width, 1), max(height, 1)]" }, avoidMarks: ["points_marks", "frontier_marks"],
    }],
  });
  return spec;
}

/** Return the chart of the offers of one model, with one line per offer: {label, input_usd_per_mtok, output_usd_per_mtok, end, note, …}.
 *
 * An unpublished price has no mark; 0 has one. `note` is printed at `end`, the greater price. `subject` names model and provider.
 */
function offersChart(offers, ink) {
  const kinds = ["input", "output"];
  const dots = ["output", "input"].flatMap(kind => offers.map(offer => {
    const price = offer[`${kind}_usd_per_mtok`];
    return { ...offer, kind, price, description: `${offer.subject}: ${kind} ${priced(price)}, ${offer.state}` };
  }));
  const highest = Math.max(...offers.map(offer => offer.end)) || 1;
  const x = { type: "quantitative", title: USD, scale: { domain: [0, highest], nice: true }, axis: { format: ",~r", tickCount: 6 } };
  const y = {
    field: "label", type: "nominal", title: null, scale: { domain: offers.map(offer => offer.label) },
    axis: { labelLimit: 150, labelPadding: 12, ticks: false, domain: false, grid: true },
  };
  const tooltip = [{ field: "label", title: "title" }, ...offerTooltip, { field: "blended", title: `Blended, ${USD}` }];
  return {
    description: `Input and output price of ${offers.length} offers; the table below has the same figures`,
    data: { values: offers }, width: "container", height: 26 * offers.length, autosize, encoding: { y },
    layer: [
      {
        transform: [{ filter: "isValid(datum.input_usd_per_mtok) && isValid(datum.output_usd_per_mtok)" }],
        mark: { type: "rule", color: ink.muted, strokeWidth: 2, aria: false },
        encoding: { x: { ...x, field: "input_usd_per_mtok" }, x2: { field: "output_usd_per_mtok" }, tooltip },
      },
      {
        name: "points", data: { values: dots.filter(dot => dot.price !== null) },
        mark: { type: "point", filled: true, opacity: 1 },
        encoding: {
          x: { ...x, field: "price" }, tooltip,
          size: { condition: { test: "datum.kind === 'input'", value: 55 }, value: 110 },
          color: { field: "kind", scale: { domain: kinds, range: [ink.first, ink.second] }, legend: { title: null } },
          shape: { field: "kind", scale: { domain: kinds, range: ["circle", "square"] } },
          opacity: { condition: { test: "datum.is_available", value: 1 }, value: 0.45 },
          description: { field: "description" },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 9, color: ink.soft, fontSize: 11.5, aria: false },
        encoding: { x: { ...x, field: "end" }, text: { field: "note" } },
      },
    ],
  };
}

/** Return the chart of prices over time. Steps: {label, offer, at, price, isStart, description, …}.
 *
 * `at` is in milliseconds; a null price is a gap. `labels` contains the labels of the steps in the order of the legend.
 */
function historyChart(steps, labels, ink, isNarrow) {
  const colours = ink.lines.length, dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];
  const legend = {
    title: null, orient: "bottom", columns: isNarrow ? 2 : 4, labelLimit: isNarrow ? 130 : 120,
    symbolType: "stroke", symbolSize: 200, symbolStrokeWidth: 2,
  };
  const byLabel = of => ({ field: "label", type: "nominal", legend, scale: { domain: labels, range: labels.map((_, index) => of(index)) } });
  return {
    title: USD, description: `Prices over time at ${labels.length} providers`,
    data: { values: steps }, width: "container", height: 230, autosize,
    encoding: {
      x: {
        field: "at", type: "temporal", title: "Time (UTC)", scale: { type: "utc", padding: 10 },
        axis: { format: clock, tickCount: isNarrow ? 4 : 6, labelOverlap: "greedy" },
      },
      y: { field: "price", type: "quantitative", title: null, scale: { zero: true }, axis: { format: ",~r", tickCount: 5 } },
      color: byLabel(index => ink.lines[index % colours]),
      strokeDash: byLabel(index => dashes[Math.floor(index / colours) % dashes.length]),
      detail: { field: "offer" },
    },
    layer: [
      { mark: { type: "line", interpolate: "step-after", strokeWidth: 2, invalid: "break-paths-show-path-domains", aria: false } },
      {
        name: "points", transform: [{ filter: "datum.isStart" }],
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          strokeDash: { value: [1, 0] }, description: { field: "description" },
          tooltip: [{ field: "label", title: "title" }, { field: "since", title: "Since (UTC)" }, ...offerTooltip],
        },
      },
    ],
  };
}

/** Tooltip fields of an offer, in every chart. */
const offerTooltip = [
  { field: "input", title: `Input, ${USD}` }, { field: "output", title: `Output, ${USD}` }, { field: "state", title: "Status" },
];

/** Return the fonts, lines and colours of all charts. */
function chartConfig(ink) {
  const text = {
    labelFont: ink.font, labelFontSize: 11.5, labelColor: ink.soft,
    titleFont: ink.font, titleFontSize: 12, titleFontWeight: "normal", titleColor: ink.soft,
  };
  return {
    background: null, font: ink.font, view: { stroke: null }, padding: { left: 2, right: 8, top: 4, bottom: 2 },
    title: { anchor: "start", font: ink.font, fontSize: 12, fontWeight: "normal", color: ink.soft, offset: 8, limit: 640 },
    axis: { ...text, gridColor: ink.line, domainColor: ink.line, tickColor: ink.line },
    legend: { ...text, orient: "top", offset: 4, labelColor: ink.ink },
  };
}

/** Time formats (24 hours), by the distance between ticks. */
const clock = {
  seconds: "%H:%M:%S", minutes: "%H:%M", hours: "%H:%M", date: "%b %-d", week: "%b %-d", day: "%b %-d", month: "%b %Y", year: "%Y",
};

/** Clamp extreme prices to the ends of the axis, so that the others stay apart; the tooltip has the price itself. */
const onAxis = price => Math.min(Math.max(price, 1e-6), 1e9);

/** Return the power of ten at or below a value: `0.0375` → `0.01`. */
const decade = value => 10 ** Math.floor(Math.log10(value) + 1e-9);

/** Return the ticks of a logarithmic axis: 1, 2, 5, 10, … if they fit, else 1, 10, … */
function ticks(lowest, highest, isNarrow) {
  const count = Math.ceil(Math.log10(highest / lowest) + 1e-9) + 1;
  const steps = isNarrow || count > 4 ? [1] : [1, 2, 5];
  return Array.from({ length: count }, (_, power) => lowest * 10 ** power)
    .flatMap(start => steps.map(step => Number((start * step).toPrecision(6))))
    .filter(tick => tick <= highest * 1.15);
}
