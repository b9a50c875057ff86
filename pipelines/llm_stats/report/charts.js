"use strict";

/* The charts as Vega-Lite specs: functions of rows and ink (the page's colours and font). Texts from
 * data are values, titles and domains, which Vega-Lite takes as they are; no field name, expression, format or order is made of them. */

const USD = "US$ per million tokens";

/** Price against score: points of {model, organization, provider, price, value, isFrontier}, price in US dollars, 0 for free.
 *
 * A logarithmic axis has no 0. Free models stand in a band of their own at its left end, which is no price but the word "free".
 */
function valueChart(points, scoreTitle, isLowerBetter, ink, isNarrow) {
  const paid = points.map(point => point.price).filter(price => price > 0).map(onAxis);
  const lowest = decade(Math.min(...paid, 1)), highest = Math.max(...paid, 1);
  const hasFree = paid.length < points.length;
  const free = lowest / (highest / lowest) ** 0.08 / 2;
  const placed = points.map(point => ({ ...point, x: point.price ? onAxis(point.price) : free, cost: usd(point.price) }));
  const tooltip = [
    { field: "model", title: "title" }, { field: "organization", title: "By" }, { field: "provider", title: "Cheapest at" },
    { field: "cost", title: `Blended, ${USD}` }, { field: "value", title: "Score", format: ".4~g" },
  ];
  const x = {
    field: "x", type: "quantitative", title: `${USD}, blended, logarithmic`,
    scale: { type: "log", domain: [hasFree ? free : lowest, highest * 1.15], nice: false },
    axis: {
      values: [...(hasFree ? [free] : []), ...ticks(lowest, highest, isNarrow)],
      labelExpr: `datum.value < ${lowest * 0.99} ? 'free' : '$' + format(datum.value, ',~r')`, labelOverlap: "greedy",
    },
  };
  const y = { field: "value", type: "quantitative", title: null, scale: { zero: false, reverse: isLowerBetter, nice: true }, axis: { tickCount: 6, format: ",~r" } };
  const title = isLowerBetter ? `${scoreTitle} (lower is better, so the axis is turned)` : scoreTitle;
  return {
    title, data: { values: placed }, width: "container", autosize, height: isNarrow ? 320 : 430,
    layer: [
      ...(hasFree ? [{
        data: { values: [{}] }, mark: { type: "rule", color: ink.muted, strokeDash: [3, 4] },
        encoding: { x: { ...x, field: undefined, datum: Math.sqrt(free * lowest) }, y: { value: 0 }, y2: { value: "height" } },
      }] : []),
      {
        name: "frontier", transform: [{ filter: "datum.isFrontier" }], mark: { type: "line", interpolate: "step-after", color: ink.first, strokeWidth: 1.5, opacity: 0.7 },
        encoding: { x, y, order: { field: "x" } },
      },
      {
        name: "points",
        mark: { type: "point", filled: true, opacity: 1, strokeWidth: 1 },
        encoding: {
          x, y, tooltip, size: { condition: { test: "datum.isFrontier", value: 70 }, value: 40 },
          color: { condition: { test: "datum.isFrontier", value: ink.first }, value: ink.muted },
        },
      },
    ],
  };
}

/** Names the points of a frontier where there is room: Vega's label transform, which Vega-Lite does not offer. */
function labelled(spec, ink) {
  spec.marks.push({
    type: "text", from: { data: "points_marks" }, interactive: false, name: "names",
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

/** The offers of one model: {label, input_usd_per_mtok, output_usd_per_mtok, note, …}, the cheapest first. Null prices have no mark, 0 has one. */
function offersChart(offers, ink) {
  const dots = offers.flatMap(offer => ["input", "output"].map(kind => ({ ...offer, kind, price: offer[`${kind}_usd_per_mtok`] })));
  const tooltip = [
    { field: "label", title: "title" }, { field: "input", title: `Input, ${USD}` }, { field: "output", title: `Output, ${USD}` },
    { field: "blended", title: `Blended, ${USD}` }, { field: "status", title: "Status" },
  ];
  const x = { type: "quantitative", title: USD, scale: { domain: [0, Math.max(...offers.map(offer => offer.end)) || 1], nice: true }, axis: { format: ",~r", tickCount: 6 } };
  const y = { field: "label", type: "nominal", scale: { domain: offers.map(offer => offer.label) }, title: null, axis: { labelLimit: 150, labelPadding: 12, ticks: false, domain: false, grid: true } };
  const kinds = ["input", "output"];
  return {
    data: { values: offers }, width: "container", height: 26 * offers.length, autosize, encoding: { y },
    layer: [
      {
        transform: [{ filter: "isValid(datum.input_usd_per_mtok) && isValid(datum.output_usd_per_mtok)" }],
        mark: { type: "rule", color: ink.muted, strokeWidth: 2 },
        encoding: { x: { ...x, field: "input_usd_per_mtok" }, x2: { field: "output_usd_per_mtok" }, tooltip },
      },
      {
        data: { values: dots.filter(dot => dot.price !== null) }, name: "points",
        mark: { type: "point", filled: true, size: 90, opacity: 1 },
        encoding: {
          x: { ...x, field: "price" }, tooltip,
          color: { field: "kind", scale: { domain: kinds, range: [ink.first, ink.second] }, legend: { title: null } },
          shape: { field: "kind", scale: { domain: kinds, range: ["circle", "square"] } },
          opacity: { condition: { test: "datum.is_available", value: 1 }, value: 0.45 },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 9, color: ink.soft, fontSize: 11.5 },
        encoding: { x: { ...x, field: "end" }, text: { field: "note" } },
      },
    ],
  };
}

/** Prices over time as steps: {label, at, price, since, …}; a null price is a gap. `labels` are the offers, in the order of the legend. */
function historyChart(steps, labels, ink, isNarrow) {
  const color = { domain: labels, range: labels.map((_, place) => ink.lines[place % ink.lines.length]) };
  const dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];
  const dash = { domain: labels, range: labels.map((_, place) => dashes[Math.floor(place / ink.lines.length) % dashes.length]) };
  const legend = { title: null, orient: "bottom", columns: isNarrow ? 2 : 4, labelLimit: isNarrow ? 130 : 120, symbolType: "stroke", symbolSize: 200, symbolStrokeWidth: 2 };
  return {
    title: USD, data: { values: steps }, width: "container", autosize, height: 230,
    encoding: {
      x: { field: "at", type: "temporal", title: "Time (UTC)", scale: { type: "utc" }, axis: { format: clock, tickCount: isNarrow ? 4 : 6, labelOverlap: "greedy" } },
      y: { field: "price", type: "quantitative", title: null, scale: { zero: true }, axis: { format: ",~r", tickCount: 5 } },
      color: { field: "label", type: "nominal", scale: color, legend },
      strokeDash: { field: "label", type: "nominal", scale: dash, legend },
      detail: { field: "offer" },
    },
    layer: [
      { mark: { type: "line", interpolate: "step-after", strokeWidth: 2, invalid: "break-paths-show-path-domains" } },
      {
        name: "points", transform: [{ filter: "datum.isStart && isValid(datum.price)" }], mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          strokeDash: { value: [1, 0] },
          tooltip: [
            { field: "label", title: "title" }, { field: "since", title: "Since (UTC)" }, { field: "input", title: `Input, ${USD}` },
            { field: "output", title: `Output, ${USD}` }, { field: "status", title: "Status" },
          ],
        },
      },
    ],
  };
}

/** Times of 24 hours, as exact as the ticks are apart. */
const clock = { seconds: "%H:%M:%S", minutes: "%H:%M", hours: "%H:%M", date: "%b %-d", week: "%b %-d", day: "%b %-d", month: "%b %Y", year: "%Y" };

const autosize = { type: "fit-x", contains: "padding" };

/** Fonts, lines and colours of all charts. */
function look(ink) {
  const text = { labelFont: ink.font, titleFont: ink.font, labelColor: ink.soft, titleColor: ink.soft, labelFontSize: 11.5, titleFontSize: 12, titleFontWeight: "normal" };
  return {
    background: null, font: ink.font, view: { stroke: null }, padding: { left: 2, right: 8, top: 4, bottom: 2 },
    title: { anchor: "start", font: ink.font, fontSize: 12, fontWeight: "normal", color: ink.soft, offset: 8, limit: 640 },
    axis: { ...text, gridColor: ink.line, domainColor: ink.line, tickColor: ink.line },
    legend: { ...text, orient: "top", offset: 4, labelColor: ink.ink },
  };
}

/** Absurd prices stand at the ends of the axis, or all others would stand in one place; hovering tells them. */
const onAxis = price => Math.min(Math.max(price, 1e-6), 1e9);

/** `0.0375` → `0.01` */
const decade = value => 10 ** Math.floor(Math.log10(value) + 1e-9);

/** The ticks of a logarithmic axis: 1, 2, 5, 10, … where there is room, else 1, 10, … */
function ticks(lowest, highest, isNarrow) {
  const decades = Array.from({ length: Math.ceil(Math.log10(highest / lowest) + 1e-9) + 1 }, (_, power) => lowest * 10 ** power);
  const steps = isNarrow || decades.length > 4 ? [1] : [1, 2, 5];
  return decades.flatMap(start => steps.map(step => Number((start * step).toPrecision(6)))).filter(tick => tick <= highest * 1.15);
}
