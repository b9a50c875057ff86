/* The choices of the reader: kept in the hash of the address, so that a link or the back button restores them.
 *
 * `state.models` has five places; a model keeps its place, and thereby its colour, until it is removed. The other choices are texts. */

const PLACES = 5;
const DEFAULTS = {
  score: "category overall", scope: "all", min: "", like: "", input: "", output: "", free: "yes", every: "",
  open: "", commercial: "", organization: "", provider: "", modality: "", context: "", released: "", few: "",
  board: "overall", sheet: "", kind: "blended", range: "90", days: "30", what: "", only: "", seller: "",
};
const modelsByText = new Map([...models.keys()].reverse().map(id => [texts[id], id]));
const listeners = [];
const providerTexts = new Set(rowsOf("providers").map(row => texts[row.provider_id]));
/** Possible values of the choices whose controls are filled by scripts. */
const possibleValues = {
  score: new Set([
    ...categoryNames.map(name => `category ${name}`),
    ...[...benchmarks.values()].filter(it => it.is_comparable).map(it => `benchmark ${texts[it.benchmark_id]}`),
  ]),
  board: new Set(categoryNames),
  like: modelsByText, sheet: modelsByText, provider: providerTexts, seller: providerTexts,
  organization: new Set([...models.values()].map(it => texts[it.organization_id])),
  modality: new Set([...models.values()].flatMap(it => it.modalities?.split(", ") ?? [])),
};
const preselected = defaultModels();
let state = readHash();

/** Return the models that are selected without a choice: the two best ones that have a price. */
function defaultModels() {
  const ranked = boards.get(boardKey("overall", "all")) ?? [];
  const priced = ranked.slice(0, 500).map(place => columnsOf.leaderboard.model_id[place]).filter(id => models.get(id).offers.some(isPriced));
  return padded((priced.length ? priced : [...models.keys()]).slice(0, 2));
}

function padded(ids) {
  return Array.from({ length: PLACES }, (_, place) => ids[place] ?? null);
}

/** Return whether a text from the hash is a possible value of a choice. */
function isPossible(key, value) {
  if (possibleValues[key]) return possibleValues[key].has(value);
  const control = byId(key);
  if (control.type === "checkbox") return ["yes", ""].includes(value);
  if (control.tagName === "SELECT") return [...control.options].some(option => option.value === value);
  return element("input", { type: control.type, value }).value === value;
}

/** Return the choices that the hash holds. Impossible values, unknown models and repeated models are dropped. */
function readHash() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const chosen = Object.entries(DEFAULTS).map(([key, usual]) => {
    const value = parameters.get(key);
    return [key, value !== null && isPossible(key, value) ? value : usual];
  });
  const found = Array.from({ length: PLACES }, (_, place) => modelsByText.get(parameters.get(`m${place + 1}`) ?? "") ?? null);
  const places = found.map((id, place) => (found.indexOf(id) === place ? id : null));
  const isChosen = parameters.get("models") === "none" || places.some(id => id !== null);
  return { ...Object.fromEntries(chosen), models: isChosen ? places : preselected };
}

/** Return the hash of the choices, without those that are the default. */
function hashOf(choices) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(DEFAULTS)) if (choices[key] !== value) parameters.set(key, choices[key]);
  if (choices.models.join() !== preselected.join()) {
    choices.models.forEach((id, place) => id !== null && parameters.set(`m${place + 1}`, texts[id]));
    if (choices.models.every(id => id === null)) parameters.set("models", "none");
  }
  return `#${parameters}`;
}

/** Call a function now and whenever one of these choices changes. */
function onChange(keys, redraw) {
  listeners.push({ keys, redraw });
}

/** Change some choices and redraw what depends on them; return whether the address changed.
 *
 * Each change is a step of the back button. If `isSameStep`, it replaces the last one. */
function choose(choices, isSameStep = false) {
  const before = state;
  state = { ...state, ...choices };
  const hash = hashOf(state),
    isNew = hash !== (location.hash || "#");
  if (isNew && isSameStep) location.replace(hash);
  else if (isNew) location.hash = hash;
  redrawChanged(before);
  return isNew;
}

function redrawChanged(before) {
  const changed = new Set(Object.keys(state).filter(key => String(state[key]) !== String(before[key])));
  for (const { keys, redraw } of listeners) if (keys.some(key => changed.has(key))) redraw(changed);
}

addEventListener("hashchange", () => {
  if (hashOf(state) === location.hash) return;
  const before = state;
  state = readHash();
  redrawChanged(before);
});

/* Selected models. */

/** Return the selected models as [{model, place}, …]. */
function selected() {
  return state.models.map((id, place) => ({ model: models.get(id), place })).filter(({ model }) => model);
}

/** Return the CSS colour of a model: that of its place, or `other` if it is not selected. */
function colourOf(id, other = "var(--muted)") {
  const place = state.models.indexOf(id);
  return place < 0 ? other : `var(--model-${place + 1})`;
}

/** Return whether a model can be neither selected nor removed: it is not selected, and all places are taken. */
function isRefused(id) {
  return !state.models.includes(id) && !state.models.includes(null);
}

/** Select a model, or remove it if it is selected. */
function toggleModel(id) {
  const { name } = models.get(id), places = [...state.models];
  const place = places.includes(id) ? places.indexOf(id) : places.indexOf(null);
  byId("full").hidden = !isRefused(id);
  if (isRefused(id)) return announce(`${name} was not selected: five models are selected; remove one first.`);
  const isAdded = places[place] === null;
  places[place] = isAdded ? id : null;
  choose({ models: places, sheet: !isAdded && state.sheet === texts[id] ? "" : state.sheet });
  return announce(`${name} ${isAdded ? "selected" : "removed"}; ${selected().length} of ${PLACES} models are selected.`);
}

/** Mark an input whose text is not a possible value, such as -5 tokens: it is ignored. */
function markInvalid(control) {
  control.setAttribute("aria-invalid", String(!control.validity.valid));
  control.title = control.validity.valid ? "" : "This is not a possible value, so it is ignored.";
}

/** Connect a select, checkbox or input to a choice. All that is typed until the input is left is one step of the back button. */
function bind(id, key) {
  const control = byId(id), isBox = control.type === "checkbox";
  const show = () => {
    if (isBox) control.checked = state[key] === "yes";
    else if (control.value !== state[key]) control.value = state[key];
    if (control.tagName === "INPUT") markInvalid(control);
  };
  show();
  onChange([key], show);
  if (control.tagName !== "INPUT" || isBox) {
    control.addEventListener("change", () => choose({ [key]: isBox ? (control.checked ? "yes" : "") : control.value }));
    return;
  }
  let isTyping = false;
  control.addEventListener("input", () => {
    isTyping = choose({ [key]: control.value }, isTyping) || isTyping;
    markInvalid(control);
  });
  control.addEventListener("change", () => {
    isTyping = false;
  });
}
