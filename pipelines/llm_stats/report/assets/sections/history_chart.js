/* Chart of prices over time: thin lines for offers, a bold line for the lowest price of each model. */

/** The lowest price divided by the constant of the logarithmic scale, which sets its distance from 0. */
const FREE_GAP = 1.5;

/** Return the scale of prices as {domain, ticks, type, constant, place}: `place` is the part of the height from 0 to 1.
 *
 * The axis begins at 0, which is free. If prices are far apart, it is logarithmic above the lowest price. */
function priceScale(prices) {
  const paid = prices.filter(price => price > 0).map(onAxis);
  const lowest = paid.length ? Math.min(...paid) : 1,
    highest = Math.max(lowest, ...paid),
    top = highest * 1.06;
  if (highest / lowest < 8) return { domain: [0, top], ticks: null, type: "linear", place: price => price / top };
  const constant = lowest / FREE_GAP,
    place = price => Math.log1p(price / constant) / Math.log1p(top / constant);
  return { domain: [0, top], ticks: [0, ...ticks(lowest, highest)], type: "symlog", constant, place };
}

/** Return times for the ticks of an axis, and the one format of their labels.
 *
 * Ticks are at the start of hours, days or months (UTC). */
function timeTicks(start, end, most) {
  const steps = [[3600, "%H:%M"], [6 * 3600, "%b %-d, %H:%M"], ...[1, 2, 7, 14].map(days => [days * DAY, "%b %-d"])];
  const step = steps.find(([size]) => (end - start) / size <= most);
  if (step) {
    const first = Math.ceil(start / step[0]) * step[0];
    return {
      format: step[1],
      values: Array.from(
        { length: Math.max(0, Math.floor((end - first) / step[0]) + 1) },
        (_, count) => 1000 * (first + count * step[0]),
      ),
    };
  }
  const months = [],
    from = new Date(start * 1000);
  for (let count = 1; ; count += 1) {
    const at = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + count, 1);
    if (at > end * 1000) break;
    months.push(at);
  }
  const every = Math.ceil(months.length / most);
  return { format: "%b %Y", values: months.filter((_, count) => count % every === 0) };
}

/** Return the chart as a specification.
 *
 * `right` is the largest width of labels in pixels; the axis becomes shorter by as much as they need. */
function historyChart({ lines, events, labels, scale, start, end, height, right }) {
  const axis = timeTicks(start, end, narrow.matches ? 4 : 9);
  const x = {
    field: "at",
    type: "quantitative",
    title: `${day(start)} to ${day(end)} (UTC)`,
    scale: { domain: [1000 * start, 1000 * end], padding: 12, nice: false, zero: false },
    axis: {
      values: axis.values,
      labelExpr: `utcFormat(datum.value, '${axis.format}')`,
      grid: false,
      labelOverlap: "greedy",
      labelPadding: 6,
    },
  };
  const isZero = `datum.value === 0 ? 'free' : format(datum.value, ',~r')`;
  const y = {
    field: "price",
    type: "quantitative",
    title: `${USD}, ${state.kind}${scale.type === "symlog" ? ", logarithmic" : ""}`,
    scale: {
      type: scale.type,
      ...(scale.constant ? { constant: scale.constant } : {}),
      domain: scale.domain,
      nice: false,
      zero: true,
    },
    axis: { ...(scale.ticks ? { values: scale.ticks } : { tickCount: 5 }), labelExpr: isZero },
  };
  const line = (filter, mark) => ({
    transform: [{ filter }],
    mark: { type: "line", aria: false, strokeJoin: "round", ...mark },
    encoding: {
      x,
      y,
      color: drawnMarks.color,
      detail: { field: "key" },
      order: null,
      strokeDash: { condition: { test: "datum.isOff", value: [2, 3] }, value: [1, 0] },
    },
  });
  return {
    description: `${state.kind} prices over time; the table after the chart has the same prices`,
    width: "container",
    height,
    autosize,
    padding: { left: 2, right: 4, top: 10, bottom: 2 },
    data: { values: lines },
    layer: [
      line("!datum.isLowest", { strokeWidth: 1.2, opacity: 0.75 }),
      line("datum.isLowest", { strokeWidth: 3.5 }),
      {
        name: "points",
        data: { values: events },
        mark: { type: "point", filled: true, opacity: 1 },
        encoding: {
          x,
          y,
          ...drawnMarks,
          description: { field: "description" },
          tooltip: [
            { field: "name", title: "title" },
            { field: "text", title: "Price" },
            { field: "change", title: "Change" },
            { field: "status", title: "Status" },
            { field: "since", title: "Since (UTC)" },
          ],
        },
      },
      {
        name: "ends",
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 8, fontSize: 12, aria: false, clip: false, limit: right },
        encoding: {
          x: { value: "width" },
          y: { field: "y", type: "quantitative", scale: null, axis: null },
          text: { field: "text" },
          color: drawnMarks.color,
          opacity: { value: 1 },
        },
      },
    ],
  };
}

/** Label listings, delistings and large changes without overlaps, with Vega's label transform.
 *
 * Labels of lowest prices at the ends of lines are bold. */
function labelledEvents(spec) {
  const ends = spec.marks.find(it => it.name === "ends_marks");
  ends.encode.update.fontWeight = { signal: "datum.weight" };
  spec.marks.push({
    type: "text",
    from: { data: "points_marks" },
    interactive: false,
    aria: false,
    encode: {
      enter: { text: { signal: "datum.datum.label" }, fill: { signal: "datum.datum.colour" }, fontSize: { value: 11 } },
    },
    transform: [
      {
        type: "label",
        anchor: ["top", "bottom", "top-right", "bottom-right", "top-left", "bottom-left"],
        offset: [3],
        sort: { field: "datum.datum.weight", order: "descending" },
        size: { signal: "[max(width, 1), max(height, 1)]" },
        avoidMarks: ["points_marks"],
      },
    ],
  });
  return spec;
}
