/* Formatting. Null is "–", never 0. */

const USD = "US$ per million tokens";

const percent = value => (value === null ? "–" : `${number(100 * value, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`);
const wholePercent = value => (value === null ? "–" : `${Math.round(100 * value)} %`);
const utc = seconds => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const day = seconds => utc(seconds).slice(0, 10);
const truncate = (text, limit) => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
/** Shorten a text in the middle, because names often differ at their ends: `"Synthe…8312"`. */
const truncateMiddle = (text, limit) =>
  text.length > limit ? `${text.slice(0, Math.ceil((limit - 1) / 2))}…${text.slice(-Math.floor((limit - 1) / 2))}` : text;
const plural = (count, singular, many = `${singular}s`) => `${number(count)} ${count === 1 ? singular : many}`;

/** Format a number: `"4,800"`, `"0.0375"`, `"1.00e+300"`. */
function number(value, digits = Number.isInteger(value) ? undefined : { maximumSignificantDigits: 4 }) {
  if (value === null || value === undefined) return "–";
  const isExtreme = value !== 0 && (Math.abs(value) < 1e-6 || Math.abs(value) >= 1e12);
  return isExtreme ? value.toExponential(2) : value.toLocaleString("en", digits);
}

/** Format a price: `"5.00"`, `"0.0375"`, `"free"`. Prices below 1 have up to three significant digits. */
function usd(price) {
  if (price === 0) return "free";
  if (price === null) return "–";
  if (price >= 1e6) return number(price, { maximumFractionDigits: 0 });
  const exponent = Number(price.toExponential().split("e")[1]);
  return number(price, { minimumFractionDigits: 2, maximumFractionDigits: Math.min(20, Math.max(2, 2 - exponent)) });
}

/** Format a price with its unit: `"5.00 US$ per million tokens"`, `"free"`. */
function priced(price) {
  return price === 0 || price === null ? usd(price) : `${usd(price)} ${USD}`;
}

/** Format a number of tokens or parameters: `"128 K"`, `"1.05 M"`, `"70 B"`. */
function large(count) {
  if (count === null) return "–";
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "K"],
  ]) {
    if (count >= size) return `${number(count / size, { maximumSignificantDigits: 3 })} ${unit}`;
  }
  return number(count);
}

/** Format the reason why a price looks wrong: `" (suspect: …)"`, or `""` without a reason. */
function suspicion(reason) {
  return reason ? ` (suspect: ${reason})` : "";
}

/** Format an identifier such as a category in words: `"tool_calling"` → `"Tool calling"`. */
function words(id) {
  const text = id.replaceAll(/[_-]+/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Format the categories of a benchmark: `"Code, Reasoning"`; null without categories. */
function categoriesText({ categories }) {
  return categories.length ? categories.map(words).join(", ") : null;
}

/** Format the time since a moment: `"3 hours ago"`. */
function age(seconds) {
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60),
    hours = Math.round(minutes / 60);
  if (Math.abs(minutes) < 90) return ago.format(-minutes, "minute");
  return Math.abs(hours) < 48 ? ago.format(-hours, "hour") : ago.format(-Math.round(hours / 24), "day");
}

/** Format a value of a benchmark: normalized scores as percent, others in the benchmark's own unit. */
function scoreText(value, benchmark) {
  return benchmark.is_comparable && benchmark.scale === "normalized" ? percent(value) : number(value);
}
