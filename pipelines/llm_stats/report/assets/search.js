/* Search of models, and chips of the selected ones. */

const MATCHES = 10;
const searched = [...models.values()].map(model => ({
  model,
  name: model.name.toLowerCase(),
  text: `${model.name} ${texts[model.model_id]} ${model.organization_name}`.toLowerCase(),
}));

/** Return the models whose name, id or organization contain all words: exact names first, then names that begin so. */
function findModels(text) {
  const typed = text.trim().toLowerCase(),
    parts = typed.split(/\s+/);
  const closeness = ({ name }) => (name === typed ? 0 : name.startsWith(typed) ? 1 : 2);
  const found = searched.filter(entry => parts.every(part => entry.text.includes(part)));
  return found.sort((one, other) => closeness(one) - closeness(other)).map(entry => entry.model);
}

/** Make the search field a combobox: arrow keys move in the list, Enter selects, Escape closes. */
function makeSearch() {
  const field = byId("search"),
    list = byId("search-list");
  let found = [],
    active = -1;
  const close = () => {
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const pick = model => {
    field.value = "";
    close();
    if (!state.models.includes(model.model_id)) toggleModel(model.model_id);
  };
  const option = (model, index) => {
    const isSelected = state.models.includes(model.model_id);
    const made = element(
      "li",
      {
        id: `search-${index}`,
        role: "option",
        "aria-selected": String(index === active),
        "aria-disabled": String(isRefused(model.model_id)),
      },
      swatch(model.model_id),
      ` ${model.name} `,
      element("small", {}, model.organization_name + (isSelected ? ", selected" : "")),
    );
    made.addEventListener("mousedown", event => {
      event.preventDefault();
      pick(model);
    });
    return made;
  };
  const show = () => {
    const shown = found.slice(0, MATCHES);
    const rest = found.length - shown.length;
    const more = rest
      ? [element("li", { role: "presentation", className: "more" }, `${number(rest)} more: type more of the name`)]
      : [];
    const none = found.length ? [] : [element("li", { role: "presentation", className: "more" }, "No model has this name.")];
    list.replaceChildren(...shown.map(option), ...more, ...none);
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    if (active < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", `search-${active}`);
  };
  const search = () => {
    if (!field.value.trim()) return close();
    found = findModels(field.value);
    active = found.length ? 0 : -1;
    show();
    return announce(`${plural(found.length, "model")} found`);
  };
  field.addEventListener("input", search);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", event => {
    const count = Math.min(found.length, MATCHES),
      step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      event.preventDefault();
      active = list.hidden ? 0 : (active + step + count) % count;
      show();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      pick(found[active]);
    } else if (event.key === "Escape") close();
  });
}

/** Return a small square in the colour of a model. */
function swatch(id) {
  const made = element("i", { className: "swatch" });
  made.style.setProperty("--colour", colourOf(id, "transparent"));
  return made;
}

/** Return a button with the name of a model, which selects it or removes it. */
function modelButton(id, text = models.get(id).name) {
  const button = element("button", { type: "button", className: "model" }, swatch(id), text);
  button.dataset.model = id;
  button.addEventListener("click", () => toggleModel(id));
  markButton(button, id);
  return button;
}

/** Show on a button of a model whether the model is selected, or cannot be. */
function markButton(button, id) {
  button.setAttribute("aria-pressed", String(state.models.includes(id)));
  button.setAttribute("aria-disabled", String(isRefused(id)));
}

/** Show the state of every button of a model, in all sections. */
function markSelected() {
  for (const button of document.querySelectorAll("button.model")) {
    const id = Number(button.dataset.model);
    markButton(button, id);
    button.querySelector(".swatch").style.setProperty("--colour", colourOf(id, "transparent"));
  }
}

/** Show a chip for each selected model, with a button that removes it. */
function showChips() {
  const chips = selected().map(({ model }) => {
    const remove = element(
      "button",
      { type: "button", className: "remove", "aria-label": `Remove ${model.name}`, title: "Remove" },
      "×",
    );
    remove.addEventListener("click", () => {
      toggleModel(model.model_id);
      byId("search").focus();
    });
    const open = element("a", { href: "#", className: "name" }, truncate(model.name, 40));
    open.addEventListener("click", event => {
      event.preventDefault();
      choose({ sheet: texts[model.model_id] });
      byId("sheet-title").scrollIntoView();
      byId("sheet-title").focus({ preventScroll: true });
    });
    return element("li", {}, swatch(model.model_id), open, remove);
  });
  const empty = element("li", { className: "empty" }, "No model is selected. Search, or click a dot or a name.");
  byId("chips").replaceChildren(...(chips.length ? chips : [empty]));
  byId("full").hidden = true;
  byId("search").placeholder = chips.length < PLACES ? "Add a model by name" : "Five models are selected";
}
