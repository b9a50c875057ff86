/* Providers: how many models each offers, how its prices compare, and the offers of the chosen one. */

const sellers = rowsOf("providers");
const sellerNames = disambiguate(sellers.map(row => [row.provider_id, row.provider_name]));

function showProviders() {
  const count = (name, column, className = "") => ({
    name,
    value: row => row[column],
    text: row => number(row[column]),
    isNumber: true,
    isBestHigh: true,
    className,
  });
  showTable("providers-table", {
    caption: "Providers, those with the most models first",
    file: "providers",
    rows: sellers,
    empty: "No provider has a current offer.",
    columns: [
      {
        name: "Provider",
        value: row => sellerNames.get(row.provider_id),
        node: row => sellerButton(row.provider_id),
        className: "name",
      },
      count("Models", "model_count"),
      count("Offers", "offer_count", "spare"),
      count("Compared models", "competitive_model_count", "spare"),
      count("Cheapest for, by blended price", "cheapest_count"),
      {
        name: "Median × cheapest, by blended price",
        value: row => row.median_price_ratio,
        text: row => ratioText(row.median_price_ratio),
        isNumber: true,
      },
    ],
  });
}

const ratioText = ratio =>
  ratio === null ? "–" : number(ratio, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Return the provider whose offers are shown: the chosen one, else the first one, or undefined. */
function chosenSeller() {
  return sellers.find(row => texts[row.provider_id] === state.seller) ?? sellers[0];
}

function sellerButton(id) {
  const button = element(
    "button",
    { type: "button", className: "link", "aria-pressed": String(chosenSeller().provider_id === id) },
    sellerNames.get(id),
  );
  button.dataset.seller = id;
  button.addEventListener("click", () => {
    choose({ seller: texts[id] });
    announce(`Offers of ${sellerNames.get(id)} are shown.`);
  });
  return button;
}

let offersBySeller = null;

/** Show the offers of the chosen provider, available ones and the most expensive against the cheapest last. */
function showSeller() {
  const seller = chosenSeller();
  if (!seller) return;
  for (const button of document.querySelectorAll("#providers-table [data-seller]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.seller) === seller.provider_id));
  }
  const name = sellerNames.get(seller.provider_id);
  offersBySeller ??= groupBy(
    [...models.values()].flatMap(model => model.offers),
    offer => offer.provider_id,
  );
  const offers = offersBySeller.get(seller.provider_id) ?? [];
  const rows = offers.map(offer => ({
    offer,
    model: models.get(offer.model_id),
    cost: costOf(offer),
    ratio: ratioOf(offer),
  }));
  rows.sort(
    (one, two) =>
      two.offer.is_offered - one.offer.is_offered ||
      (one.ratio ?? Infinity) - (two.ratio ?? Infinity) ||
      one.model.name.localeCompare(two.model.name, "en"),
  );
  const rest =
    rows.length < seller.offer_count ? `, ${number(rows.length)} of ${number(seller.offer_count)} on this page` : "";
  byId("seller-title").textContent = `Offers of ${name}${rest}`;
  showTable("seller-table", {
    caption: `Offers of ${name}, those closest to the cheapest price first`,
    file: `offers_of_${texts[seller.provider_id]}`,
    rows,
    empty: "",
    columns: [
      { name: "Model", value: row => row.model.name, node: row => modelButton(row.model.model_id), className: "name" },
      { name: "Model id", value: row => texts[row.model.model_id], onlyCsv: true },
      {
        name: "Input",
        value: row => row.offer.input_usd_per_mtok,
        text: row => usd(row.offer.input_usd_per_mtok),
        isNumber: true,
        className: "spare",
      },
      {
        name: "Output",
        value: row => row.offer.output_usd_per_mtok,
        text: row => usd(row.offer.output_usd_per_mtok),
        isNumber: true,
        className: "spare",
      },
      {
        name: costUnit(),
        value: row => row.cost,
        text: row => usd(row.cost),
        isNumber: true,
        mark: row => offerMark(row.offer),
      },
      suspectColumn(row => row.offer.suspect_reason),
      { name: "× cheapest", value: row => row.ratio, text: row => ratioText(row.ratio), isNumber: true },
      ownPriceColumn(row => row.offer),
      {
        name: "Status",
        value: row =>
          row.offer.is_available && !row.offer.is_offered ? "model left the catalog" : truncate(row.offer.status, 40),
        className: "spare",
      },
    ],
  });
}

/** Return the cost of an offer divided by that of the cheapest paid offer of the model.
 *
 * Return null if the offer is free or has no price. */
function ratioOf(offer) {
  const cost = costOf(offer);
  const lowest = cost ? pricedOffers(models.get(offer.model_id)).find(other => other.cost > 0) : null;
  return lowest ? cost / lowest.cost : null;
}
