/* Marks of trust next to a number, and what they mean. */

const EVIDENCE = { verified: "verified", third_party: "third party", self_reported: "self-reported" };

/** Return a button with a short mark; a click shows the reason next to it. */
function mark(text, reason) {
  const button = element("button", { type: "button", className: "mark", title: reason, "aria-expanded": "false" }, text);
  const why = element("span", { className: "why", hidden: true }, reason);
  button.addEventListener("click", () => {
    why.hidden = !why.hidden;
    button.setAttribute("aria-expanded", String(!why.hidden));
  });
  return element("span", { className: "marked" }, button, why);
}

/** Return the mark of an offer whose price looks wrong, or null. */
function offerMark(offer) {
  return offer?.suspect_reason ? mark("suspect", offer.suspect_reason) : null;
}

/** Return the column of a download that has the reason why the price of a row looks wrong. */
function suspectColumn(reasonOf) {
  return { name: "Suspect", value: reasonOf, onlyCsv: true };
}

const DOUBTS = {
  score_outlier: "outlier",
  score_disputed: "disputed",
  score_above_max: "above maximum",
  normalized_score_out_of_range: "out of range",
  source_is_placeholder: "example source",
};

/** Return why a score may be wrong, in one or two words, or null: `"disputed"`. */
function doubtText(score) {
  return score?.doubt ? (DOUBTS[score.doubt_rule] ?? "doubtful") : null;
}

/** Return the mark of a score that may be wrong, or null. */
function scoreMark(score) {
  return score?.doubt ? mark(doubtText(score), score.doubt) : null;
}

/** Return the evidence of a score in words: `"third party"`, `"third party, example source"`. */
function evidenceText(score) {
  return (EVIDENCE[score.evidence] ?? score.evidence) + (score.has_example_source ? ", example source" : "");
}

/** Return the evidence of a score in words, with a link to its source; an example source that is the score's mark is not repeated. */
function evidenceOf(score) {
  const isMarked = score.doubt_rule === "source_is_placeholder",
    text = evidenceText({ ...score, has_example_source: !isMarked && score.has_example_source });
  return element(
    "span",
    { className: `evidence ${score.evidence}` },
    score.source_url ? link(score.source_url, `${text} ↗`) : text,
  );
}

/** Return why a rate rests on few benchmarks, less than a quarter of those of the best covered model; null if it does not.
 *
 * Without a number of benchmarks, the value is a score on one benchmark. */
function fewBenchmarks(count, most) {
  return count < most / 4 ? `only ${plural(count, "benchmark")}, and the best covered model has ${number(most)}` : null;
}

/** Return the mark of a rate that rests on few benchmarks, or null. */
function coverageMark(count, most) {
  const reason = fewBenchmarks(count, most);
  return reason && mark("few benchmarks", reason);
}

/** Return a bar that is filled by the adjusted win rate. It is hatched if the rate rests on few benchmarks. */
function rateBar(row, most) {
  const classes = ["bar", fewBenchmarks(row.benchmark_count, most) && "few", row.rank === null && "unranked"];
  const made = element("i", { className: classes.filter(Boolean).join(" "), "aria-hidden": "true" });
  made.style.setProperty("--filled", row.adjusted_win_rate);
  return made;
}
