/* Drawing of charts: order, colours, fonts, axes, and clicks on dots.
 *
 * Charts are Vega-Lite specifications. Strings from the data are used only as values and domains, which Vega-Lite does not evaluate. They
 * are never used as field names, expressions, formats or sort orders. Colours are variables of the style sheet, so a drawn chart
 * follows light mode, dark mode and print. */

const narrow = matchMedia("(max-width: 40rem)"), touch = matchMedia("(pointer: coarse)");
const autosize = { type: "fit-x", contains: "padding" };
const drawn = new Map();
let drawing = Promise.resolve();

/** Draw a specification in an element; a text instead of a specification is shown as a note. Options: {patch, onClick}.
 *
 * Charts are drawn one at a time, so that an older chart that is still being drawn never replaces a newer one. `onClick` gets the datum
 * of a clicked mark.
 */
function draw(id, spec, { patch, onClick } = {}) {
  drawing = drawing.then(async () => {
    drawn.get(id)?.finalize();
    drawn.delete(id);
    try {
      if (typeof spec === "string") return byId(id).replaceChildren(note(spec));
      const chart = await vegaEmbed(byId(id), spec, { ...drawingOptions(), ...patch && { patch } });
      drawn.set(id, chart);
      if (onClick) chart.view.addEventListener("click", (_, item) => item?.datum && onClick(item.datum));
    } catch (error) {
      console.error(error);
      byId(id).replaceChildren(note("This chart could not be drawn."));
    }
    return undefined;
  });
}

/** With `ast`, Vega interprets expressions instead of compiling them, so the page's policy can forbid evaluating strings as code. */
function drawingOptions() {
  return { ast: true, renderer: "svg", actions: false, defaultStyle: false, config: chartConfig(), tooltip: { disableDefaultStyle: true } };
}

/** Return the fonts, lines and colours of all charts. */
function chartConfig() {
  const font = getComputedStyle(document.body).fontFamily;
  const text = {
    labelFont: font, labelFontSize: 12, labelColor: "var(--soft)",
    titleFont: font, titleFontSize: 12, titleFontWeight: "normal", titleColor: "var(--soft)",
  };
  return {
    background: null, font, view: { stroke: null }, padding: { left: 2, right: 8, top: 6, bottom: 2 },
    axis: { ...text, gridColor: "var(--line)", domainColor: "var(--edge)", tickColor: "var(--edge)" },
    legend: { ...text, orient: "top", offset: 4, labelColor: "var(--ink)" },
    text: { font },
  };
}

/** Colour, shape and size of marks whose rows contain them as they are drawn. */
const drawnMarks = {
  color: { field: "colour", type: "nominal", scale: null, legend: null },
  shape: { field: "shape", type: "nominal", scale: null, legend: null },
  size: { field: "size", type: "quantitative", scale: null, legend: null },
};

/** Clamp extreme prices to the ends of the axis, so that the others stay apart; the tooltip has the price itself. */
const onAxis = price => Math.min(Math.max(price, 1e-6), 1e9);

/** Return the power of ten at or below a value: `0.0375` → `0.01`. */
const decade = value => 10 ** Math.floor(Math.log10(value) + 1e-9);

/** Return the ticks of a logarithmic axis: 1, 2, 5, 10, … if they fit, else 1, 10, … */
function ticks(lowest, highest) {
  const first = decade(lowest), count = Math.ceil(Math.log10(highest / first) + 1e-9) + 1;
  const steps = highest / lowest > (narrow.matches ? 20 : 1000) ? [1] : [1, 2, 5];
  return Array.from({ length: count }, (_, power) => first * 10 ** power)
    .flatMap(start => steps.map(step => Number((start * step).toPrecision(6))))
    .filter(tick => tick >= lowest && tick <= highest * 1.15);
}
