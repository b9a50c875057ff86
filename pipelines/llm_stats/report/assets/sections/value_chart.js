/* Chart of cost against score. */

const MOST_DOTS = 600;

/** Return the chart of cost against score as a specification. Points: see `answer`.
 *
 * A logarithmic axis has no 0, so free models are drawn in a separate band at its left end, labelled "free". A suspect price is drawn as
 * a triangle, and does not stretch the axis: beyond it, the triangle is at its end. A doubtful score is a square, and a rate that rests
 * on few benchmarks is a diamond.
 */
function valueChart(points, about, limit) {
  const trusted = points.filter(point => point.cost > 0 && !point.offer.suspect_reason);
  const costs = (trusted.length ? trusted : points.filter(point => point.cost > 0)).map(point => onAxis(point.cost));
  const lowest = 0.85 * (costs.length ? Math.min(...costs) : 1),
    highest = Math.max(...costs, lowest * 1.5);
  const hasFree = points.some(point => point.cost === 0);
  const free = lowest / (highest / lowest) ** 0.08 / 2;
  const clamp = cost => Math.min(Math.max(onAxis(cost), lowest), highest * 1.1);
  const place = point => (point.cost ? clamp(point.cost) : free);
  const dots = thinned(points, place, Math.log(highest / (hasFree ? free : lowest))).map(point =>
    valueDot(point, about, place(point)),
  );
  dots.sort((one, two) => one.order - two.order);
  const x = {
    field: "x",
    type: "quantitative",
    title: workload() ? "US$ a month, logarithmic" : `${USD}, blended, logarithmic`,
    scale: { type: "log", domain: [hasFree ? free : lowest, highest * 1.15], nice: false },
    axis: {
      values: [...(hasFree ? [free] : []), ...ticks(lowest, highest)],
      labelOverlap: "greedy",
      labelFlush: true,
      labelExpr: `datum.value < ${lowest * 0.99} ? 'free' : '$' + format(datum.value, ',~r')`,
    },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    axis: { tickCount: 6, format: about.isPercent ? "~%" : ",~r" },
    scale: { zero: false, reverse: about.isLowerBetter, nice: false, padding: 22 },
  };
  const line = (mark, encoding) => ({ data: { values: [{}] }, mark: { type: "rule", aria: false, ...mark }, encoding });
  const edge = line(
    { color: "var(--muted)", strokeDash: [3, 4] },
    { x: { ...x, field: undefined, datum: Math.sqrt(free * lowest) } },
  );
  const floor = line({ color: "var(--second)", strokeDash: [6, 3] }, { y: { ...y, field: undefined, datum: limit } });
  const frontier = {
    name: "frontier",
    transform: [{ filter: "datum.isFrontier" }],
    mark: { type: "line", interpolate: "step-after", color: "var(--first)", strokeWidth: 1.5, opacity: 0.7, aria: false },
    encoding: { x, y, order: { field: "x" } },
  };
  const marks = {
    name: "points",
    mark: { type: "point", filled: true, opacity: 1, strokeWidth: 1, cursor: "pointer" },
    encoding: {
      x,
      y,
      ...drawnMarks,
      stroke: drawnMarks.color,
      fillOpacity: { field: "filled", type: "quantitative", scale: null, legend: null },
      description: { field: "description" },
      tooltip: [
        { field: "name", title: "title" },
        { field: "organization", title: "By" },
        { field: "provider", title: "Cheapest at" },
        { field: "price", title: costUnit() },
        { field: "score", title: "Score" },
      ],
    },
  };
  return {
    description: `Cost against score of ${points.length} models: ${truncate(about.title, 60)}. The table after it has the same figures`,
    data: { values: dots },
    width: "container",
    height: narrow.matches ? 320 : 430,
    autosize,
    layer: [...(hasFree ? [edge] : []), ...(limit === null ? [] : [floor]), frontier, marks],
  };
}

/** Return the datum of a point: selected models have their colour, models of the frontier are blue, others are grey.
 *
 * Dots of models that are not good enough are hollow. */
function valueDot(point, about, x) {
  const isSelected = state.models.includes(point.id),
    reason = point.offer.suspect_reason,
    few = fewBenchmarks(point.benchmarkCount, about.most),
    doubt = doubtText(scoreOf(point));
  const name = truncate(point.model.name, 60),
    price = usd(point.cost) + suspicion(reason),
    score = about.text(point.value) + (few ? ` (few benchmarks: ${few})` : "") + (doubt ? ` (${doubt})` : "");
  const provider = truncate(point.offer.label, 80),
    organization = truncate(point.model.organization_name, 60);
  return {
    key: point.id,
    x,
    value: point.value,
    name,
    organization,
    provider,
    price,
    score,
    isFrontier: point.isFrontier,
    label: isSelected || point.isFrontier ? name : "",
    filled: point.isGood ? 1 : 0,
    colour: isSelected ? colourOf(point.id) : point.isFrontier ? "var(--first)" : "var(--muted)",
    size: (isSelected ? 130 : point.isFrontier ? 70 : 40) * (few || doubt ? 1.5 : 1),
    shape: reason ? "triangle-up" : doubt ? "square" : few ? "diamond" : "circle",
    order: isSelected ? 2 : point.isFrontier ? 1 : 0,
    description: `${name} by ${organization}: ${costText(point.cost)}${suspicion(reason)} at ${provider}, score ${score}${point.isFrontier ? ", on the frontier" : ""}`,
  };
}

/** Return the points to draw. Among many points, those whose dots would cover each other are drawn as one: any of them. */
function thinned(points, place, width) {
  if (points.length <= MOST_DOTS) return points;
  let low = Infinity,
    high = -Infinity;
  for (const { value } of points) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const always = points.filter(point => point.isFrontier || state.models.includes(point.id)),
    cells = new Map();
  const scattered = point => (point.id * 2654435761) % 4294967296;
  for (const point of points) {
    const cell =
      1000 * Math.round((28 * Math.log(place(point))) / (width || 1)) +
      Math.round((22 * (point.value - low)) / (high - low || 1));
    if (!cells.has(cell) || scattered(point) < scattered(cells.get(cell))) cells.set(cell, point);
  }
  return [...new Set([...cells.values(), ...always])];
}

const ANCHORS = ["top-left", "top", "left", "top-right", "bottom-right", "right", "bottom"];

/** Label the selected models, then the frontier, without overlaps, with Vega's label transform, which Vega-Lite does not support. */
function labelled(spec) {
  const offsets = [2, 10, 22];
  spec.marks.push({
    type: "text",
    from: { data: "points_marks" },
    interactive: false,
    aria: false,
    encode: {
      enter: {
        text: { signal: "truncate(datum.datum.label, 28)" },
        fill: { value: "var(--ink)" },
        fontSize: { value: 12 },
        fontWeight: { signal: "datum.datum.order > 1 ? 'bold' : 'normal'" },
      },
    },
    transform: [
      {
        type: "label",
        anchor: offsets.flatMap(() => ANCHORS),
        offset: offsets.flatMap(offset => ANCHORS.map(() => offset)),
        sort: { field: "datum.datum.order", order: "descending" },
        size: { signal: "[max(width, 1), max(height, 1)]" },
        avoidMarks: ["points_marks", "frontier_marks"],
      },
    ],
  });
  return spec;
}
