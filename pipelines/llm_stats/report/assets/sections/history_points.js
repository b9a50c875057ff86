/* Points, marks and labels of the chart of prices over time. */

/** Changes of at least this many percent are labelled. */
const LARGE_CHANGE = 20;
const LABEL_LINE = 13;

/** Return the points of the periods of one line. Each period has its own key, so that a time without a price is a gap. */
function linePoints(periods, key, style, clamp, start) {
  return periods
    .filter(it => it.price !== null && it.until > start)
    .flatMap((it, place, all) => {
      const next = all[place + 1]?.from === it.until ? all[place + 1] : null;
      const point = (at, price) => ({
        ...style,
        key: `${key} ${place}`,
        at: 1000 * Math.max(at, start),
        price: clamp(price),
        isOff: it.isAvailable === false,
      });
      return [point(it.from, it.price), point(it.until, it.price), ...(next ? [point(it.until, next.price)] : [])];
    });
}

/** Return the marks of an offer's periods: changes, listings, delistings, and where the offer is first seen. */
function eventPoints(periods, colour, clamp, start) {
  return periods
    .filter(it => it.price !== null)
    .flatMap(it => {
      const name = `${truncate(it.model.name, 60)} at ${truncate(it.label, 60)}`;
      const base = {
        name,
        colour,
        price: clamp(it.price),
        text: usd(it.price) + suspicion(it.reason),
        status: truncate(it.status, 40),
        since: utc(it.from),
        change: changeText(it.change),
        label: "",
        weight: Math.abs(it.change ?? 0),
      };
      const how = it.isListing
        ? "listed"
        : it.change !== null
          ? changeText(it.change)
          : it.isNext
            ? "changed"
            : "first seen";
      const opening = {
        ...base,
        at: 1000 * it.from,
        shape: it.isListing ? "triangle-right" : it.reason ? "triangle-up" : "circle",
        size: it.isListing ? 70 : 30,
      };
      if (it.isListing) opening.label = "listed";
      else if (Math.abs(it.change ?? 0) >= LARGE_CHANGE) opening.label = changeText(it.change);
      const end = { ...base, at: 1000 * it.until, shape: "cross", size: 60, label: "delisted", weight: 1 };
      return [
        ...(it.from >= start
          ? [
              {
                ...opening,
                description: `${name}: ${state.kind} ${priced(it.price)}, ${how}, ${base.status}, since ${base.since} (UTC)`,
              },
            ]
          : []),
        ...(it.isDelisting && it.until >= start
          ? [
              {
                ...end,
                description: `${name}: delisted ${utc(it.until)} (UTC), before ${state.kind} ${priced(it.price)}`,
              },
            ]
          : []),
      ];
    });
}

/** Return the labels at the ends of lines: those of the lowest prices, and those of offers for which there is space.
 *
 * Labels are {lines, price, colour, isBold}. A label of a lowest price moves until it is free; others move a little. */
function endLabels(labels, scale, height) {
  const taken = [],
    placed = [];
  for (const label of [...labels].sort((one, two) => two.isBold - one.isBold || two.price - one.price)) {
    const tall = label.lines.length * LABEL_LINE,
      wanted = height * (1 - scale.place(label.price)),
      reach = label.isBold ? height : 12;
    const isUncovered = y =>
      y - tall / 2 >= -8 &&
      y + tall / 2 <= height + 8 &&
      taken.every(([top, bottom]) => y + tall / 2 <= top || y - tall / 2 >= bottom);
    const shifts = Array.from({ length: reach + 1 }, (_, step) => [wanted - step, wanted + step]).flat();
    const y = shifts.find(isUncovered);
    if (y === undefined) continue;
    taken.push([y - tall / 2, y + tall / 2]);
    label.lines.forEach((text, line) =>
      placed.push({
        text,
        colour: label.colour,
        weight: label.isBold && line === 0 ? "bold" : "normal",
        y: y + LABEL_LINE * (line - (label.lines.length - 1) / 2),
      }),
    );
  }
  return placed;
}
