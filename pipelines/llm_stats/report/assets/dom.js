/* Elements. Strings from the data become text nodes. */

function byId(id) {
  return document.getElementById(id);
}

/** Return a new element. Properties whose name contains `-` and `role` are set as attributes. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** Return a paragraph in small print. */
function note(...children) {
  return element("p", { className: "note" }, ...children);
}

/** Return a link to an http or https address in another tab, or the text alone for any other address. */
function link(address, text) {
  const isWeb = URL.canParse(address ?? "") && ["http:", "https:"].includes(new URL(address).protocol);
  return isWeb ? element("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text) : document.createTextNode(text);
}

/** Fill a select with groups of {label, options: [[value, text], …]}, without empty groups. */
function fillSelect(id, groups) {
  const filled = groups.filter(group => group.options.length);
  const shown = filled.length ? filled : [{ label: "", options: [["", "none"]] }];
  const option = ([value, text]) => element("option", { value }, truncate(text, 60));
  byId(id).disabled = !filled.length;
  byId(id).replaceChildren(...shown.flatMap(({ label, options }) =>
    label ? [element("optgroup", { label }, ...options.map(option))] : options.map(option)));
}

/** Announce a change to screen readers. */
function announce(text) {
  byId("announcement").textContent = text;
}
