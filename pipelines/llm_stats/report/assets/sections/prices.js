/* Prices over time of the selected models. */

const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];

function showPrices() {
  const rows = selected().flatMap(({ model }) => labelledPrices(model));
  draw("history-chart", priceHistory(rows, `${state.kind}_usd_per_mtok`));
}

/** Return all prices of a model, now and before, with the latest name of each provider as label. */
function labelledPrices(model) {
  const rows = model.priceRows.map(place => rowAt("prices", place));
  const latest = new Map([...rows].reverse().map(row => [row.provider_id, row.provider_name]));
  return rows.map(row => ({
    ...row, offer: `${row.model_id} ${row.provider_id} ${row.offer_number}`,
    label: truncate(`${model.name} at ${latest.get(row.provider_id)}`, 80) + (row.offer_number > 1 ? ` (no. ${row.offer_number})` : ""),
  }));
}

/** Return the chart of prices over time, or a text if there is none. A time without the offer is a gap. */
function priceHistory(rows, side) {
  const known = rows.filter(row => row[side] !== null).sort((one, two) => one.valid_from - two.valid_from);
  if (!rows.length) return "Select a model that has an offer, now or before.";
  if (!known.length) return "No price of this kind has been published.";
  const first = Math.min(...rows.map(row => row.valid_from)), last = Math.max(...rows.map(row => row.known_until));
  if (first === last) return `Seen once, at ${utc(first)} UTC: there is no history yet.`;
  const offers = [...new Set(known.map(row => row.offer))];
  const steps = known.flatMap(row => {
    const goesOn = known.some(next => next.offer === row.offer && next.valid_from === row.known_until);
    const end = {
      offer: row.offer, label: row.label, at: row.known_until * 1000, price: row[side], isStart: false, colour: colourOf(row.model_id),
      dash: DASHES[offers.indexOf(row.offer) % DASHES.length], since: utc(row.valid_from), text: priced(row[side]), state: truncate(row.status, 40),
    };
    const description = `${row.label}: ${state.kind} ${end.text}, ${end.state}, since ${end.since} (UTC)`;
    return [{ ...end, at: row.valid_from * 1000, isStart: true, description }, end, ...(goesOn ? [] : [{ ...end, price: null }])];
  });
  return historyChart(steps, offers.length);
}

/** Return the chart of prices over time as a specification. `at` is in milliseconds; a null price is a gap. */
function historyChart(steps, count) {
  return {
    description: `Prices over time of ${count} offers`, data: { values: steps }, width: "container", height: 280, autosize,
    encoding: {
      x: {
        field: "at", type: "temporal", title: "Time (UTC)", scale: { type: "utc", padding: 10 },
        axis: { format: clock, tickCount: narrow.matches ? 4 : 8, labelOverlap: "greedy" },
      },
      y: { field: "price", type: "quantitative", title: USD, scale: { zero: true }, axis: { format: ",~r", tickCount: 5 } },
      color: { field: "colour", type: "nominal", scale: null, legend: null }, detail: { field: "offer" },
    },
    layer: [
      { mark: { type: "line", interpolate: "step-after", strokeWidth: 2, invalid: "break-paths-show-path-domains", aria: false } },
      {
        name: "points", transform: [{ filter: "datum.isStart" }], mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          description: { field: "description" },
          tooltip: [{ field: "label", title: "title" }, { field: "text", title: "Price" }, { field: "state", title: "Status" }, { field: "since", title: "Since (UTC)" }],
        },
      },
    ],
  };
}
