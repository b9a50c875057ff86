/* Small charts in tables: the lowest price of a model in 90 days. */

const SPARK = { days: 90, width: 80, height: 18 };

/** Return the change of the lowest price of a model in 90 days, in percent; null if it had none. */
function lowestChange(id) {
  const recent = lowestPrices(id).filter(it => it.until >= asOf - SPARK.days * DAY);
  return recent.length ? changeOf(recent[0].price, recent.at(-1).price) : null;
}

/** Return a chart of the lowest price of a model, or "–" if it had none, or only at one moment. A time without a price is a gap. */
function sparkline(id) {
  const start = asOf - SPARK.days * DAY,
    { width, height } = SPARK;
  const recent = lowestPrices(id).filter(it => it.until >= start);
  if (!recent.length || recent[0].from === recent.at(-1).until) return "–";
  const prices = recent.map(it => it.price),
    low = Math.min(...prices),
    high = Math.max(...prices);
  const spread = Math.max(high - low, high / 5) || 1;
  const x = at => Number((2 + ((width - 5) * (Math.max(at, start) - start)) / (asOf - start)).toFixed(1));
  const y = price => Number((height / 2 - ((height - 6) * (price - (low + high) / 2)) / spread).toFixed(1));
  const steps = recent.map(
    (it, place) =>
      `${place && recent[place - 1].until === it.from ? "L" : "M"}${x(it.from)} ${y(it.price)}H${x(it.until)}`,
  );
  const last = recent.at(-1),
    change = changeOf(prices[0], last.price);
  const course = low === high ? usd(low) : `${usd(prices[0])} to ${usd(last.price)}, ${changeText(change)}`;
  const text = `Lowest price in ${SPARK.days} days: ${course}`;
  const image = svg(
    "svg",
    { class: "sparkline", role: "img", "aria-label": text, width, height, viewBox: `0 0 ${width} ${height}` },
    svg("title", {}, text),
    svg("path", { d: steps.join("") }),
    svg("circle", { cx: x(last.until), cy: y(last.price), r: 2 }),
  );
  return element(
    "span",
    { className: "spark" },
    image,
    change && Math.abs(change) >= 0.05 ? element("small", {}, changeText(change)) : "",
  );
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Return the column of a table that shows the chart of each row's model. */
function sparkColumn(idOf, className = "spare") {
  return {
    name: "Cheapest, 90 days",
    value: row => lowestChange(idOf(row)),
    text: row => changeText(lowestChange(idOf(row))),
    node: row => sparkline(idOf(row)),
    isNumber: true,
    className: `sparks ${className}`,
  };
}
