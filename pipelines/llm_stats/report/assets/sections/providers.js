/* Providers: how many models each offers, and how its prices compare. */

function showProviders() {
  const rows = rowsOf("providers");
  const names = disambiguate(rows.map(row => [row.provider_id, row.provider_name]));
  showTable("providers-table", {
    caption: "Providers, those with the most models first", file: "providers", rows, empty: "No provider has a current offer.",
    columns: [
      { name: "Provider", value: row => names.get(row.provider_id), className: "name" },
      { name: "Models", value: row => row.model_count, text: row => number(row.model_count), isNumber: true, isBestHigh: true },
      { name: "Offers", value: row => row.offer_count, text: row => number(row.offer_count), isNumber: true, isBestHigh: true, className: "spare" },
      { name: "Compared models", value: row => row.competitive_model_count, text: row => number(row.competitive_model_count), isNumber: true, isBestHigh: true },
      { name: "Cheapest for", value: row => row.cheapest_count, text: row => number(row.cheapest_count), isNumber: true, isBestHigh: true },
      { name: "Median × cheapest", value: row => row.median_price_ratio, text: row => row.median_price_ratio === null ? "–" : number(row.median_price_ratio, { minimumFractionDigits: 2, maximumFractionDigits: 2 }), isNumber: true },
    ],
  });
}
