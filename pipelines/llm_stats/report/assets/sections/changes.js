/* Changes of prices and offers as a table, and changes of scores and of the catalog as another one. */

/** Places of the rows of `price_changes`: the latest day first, then the largest change first. */
const orderedChanges = Array.from({ length: countRows("price_changes") }, (_, place) => place);
{
  const { changed_at: at, blended_change_pct: pct } = columnsOf.price_changes;
  const days = at.map(time => Math.floor(time / DAY));
  orderedChanges.sort(
    (one, two) => days[two] - days[one] || Math.abs(pct[two] ?? 0) - Math.abs(pct[one] ?? 0) || one - two,
  );
}

/** Return whether a change, by its place, is of the chosen kind.
 *
 * A listing or delisting is a cut or a rise if it moved the lowest price of the model. */
function isChosenKind(place) {
  const {
    direction,
    kind,
    model_id: id,
    changed_at: at,
    old_blended_usd_per_mtok: old,
    new_blended_usd_per_mtok: now,
  } = columnsOf.price_changes;
  const isCheapest = () =>
    movesCheapest({
      model_id: id[place],
      changed_at: at[place],
      old_blended_usd_per_mtok: old[place],
      new_blended_usd_per_mtok: now[place],
    });
  const isListing = ["listed", "delisted"].includes(texts[kind[place]]);
  if (state.what === "cheapest") return isCheapest();
  if (state.what === "listed") return isListing;
  if (!state.what || !isListing) return !state.what || texts[direction[place]] === state.what;
  const { before, after } = lowestAround(id[place], at[place]);
  if (before === null || after === null || !isCheapest()) return false;
  return state.what === (after < before ? "cut" : "rise");
}

/** Return the tests whether a change in a table is in the chosen days and of a selected model. */
function chosenChanges({ changed_at: at, model_id: ids }) {
  const start = asOf - Number(state.days) * DAY;
  return place => at[place] >= start && (!state.only || state.models.includes(ids[place]));
}

let shownOnly = "";

function showChanges(changed = new Set()) {
  if ([...changed].join() === "models" && !state.only && !shownOnly) return;
  shownOnly = state.only;
  const isChosen = chosenChanges(columnsOf.price_changes);
  const rows = orderedChanges.filter(place => isChosen(place) && isChosenKind(place));
  const since = page.changes_since.price_changes;
  const start = asOf - Number(state.days) * DAY;
  const cut = since > start ? ` Changes before ${utc(since)} (UTC) are left out.` : "",
    short = page.prices_since > start ? ` No history yet before ${day(page.prices_since)}, when prices were first seen.` : "";
  byId("changes-note").textContent =
    `${plural(rows.length, "change")} in the ${state.days} days up to ${asOf ? day(asOf) : "now"}, the latest day first, ` +
    `its largest changes first. Blended prices in ${USD}. A change is dated when it was found.${cut}${short}`;
  showTable("changes-table", {
    caption: "Changes of prices and offers, latest day first",
    file: "price_changes",
    rows,
    empty: "No change meets the choices.",
    columns: changeColumns(),
  });
  showOtherChanges();
  if (changed.size) announce(`${plural(rows.length, "change")} of prices and offers`);
}

/** Return the column of models; a model that is not on the page has its id. */
function changedModel(idOf) {
  return {
    name: "Model",
    value: place => models.get(idOf(place))?.name ?? texts[idOf(place)],
    className: "name",
    node: place => (models.has(idOf(place)) ? modelButton(idOf(place)) : texts[idOf(place)]),
  };
}

/** Return a day, and a time (UTC) that is left out of a narrow table. */
function timeParts(at) {
  const [date, time] = utc(at).split(" ");
  const day = element("span", { className: "figure" }, date);
  return element("span", {}, day, " ", element("span", { className: "figure spare" }, time));
}

/** Return the marks as one element, or null without marks. */
function marksOf(marks) {
  return marks.length ? element("span", {}, ...marks.flatMap(made => [made, " "])) : null;
}

/** Format the `"old"` or `"new"` price of a change: the blended one, else the half that is published: `"input 2.00"`. */
function changedPrice(side, place) {
  const price = kind => columnsOf.price_changes[`${side}_${kind}_usd_per_mtok`][place];
  if (price("blended") !== null) return usd(price("blended"));
  const half = ["input", "output"].find(kind => price(kind) !== null);
  return half ? `${half} ${usd(price(half))}` : "–";
}

function changeColumns() {
  const column = name => place => columnsOf.price_changes[name][place];
  const textOf = name => place => texts[columnsOf.price_changes[name][place]] ?? null;
  const id = column("model_id"),
    pct = column("blended_change_pct"),
    kind = textOf("kind");
  const status = (place, side) =>
    kind(place) === "status_changed" ? truncate(textOf(`${side}_status`)(place) ?? "–", 40) : changedPrice(side, place);
  const old = column("old_blended_usd_per_mtok"),
    now = column("new_blended_usd_per_mtok");
  return [
    { ...changedModel(id), mark: place => element("small", { className: "narrow" }, textOf("provider_name")(place) ?? "") },
    { name: "Model id", value: place => texts[id(place)], onlyCsv: true },
    { name: "Provider", value: textOf("provider_name"), className: "spare" },
    { name: "Old", value: old, text: place => status(place, "old"), isNumber: true },
    {
      name: "New",
      value: now,
      text: place => status(place, "new"),
      isNumber: true,
      mark: place => offerMark(rowAt("price_changes", place)),
    },
    suspectColumn(textOf("suspect_reason")),
    {
      name: "▲▼ %",
      value: pct,
      text: place => (pct(place) === null ? words(kind(place)) : changeText(pct(place))),
      isNumber: true,
      mark: place => marksOf(changeMarks(rowAt("price_changes", place))),
    },
    { name: "Kind", value: kind, onlyCsv: true },
    { name: "Since (UTC)", value: place => utc(column("changed_at")(place)), node: place => timeParts(column("changed_at")(place)), className: "when" },
  ];
}

/** Show the number of changes of scores and of the catalog; the table is filled when it is open. */
function showOtherChanges() {
  const isChosen = chosenChanges(columnsOf.other_changes),
    { model_id: ids, changed_at: at, change } = columnsOf.other_changes;
  const rows = Array.from({ length: countRows("other_changes") }, (_, place) => place).filter(isChosen);
  byId("other-count").textContent = number(rows.length);
  if (!byId("other-changes").open) return;
  showTable("others-table", {
    caption: "Changes of scores and of the catalog, latest day first",
    file: "other_changes",
    rows,
    empty: "No change meets the choices.",
    columns: [
      changedModel(place => ids[place]),
      { name: "Change", value: place => texts[change[place]] },
      { name: "Since (UTC)", value: place => utc(at[place]), className: "when" },
    ],
  });
}
