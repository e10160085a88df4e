// Pieces of the page. Text is only ever set as text, so nothing that came with the market can be markup.
const Parts = (() => {
  let summary = {};
  const about = whole => { summary = whole; };

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {}))
      if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
    made.append(...children.filter(child => child !== null && child !== undefined));
    return made;
  }

  // A value of the summary: its place, the way it is written, and the words where there is none.
  function value(key, as = "usdt", absent) {
    const found = Read.at(summary, key), missing = found === null || found === undefined || found === "";
    const shown = element("span", { "data-key": key, "data-as": as }, Format[as](found, absent));
    if (missing) shown.className = "absent";
    else if (as === "gain" || as === "signed") shown.className = Number(found) > 0 ? "gain" : Number(found) < 0 ? "loss" : "";
    return shown;
  }

  function side(name) {
    const long = name === "LONG", known = long || name === "SHORT";
    return element("span", { class: `side ${long ? "long" : known ? "short" : ""}` }, known ? `${long ? "▲" : "▼"} ${name}` : Format.NOT_KNOWN);
  }

  // Words stand at the left of their column, numbers at its right.
  const worded = content => content instanceof Element && content.matches('[data-as="text"], .side, .words');

  function table(heads, rows, caption) {
    const left = heads.map((_, at) => rows.length > 0 && worded(rows[0][at]));
    const cell = (content, at, tag) => {
      if (content instanceof Element && /^T[DH]$/.test(content.tagName)) return content;
      const first = at === 0 && tag === "td";
      return element(first ? "th" : tag, { scope: first ? "row" : tag === "th" ? "col" : undefined, class: left[at] ? "left" : undefined }, content);
    };
    return element("div", { class: "scroll", tabindex: rows.length && heads.length > 4 ? 0 : undefined, role: "group", "aria-label": caption || heads[0] || "table" },
      element("table", {}, caption ? element("caption", {}, caption) : null,
        element("thead", {}, element("tr", {}, ...heads.map((head, at) => cell(head, at, "th")))),
        element("tbody", {}, ...rows.map(row => element("tr", {}, ...row.map((content, at) => cell(content, at, "td")))))));
  }

  const words = text => element("td", { class: "words" }, text);
  const facts = pairs => element("dl", { class: "facts" }, ...pairs.map(([name, shown]) => element("div", {}, element("dt", {}, name), element("dd", {}, shown))));
  const said = sentences => element("ul", { class: "said" }, ...sentences.map(sentence => element("li", {}, ...[sentence].flat())));
  const note = (...text) => element("p", { class: "note" }, ...text);

  // Names for a chart, which would read a "<" as markup.
  const harmless = text => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  return { about, element, value, side, table, words, facts, said, note, harmless };
})();
