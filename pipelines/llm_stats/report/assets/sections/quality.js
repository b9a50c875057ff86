/* Data quality: findings by rule. */

/** Show each rule as a collapsed section, whose table is created when it is opened. */
function showFindings() {
  const rules = [...groupBy(rowsOf("findings"), row => row.rule)];
  if (!rules.length) return byId("findings").replaceChildren(note("Nothing was found."));
  return byId("findings").replaceChildren(
    ...rules.map(([rule, rows], index) => {
      const { finding_count: count, model_count: affected } = rows[0];
      const cut = count > rows.length ? `, the first ${rows.length} below` : "";
      const summary = element(
        "summary",
        {},
        words(rule),
        " ",
        element("span", {}, `${number(count)} in ${plural(affected, "model")}${cut}`),
      );
      const details = element("details", {}, summary, element("div", { id: `findings-${index}`, className: "table" }));
      const columns = [
        {
          name: "Model",
          value: row => texts[row.model_id],
          node: row => (models.has(row.model_id) ? modelButton(row.model_id, texts[row.model_id]) : texts[row.model_id]),
          className: "name",
        },
        { name: "Finding", value: row => row.detail },
      ];
      details.addEventListener(
        "toggle",
        () => details.open && showTable(`findings-${index}`, { caption: words(rule), columns, rows, empty: "" }),
      );
      return details;
    }),
  );
}
