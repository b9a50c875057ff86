/* Small charts in tables: the lowest price of a model, or the price of an offer, in 90 days. */

const SPARK = { days: 90, width: 80, height: 18 };

/** Return the periods that reach into the 90 days up to the newest data. */
function recentPeriods(periods) {
  return periods.filter(it => it.until >= asOf - SPARK.days * DAY);
}

/** Return the change from the first to the last price of 90 days, in percent; null without prices. */
function recentChange(periods) {
  const recent = recentPeriods(periods);
  return recent.length ? changeOf(recent[0].price, recent.at(-1).price) : null;
}

/** Return a chart of the prices of periods, or "–" without prices, or if all are of one moment. A time without a price is a gap.
 *
 * `subject` is the price that the periods have, such as `"Lowest price"`. */
function sparkline(periods, subject) {
  const start = asOf - SPARK.days * DAY,
    { width, height } = SPARK;
  const recent = recentPeriods(periods);
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
  const text = `${subject} in ${SPARK.days} days: ${course}`;
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

/** Return the column of a table that shows the lowest price of each row's model. */
function lowestPriceColumn(idOf) {
  return sparkColumn("Cheapest", "Lowest price", row => lowestPrices(idOf(row)));
}

/** Return the column of a table that shows the price of each row's offer. */
function ownPriceColumn(offerOf) {
  return sparkColumn("Price", "Price", row => ownPrices(offerOf(row)));
}

function sparkColumn(name, subject, periodsOf) {
  return {
    name: `${name}, ${SPARK.days} days`,
    value: row => recentChange(periodsOf(row)),
    text: row => changeText(recentChange(periodsOf(row))),
    node: row => sparkline(periodsOf(row), subject),
    isNumber: true,
    className: "sparks spare",
  };
}
