/* Prices of models and offers over time. Times are Unix seconds; a period is {price, from, until}. */

const DAY = 86400;
const asOf = page.as_of ?? 0;
const lowestPlaces = placesByModel(columnsOf.lowest_prices.model_id);

/** Return a Map from model to [first place, place after the last] in a table whose rows of one model are together. */
function placesByModel(ids) {
  const places = new Map();
  ids.forEach((id, place) => {
    if (places.has(id)) places.get(id)[1] = place + 1;
    else places.set(id, [place, place + 1]);
  });
  return places;
}

/** Return the periods of the lowest blended price of a model, oldest first.
 *
 * A time without an available paid offer is a gap. */
function lowestPrices(id) {
  const { min_blended_usd_per_mtok: prices, valid_from: from, known_until: until } = columnsOf.lowest_prices;
  const [first, end] = lowestPlaces.get(id) ?? [0, 0];
  const periods = [];
  for (let place = first; place < end; place += 1)
    periods.push({ price: prices[place], from: from[place], until: until[place] });
  return periods;
}

/** Return whether an offer, or a period of its price, costs nothing. */
function isFree({ input_usd_per_mtok: input, output_usd_per_mtok: output }) {
  return input === 0 && output === 0;
}

/** Return the periods of the blended price of an offer, oldest first. A time without the offer or its price is a gap. */
function ownPrices({ model_id: id, provider_id: provider, offer_number: offerNumber }) {
  const {
    provider_id: providers,
    offer_number: numbers,
    blended_usd_per_mtok: prices,
    valid_from: from,
    known_until: until,
  } = columnsOf.prices;
  return models
    .get(id)
    .priceRows.filter(it => providers[it] === provider && numbers[it] === offerNumber && prices[it] !== null)
    .map(it => ({ price: prices[it], from: from[it], until: until[it] }))
    .sort((one, two) => one.from - two.from);
}

/** Return the lowest price of a model just before and just after a moment, null where there was none. */
function lowestAround(id, at) {
  const { min_blended_usd_per_mtok: prices, valid_from: from, known_until: until } = columnsOf.lowest_prices;
  const [first, end] = lowestPlaces.get(id) ?? [0, 0];
  const around = { before: null, after: null };
  for (let place = first; place < end; place += 1) {
    if (from[place] < at && until[place] >= at) around.before = prices[place];
    if (from[place] <= at && (until[place] > at || until[place] === from[place])) around.after = prices[place];
  }
  return around;
}

/** Return the lowest price of a model in the 7 days up to the newest data as {price, from, now, isHistoryShort}: the first and the current one.
 *
 * `from` is when the first one was found, at the earliest 7 days ago. `isHistoryShort`: it is the first one ever. Return null if there is no
 * price now or then. */
function weekMove(id) {
  const start = asOf - 7 * DAY,
    periods = lowestPrices(id),
    offers = models.get(id).offers.filter(it => it.is_offered && it.blended_usd_per_mtok !== null);
  const paid = offers.filter(it => !isFree(it));
  const first = periods.find(it => it.until > start) ?? periods.at(-1);
  if (!first || !paid.length) return null;
  return {
    price: first.price,
    from: Math.max(first.from, start),
    now: Math.min(...paid.map(it => it.blended_usd_per_mtok)),
    isHistoryShort: periods[0].from > start,
  };
}

/** Return the change from one price to another in percent; null if one is unknown or the old one is 0. */
function changeOf(old, price) {
  return old && price !== null && price !== undefined ? 100 * (price / old - 1) : null;
}

/** Format a change: `"▼ 16.7 %"`. */
function changeText(pct) {
  if (pct === null) return "–";
  const size = Math.abs(pct),
    sign = pct > 0 ? "▲" : pct < 0 ? "▼" : "=";
  return `${sign} ${number(size, { maximumFractionDigits: size < 100 ? 1 : 0 })} %`;
}

/** Return the periods of all offers of a model for a column of prices, oldest first.
 *
 * A period has {model, label, price, from, until, status, isAvailable, isFree, reason, isCurrent, hasLeft, change, isNext,
 * isListing, isDelisting}. `isNext`: the period before it ended when it began. No period of a model that left the catalog is current.
 * `change` is in percent of the price before. Rows with the same price and status are one period. */
function offerPeriods(model, column) {
  const rows = model.priceRows.map(place => rowAt("prices", place));
  const names = disambiguate([...new Map([...rows].reverse().map(row => [row.provider_id, row.provider_name]))]);
  const offers = groupBy(rows, row => `${row.provider_id} ${row.offer_number}`);
  const isCurrent = row => Boolean(row.is_current) && model.unlisted_since === null;
  return [...offers.values()].flatMap(own => {
    const periods = [];
    for (const row of own.sort((one, two) => one.valid_from - two.valid_from)) {
      const last = periods.at(-1),
        isNext = last?.until === row.valid_from;
      if (isNext) last.isDelisting = false;
      if (isNext && last.price === row[column] && last.status === row.status) {
        Object.assign(last, {
          until: row.known_until,
          isCurrent: isCurrent(row),
          hasLeft: Boolean(row.is_current) && !isCurrent(row),
          isDelisting: !row.is_current,
          reason: row.suspect_reason,
        });
        continue;
      }
      periods.push({
        model,
        label: names.get(row.provider_id) + (row.offer_number > 1 ? ` (no. ${row.offer_number})` : ""),
        price: row[column],
        from: row.valid_from,
        until: row.known_until,
        status: row.status,
        isAvailable: Boolean(row.is_available),
        isFree: isFree(row),
        reason: row.suspect_reason,
        isCurrent: isCurrent(row),
        hasLeft: Boolean(row.is_current) && !isCurrent(row),
        change: isNext ? changeOf(last.price, row[column]) : null,
        isNext,
        isListing: !isNext && !row.is_initial,
        isDelisting: !row.is_current,
      });
    }
    return periods;
  });
}

/** Return the periods of the lowest price among periods of available paid offers, oldest first. */
function lowestOf(periods) {
  const paid = periods.filter(it => it.isAvailable && !it.isFree && it.price !== null);
  const moments = [...new Set(paid.flatMap(it => [it.from, it.until]))].sort((one, two) => one - two);
  const lowest = [];
  moments.slice(0, -1).forEach((from, place) => {
    const open = paid.filter(it => it.from <= from && it.until > from);
    if (!open.length) return;
    const price = Math.min(...open.map(it => it.price)),
      last = lowest.at(-1);
    if (last?.until === from && last.price === price) last.until = moments[place + 1];
    else lowest.push({ price, from, until: moments[place + 1] });
  });
  return lowest;
}
