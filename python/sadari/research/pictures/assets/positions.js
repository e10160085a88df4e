// The table of positions: searched, sorted, page by page; a click, or Enter, draws the ladder of one.
const Positions = (() => {
  const SHOWN = 15;
  const HEADS = [["id", "#", "count"], ["symbol", "Symbol", "text"], ["direction", "Side", "text"], ["opened", "Opened, UTC", "moment", "minor"], ["net", "Net, USDT", "gain"], ["reason", "Ended by", "text", "reason minor"]];
  const LEFT = new Set(["symbol", "direction", "reason"]);
  const NUMBERS = new Set(["id", "net"]);
  let all, order, sorted = { name: "id", up: true }, page = 0, chosen = null, body, told, back, on;

  function compared(a, b) {
    const [first, second] = [all[a][sorted.name], all[b][sorted.name]], sign = sorted.up ? 1 : -1;
    if (first === null || second === null) return (first === null) - (second === null) || a - b;
    const rank = NUMBERS.has(sorted.name) ? Number(first) - Number(second) : first < second ? -1 : first > second ? 1 : 0;
    return rank * sign || a - b;
  }

  function found(words) {
    return all.map((_, row) => row).filter(row => {
      const position = all[row], text = [`#${position.id}`, position.symbol, position.direction, position.stage, position.reason ?? "still open", position.strategy, position.opened].join(" ").toLowerCase();
      return words.every(word => text.includes(word));
    });
  }

  function cells(row) {
    return HEADS.map(([name, , as, shown], at) => {
      const key = Read.path("positions", row, name);
      const content = name === "direction" ? Parts.side(all[row].direction) : Parts.value(key, as, name === "reason" ? "still open" : undefined);
      return Parts.element("td", { class: [shown, LEFT.has(name) ? "left" : ""].filter(Boolean).join(" ") || undefined }, content);
    });
  }

  function fill() {
    const pages = Math.max(Math.ceil(order.length / SHOWN), 1);
    page = Math.min(Math.max(page, 0), pages - 1);
    const rows = order.slice(page * SHOWN, (page + 1) * SHOWN);
    const stop = rows.includes(chosen) ? chosen : rows[0];
    body.replaceChildren(...rows.map(row => Parts.element("tr", { "data-row": row, tabindex: row === stop ? 0 : -1, "aria-selected": String(row === chosen) }, ...cells(row))));
    told.textContent = order.length ? `${Format.count(page * SHOWN + 1)} to ${Format.count(page * SHOWN + rows.length)} of ${Format.count(order.length)}` : "none found";
    back.disabled = page === 0;
    on.disabled = page === pages - 1;
  }

  function choose(row, move) {
    chosen = row;
    for (const line of body.children) { const is = Number(line.dataset.row) === row; line.setAttribute("aria-selected", is); line.tabIndex = is ? 0 : -1; }
    return Ladder.show(row, all[row]).then(() => { if (move && window.innerWidth <= 1080) document.getElementById("ladder").scrollIntoView({ block: "start" }); });
  }

  function pressed(event) {
    const line = event.target.closest("tr[data-row]");
    if (!line) return;
    const next = event.key === "ArrowDown" ? line.nextElementSibling : event.key === "ArrowUp" ? line.previousElementSibling : null;
    if (event.key === "Enter" || event.key === " ") choose(Number(line.dataset.row), true);
    else if (next) { next.focus(); choose(Number(next.dataset.row), false); }
    else if (event.key === "PageDown" || event.key === "PageUp") { page += event.key === "PageDown" ? 1 : -1; fill(); body.querySelector("tr")?.focus(); }
    else return;
    event.preventDefault();
  }

  function headed() {
    const row = Parts.element("tr", {}, ...HEADS.map(([name, title, , shown]) => {
      const button = Parts.element("button", { type: "button" }, title);
      const head = Parts.element("th", { scope: "col", class: [shown, LEFT.has(name) ? "left" : ""].filter(Boolean).join(" ") || undefined, "aria-sort": name === sorted.name ? "ascending" : undefined }, button);
      button.addEventListener("click", () => {
        sorted = { name, up: sorted.name === name ? !sorted.up : true };
        for (const other of row.children) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
        order.sort(compared);
        page = 0;
        fill();
      });
      return head;
    }));
    return Parts.element("thead", {}, row);
  }

  function build(positions) {
    all = positions;
    order = all.map((_, row) => row);
    const place = document.getElementById("list"), { element } = Parts;
    if (!all.length) { place.replaceChildren(Parts.note("No position was opened.")); return; }
    const search = element("input", { type: "search", placeholder: "Search: symbol, LONG, stage, reason, date …", "aria-label": "Search positions" });
    let waiting;
    search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => {
      order = found(search.value.toLowerCase().split(/\s+/).filter(Boolean)).sort(compared);
      page = 0;
      fill();
    }, 80); });
    body = element("tbody");
    body.addEventListener("click", event => { const line = event.target.closest("tr[data-row]"); if (line) choose(Number(line.dataset.row), true); });
    body.addEventListener("keydown", pressed);
    told = element("span", { "aria-live": "polite" });
    [back, on] = [["Earlier", -1], ["Later", 1]].map(([title, by]) => { const button = element("button", { type: "button" }, title); button.addEventListener("click", () => { page += by; fill(); }); return button; });
    place.replaceChildren(element("div", { class: "bar" }, search), element("div", { class: "scroll" }, element("table", {}, headed(), body)), element("div", { class: "bar below" }, back, told, on));
    order.sort(compared);
    fill();
  }

  // The first ladder that is shown is the one with the most to see: the last of those with the most adds.
  const telling = () => all.reduce((best, position, row) => best === null || position.adds > all[best].adds ? row : best, null);

  return { build, choose, telling };
})();
