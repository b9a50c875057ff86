/* Largest moves of cheapest prices in a week, in the header, and marks of changes. */

/** Turn the names of the models into buttons. The rows are on the page without scripts. */
function showMoves() {
  const lines = document.querySelectorAll("#moves tbody tr");
  rowsOf("moves").forEach((row, place) => {
    const { cells } = lines[place];
    if (models.has(row.model_id)) cells[0].replaceChildren(modelButton(row.model_id));
    cells[2].textContent = usd(row.old_blended_usd_per_mtok);
    cells[3].replaceChildren(usd(row.new_blended_usd_per_mtok), " ", offerMark(row) ?? "");
  });
}

/** Return whether a change of an offer moved the lowest price of its model. */
function movesCheapest({
  model_id: id,
  changed_at: at,
  old_blended_usd_per_mtok: old,
  new_blended_usd_per_mtok: price,
}) {
  const { before, after } = lowestAround(id, at);
  return before !== after && ((before !== null && old === before) || (after !== null && price === after));
}

/** Return the marks of a change: it moved the lowest price of its model, or it undoes an earlier change. */
function changeMarks(row) {
  const undone = row.is_reversal
    ? mark("undone", "This change undoes the price change before it, of the last 30 days.")
    : null;
  return [cheapestMark(row), undone].filter(Boolean);
}

/** Return the mark of a change that moved the lowest price of its model, or null. */
function cheapestMark(row) {
  if (!movesCheapest(row)) return null;
  const { before, after } = lowestAround(row.model_id, row.changed_at);
  const textOf = price => (price === null ? "none" : usd(price));
  return mark("cheapest", `The lowest paid price of the model went from ${textOf(before)} to ${textOf(after)}.`);
}
