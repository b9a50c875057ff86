/* Latest changes: prices and offers, then scores and the catalog. */

function showChanges() {
  const offers = rowsOf("price_changes").map(row => ({ ...row, change: describePriceChange(row) }));
  const others = rowsOf("other_changes");
  const rows = [...offers, ...others].sort((one, two) => two.changed_at - one.changed_at);
  showTable("changes-table", {
    caption: "Changes of prices, offers, scores and the catalog, latest first", file: "changes", rows, empty: "Nothing changed.",
    columns: [
      { name: "Found (UTC)", value: row => utc(row.changed_at), className: "when" },
      { name: "Model", value: row => models.get(row.model_id)?.name ?? texts[row.model_id], node: row => models.has(row.model_id) ? modelButton(row.model_id) : texts[row.model_id], className: "name" },
      { name: "Change", value: row => row.change },
    ],
  });
}

/** Describe a change of an offer: `"at Northlight: 6.00 → 5.00, blended"`. */
function describePriceChange(row) {
  const place = `at ${row.provider_name}`;
  if (row.kind === "price_changed") {
    const pct = row.blended_change_pct === null ? "" : ` (${row.blended_change_pct > 0 ? "+" : "−"}${number(Math.abs(row.blended_change_pct), { maximumFractionDigits: 1 })} %)`;
    return `${place}: ${usd(row.old_blended_usd_per_mtok)} → ${usd(row.new_blended_usd_per_mtok)}${pct}, blended`;
  }
  if (row.kind === "status_changed") return `${place}: ${row.old_status} → ${row.new_status}`;
  return `${place}: ${row.kind}, ${usd(row.new_blended_usd_per_mtok ?? row.old_blended_usd_per_mtok)} blended`;
}
