/* Start of the page: fill the controls, show the sections, and redraw each when one of its choices changes. */

/** Show a section now, and again whenever one of these choices changes. */
function section(keys, redraw) {
  redraw();
  onChange(keys, redraw);
}

/** Add to each time in the header its age when the page is opened: ` (3 hours ago)`. */
function showAges() {
  for (const time of document.querySelectorAll("time")) {
    const seconds = Date.parse(time.dateTime) / 1000;
    if (seconds <= Date.now() / 1000) time.append(` (${age(seconds)})`);
  }
}

/** State the choices in one sentence, because the controls are not printed. Evidence has two controls, and is stated once. */
function showChoices() {
  const controls = [...document.querySelectorAll(".choosers :is(select, input)")];
  const chosen = controls
    .filter(it => (it.type === "checkbox" ? it.checked : it.value))
    .map(it => {
      const label = it.closest("label");
      if (it.type === "checkbox") return label.textContent.trim();
      const name = it.ariaLabel ?? label.firstChild.textContent.trim();
      return `${name}: ${it.tagName === "SELECT" ? it.selectedOptions[0].textContent : it.value}`;
    });
  byId("printed-choices").textContent = `Choices: ${[...new Set(chosen)].join("; ")}.`;
}

document.documentElement.classList.add("scripted");
const filters = ["open", "commercial", "organization", "provider", "modality", "context", "released"];
const costs = ["input", "output", "free"];

fillFilters();
makeSearch();
section(["few", "score", "scope"], fillSubjects);
section(["scope"], fillCategories);
section(["models", "like", "score", "scope"], fillLike);
for (const key of [
  "score", "scope", "board", "min", "like", "input", "output", "free", "every", "few",
  "kind", "range", "days", "what", "only", ...filters,
]) bind(key, key);
bind("value-scope", "scope");

section(["models"], showChips);
section(["models", "score", "scope", "min", "like", "every", ...costs, ...filters], showValue);
section(["models", ...costs], showFacts);
section(["models", "sheet", "input", "output"], showSheet);
section(["models", "kind", "range"], showHistory);
section(["models", "days", "what", "only"], showChanges);
section(["board", "scope", ...costs], showLeaders);
showMoves();
showProviders();
section(["seller", ...costs], showSeller);
byId("other-changes").addEventListener("toggle", showOtherChanges);
showFindings();
showAges();
onChange(["models"], markSelected);
section(Object.keys(DEFAULTS), showChoices);
byId("left-out").textContent = page.left_out.length ? `Left out to keep the page small: ${page.left_out.join("; ")}.` : "";
narrow.addEventListener("change", () => {
  showValue();
  showSheet();
  showHistory();
});
