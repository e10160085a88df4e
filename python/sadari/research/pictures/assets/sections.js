// Every section but charts and positions: what the summary says, where it stands, and the words where it says nothing.
const Sections = (() => {
  const { element, value, table, words, facts, said, note } = Parts;
  const put = (id, ...children) => document.getElementById(id).replaceChildren(...children.filter(Boolean));

  function top(whole) {
    put("period", value("period.start", "moment"), " to ", value("period.end", "moment"), " UTC");
    const names = whole.period.symbols.map(row => row.symbol), few = names.slice(0, 6).join(", ");
    put("subject", value("period.candles", "count"), " candles of ", element("span", { title: names.join(", ") }, names.length > 6 ? `${few} and ${names.length - 6} more` : few || "no symbol"),
      ", prices inside a candle: ", value("period.path", "text"));
  }

  function headline(whole) {
    const fall = whole.statistics.max_drawdown, tile = (name, shown, ...beside) => element("div", { class: "figure" }, element("div", { class: "name" }, name), element("div", { class: "value" }, shown), element("div", { class: "beside" }, ...beside));
    put("headline",
      tile("Return", value("result.return", "signed"), "equity ", value("result.equity_end"), " USDT"),
      tile("Wallet change", value("result.wallet_change", "gain"), "from ", value("result.wallet_start"), " USDT"),
      tile("Max. drawdown", fall === null ? value("statistics.max_drawdown", "percent", Format.NOT_KNOWN) : value("statistics.max_drawdown.fraction", "percent"), ...(fall === null ? [] : [value("statistics.max_drawdown.amount"), " USDT"])),
      tile("Closed positions", value("statistics.closed", "count"), value("statistics.wins", "count"), " won, ", value("statistics.losses", "count"), " lost"),
      tile("Win rate", value("statistics.win_rate", "percent"), "even at ", value("statistics.break_even_win_rate", "percent")),
      tile("Profit factor", value("statistics.profit_factor", "ratio", "no loss"), value("statistics.mean_win", "usdt", "no win"), " / ", value("statistics.mean_loss", "usdt", "no loss")),
      tile("Sharpe", value("statistics.sharpe", "ratio", "not defined"), value("statistics.days", "count"), " daily returns"),
      tile("Fees", value("result.fees"), "USDT"),
      tile("Funding", value("result.funding"), whole.result.funding === null ? element("span", {}, value("result.funding_booked"), " USDT booked") : "USDT"),
      tile("Margin in use", value("margin.max", "percent", Format.NOT_KNOWN), "at most; mean ", value("margin.mean", "percent", Format.NOT_KNOWN)));
  }

  function signals(whole) {
    const told = whole.signals, gates = told.gates.map((row, at) => [value(Read.path("signals", "gates", at, "gate"), "text"), ...["count", "episodes", "symbols"].map(name => value(Read.path("signals", "gates", at, name), "count"))]);
    const flow = [["Raised", "raised"], ["Denied by a gate", "denied"], ["Accepted", "accepted"], ["Filled", "filled"]];
    put("signals-body", element("div", { class: "columns" },
      element("div", {}, element("div", { class: "chart", id: "funnel-chart", role: "img", "aria-label": "Signals from raised to filled, with the denials of each gate" })),
      element("div", {}, table(["Signals", "count"], [...flow.map(([name, key]) => [name, value(`signals.${key}`, "count")]), ["Fill rate", value("signals.fill_rate", "percent")],
        ["Adds accepted", value("signals.adds_accepted", "count")], ["Adds denied", value("signals.adds_denied", "count")]]),
        element("h3", {}, "Denied, by gate"), gates.length ? table(["Gate", "times", "episodes", "symbols"], gates) : note("No signal was denied."),
        note("A gate counts entries and adds. Denials of a symbol one after the other by one gate are one episode. Each denial stands in the JSON report."))),
      counterfactual(whole));
    sized("funnel-chart", told.gates.length + 3);
    Charts.later("funnel-chart", () => Charts.bars(["raised", ...told.gates.map(row => `denied: ${row.gate}`), "accepted", "filled"], [told.raised, ...told.gates.map(row => row.count), told.accepted, told.filled],
      "Signals (hatched: denied)", "%{x:,}", [false, ...told.gates.map(() => true), false, false]));
  }

  function counterfactual(whole) {
    const rows = Array.isArray(whole.funnel) ? whole.funnel : whole.funnel?.gates;
    if (!Array.isArray(rows)) return null;
    const home = Array.isArray(whole.funnel) ? ["funnel"] : ["funnel", "gates"];
    return element("div", {}, element("h3", {}, "What each gate saved or cost"),
      table(["Gate", "signals", "episodes", "followed", "open", "not followed", "net, USDT", "mean", "interval of the mean", "saved"], rows.map((row, at) => {
        const of = (name, as, absent) => value(Read.path(...home, at, name), as, absent);
        const interval = Array.isArray(row.interval) ? element("span", {}, value(Read.path(...home, at, "interval", 0)), " to ", value(Read.path(...home, at, "interval", 1))) : of("interval", "text");
        return [of("gate", "text"), ...["signals", "episodes", "followed", "open"].map(name => of(name, "count")), plain(row.not_followed, [...home, at, "not_followed"]), of("net", "gain"), of("mean"), interval, of("saved", "gain")];
      })), note("Each denied signal is followed in shadow through the same rules, fees and latency; what is still open at the end is counted apart. A positive saving is a loss that the gate kept away."));
  }

  function groups(name, title, shown) {
    return table([title, "net, USDT", "positions", "win rate", "price", "fees", "funding"], shown.map((_, at) => {
      const of = (key, as) => value(Read.path(name, at, key), as);
      return [of("name", "text"), of("net", "gain"), of("positions", "count"), of("win_rate", "percent"), of("price"), of("fees"), of("funding")];
    }));
  }

  function made(whole) {
    const parts = [["price", "Price"], ["fees", "Fees"], ["funding", "Funding"]].map(([key, name]) => [name, value(`result.${key}`)]);
    for (const kind of Object.keys(whole.result.other)) parts.push([kind.toLowerCase().replaceAll("_", " "), value(Read.path("result", "other", kind))]);
    if (whole.result.funding === null) parts.push(["Funding booked and counted", value("result.funding_booked")]);
    if (!whole.result.adds_up) parts.push(["EXPLAINED BY NOTHING", value("result.difference")]);
    return table(["Account", "USDT"], [["Wallet at the start", value("result.wallet_start")], ...parts, ["Wallet change", value("result.wallet_change", "gain")], ["Wallet at the end", value("result.wallet_end")],
      ["Unrealized, at the last prices", value("result.unrealized", "gain")], ["Equity at the end", value("result.equity_end")]]);
  }

  function sized(id, rows) {
    const place = document.getElementById(id);
    place.style.minHeight = place.style.height = `${Math.max(rows * 25 + 60, 150)}px`;
  }

  // A chart of the results of groups beside their table: with many, those at both ends.
  function drawn(id, rows, key, title) {
    const ranked = [...rows].sort((a, b) => Number(b[key]) - Number(a[key])), many = ranked.length > 24, kept = many ? [...ranked.slice(0, 12), ...ranked.slice(-12)] : ranked;
    sized(id, kept.length);
    Charts.later(id, () => Charts.bars(kept.map(row => row.name ?? row.reason), kept.map(row => row[key]), `${title}${many ? ", the 12 best and the 12 worst" : ""}`));
  }

  function profit(whole) {
    const chart = (id, label) => element("div", { class: "chart", id, role: "img", "aria-label": label });
    const reasons = table(["Reason", "times", "value", "price profit", "fees"], whole.exits.map((_, at) => [value(Read.path("exits", at, "reason"), "text"), value(Read.path("exits", at, "count"), "count"), value(Read.path("exits", at, "value")), value(Read.path("exits", at, "pnl"), "gain"), value(Read.path("exits", at, "fees"))]));
    const beside = (picture, rows) => element("div", { class: "columns drawn" }, element("div", {}, picture), element("div", {}, rows));
    put("profit-body",
      element("div", { class: "columns" }, element("div", {}, made(whole)),
        element("div", {}, groups("by_direction", "Side", whole.by_direction), element("h3", {}, "By stage reached"), groups("by_stage", "Stage", whole.by_stage),
          ...(whole.by_strategy?.length ? [element("h3", {}, "By strategy"), groups("by_strategy", "Strategy", whole.by_strategy)] : []))),
      element("h3", {}, "By symbol"), beside(chart("symbol-chart", "Net result of each symbol"), groups("by_symbol", "Symbol", whole.by_symbol)),
      element("h3", {}, "By reason of the exit"), beside(chart("reason-chart", "Price profit of each exit reason"), reasons));
    drawn("symbol-chart", whole.by_symbol, "net", "Net, USDT");
    drawn("reason-chart", whole.exits, "pnl", "Price profit, USDT");
  }

  function months(whole) {
    if (!whole.months?.length) return put("months-body", note("No month."));
    put("months-body", table(["Month, UTC", "realized net, USDT", "price", "fees", "funding", "return", "max drawdown", "closed", "win rate"], whole.months.map((_, at) => {
      const of = (name, as, absent) => value(Read.path("months", at, name), as, absent);
      return [of("month", "text"), of("net", "gain"), of("price"), of("fees"), of("funding"), of("return", "signed", Format.NOT_KNOWN), of("max_drawdown", "percent", Format.NOT_KNOWN), of("closed", "count"), of("win_rate", "percent")];
    })), note("Realized net is the change of the wallet. Return and drawdown are those of equity, open positions included."));
  }

  function conduct(whole) {
    const purposes = Object.entries(whole.orders.by_purpose).filter(([, row]) => row.sent), ends = ["sent", "filled", "canceled", "rejected", "unanswered"], worst = whole.worst_case;
    const open = whole.open_positions.map((row, at) => { const of = (name, as) => value(Read.path("open_positions", at, name), as); return [of("symbol", "text"), Parts.side(row.direction), of("stage", "text"), of("qty", "price"), of("entry_price", "price"), of("mark_price", "price"), of("unrealized", "gain")]; });
    put("conduct-body", element("div", { class: "columns" },
      element("div", {}, table(["Orders for", ...ends], [...purposes.map(([name]) => [name.toLowerCase(), ...ends.map(end => value(Read.path("orders", "by_purpose", name, end), "count"))]), ["all", ...ends.map(end => value(`orders.${end}`, "count"))]]),
        facts([["Taken by the venue", value("orders.success_rate", "percent")], ["Longest without a resting stop", value("protection.longest_s", "lasting")], ["Spells without one", value("protection.spells", "count")]])),
      element("div", {}, facts([["Worst case of a position, by plan", value("worst_case.configured.position", "percent")], ["of all positions", value("worst_case.configured.account", "percent")], ["its limit", value("worst_case.configured.limit", "percent")],
        ["Planned at one time, USDT", value("worst_case.planned_at_once")], ["Worst position by price, USDT", worst.worst_position === null ? "none lost" : value("worst_case.worst_position.pnl", "gain")],
        ["Time in market", value("statistics.time_in_market", "percent")], ["Mean hold", value("statistics.mean_hold_s", "lasting")], ["Longest hold", value("statistics.longest_hold_s", "lasting")], ["Return / max drawdown", value("statistics.risk_adjusted_return", "ratio", "not defined")]]),
        worst.beyond_plan.length ? table(["Lost more than planned", "#", "price profit", "planned at most", "beyond"], worst.beyond_plan.slice(0, 20).map((_, at) => { const of = (name, as) => value(Read.path("worst_case", "beyond_plan", at, name), as); return [of("symbol", "text"), of("id", "count"), of("pnl", "gain"), of("worst_case"), of("beyond")]; })) : note("No position lost more by price than was planned."))),
      element("h3", {}, "Open at the end"), whole.exposure && open.length ? facts(["long", "short", "net"].map(name => [`Notional ${name}, USDT`, value(`exposure.${name}`)])) : null, open.length ? table(["Symbol", "side", "stage", "quantity", "entry", "mark", "unrealized"], open) : note("No position was open at the end of the data."));
  }

  function unknown(whole) {
    const found = whole.incidents, lines = [], known = [], each = (name, label) => found[name].forEach((row, at) => lines.push([label, ": ", ...Object.keys(row).flatMap((key, place) => [place ? ", " : "", key === "count" ? value(Read.path("incidents", name, at, key), "count") : value(Read.path("incidents", name, at, key), "text")])]));
    if (found.liquidations) lines.push(["LIQUIDATED BY THE VENUE: ", value("incidents.liquidations", "count")]);
    if (found.unknown_outcomes) lines.push(["Orders whose outcome is unknown: ", value("incidents.unknown_outcomes", "count")]);
    each("rejections", "Rejected by the venue (code, reason, times)"); each("cancel_rejections", "Cancel refused (code, times)"); each("audits", "Noted"); each("alerts", "Alert"); each("conditions", "Condition (severity, raised, symbols, first)");
    each("forced_fills", "Forced fill");
    if (found.unsettled.length) lines.push(`Not settled: ${found.unsettled.map(id => `#${id}`).join(", ")}`);
    if (found.engine_differs.length) lines.push(`Engine and venue disagree on ${found.engine_differs.map(id => `#${id}`).join(", ")}`);
    if (whole.result.funding === null) known.push(["Funding is not known for ", whole.result.funding_unknown_for.join(", "), "; what was booked of it, ", value("result.funding_booked"), " USDT, is in every net result."]);
    const quotes = whole.period.symbols.filter(row => row.quote_volume_known === false).map(row => row.symbol);
    if (quotes.length) known.push(`Quote volume is not known for ${quotes.join(", ")}.`);
    if (whole.in_flight.length) known.push(`What became of orders on their way at the end: ${whole.in_flight.map(row => `${row.symbol} ${row.purpose}`).join(", ")}.`);
    put("unknown-body", element("h3", {}, "Not known"), known.length ? said(known) : note("Nothing that this report names is unknown."),
      element("h3", {}, "Incidents"), lines.length ? said(lines) : note("None."), element("h3", {}, "Assumptions"), whole.assumptions.length ? said(whole.assumptions) : note("None was recorded."),
      element("h3", {}, "Data"), table(["Symbol", "from, UTC", "to, UTC", "candles", "missing", "in holes", "ends before the run", "still held then"], whole.period.symbols.map((_, at) => { const of = (name, as) => value(Read.path("period", "symbols", at, name), as); return [of("symbol", "text"), of("start", "moment"), of("end", "moment"), of("rows", "count"), of("missing", "count"), of("holes", "count"), of("ends_early_s", "lasting"), of("held_at_end", "text")]; })),
      element("h3", {}, "Settings"), element("details", {}, element("summary", {}, "Everything that the engine decided by"), tree(whole.settings, ["settings"])));
  }

  // Sections that this page does not know are shown as they are: single values side by side, rows of the same shape as a
  // table, the rest under a heading of its own; in the cell of a table everything in one line.
  const scalar = one => one === null || typeof one !== "object";
  const rowed = found => Array.isArray(found) && found.length > 0 && found.every(row => !scalar(row) && !Array.isArray(row));
  const titled = name => String(name).replaceAll("_", " ");
  const FEW = 7;
  const SHARE = /(^|_)(share|rate|fraction|return)$/;

  function tree(found, path) {
    if (rowed(found)) return rows(found, path);
    const entries = Object.entries(found), single = entries.filter(([, inner]) => scalar(inner)), whole = entries.filter(([, inner]) => !scalar(inner));
    return element("div", {}, single.length ? facts(single.map(([name, inner]) => [titled(name), plain(inner, [...path, name])])) : null,
      ...whole.flatMap(([name, inner]) => [element("h3", {}, titled(name)), rowed(inner) || (!Array.isArray(inner) && Object.keys(inner).length) ? tree(inner, [...path, name]) : plain(inner, [...path, name])]));
  }

  function rows(found, path) {
    const names = [...new Set(found.flatMap(Object.keys))], shown = found.slice(0, 200), left = [];
    // Values that every row has under the same few names are columns of their own; what has many names would hide the rest.
    const columns = names.flatMap(name => {
      const parts = [...new Set(found.flatMap(row => (scalar(row[name]) || row[name] === undefined ? [] : Object.keys(row[name]))))];
      if (!parts.length) return [[name]];
      const flat = found.every(row => Object.values(row[name] ?? {}).every(scalar));
      if (parts.length > FEW || !flat) { left.push(titled(name)); return []; }
      return found.some(row => Array.isArray(row[name])) ? [[name]] : parts.map(part => [name, part]);
    });
    const cell = (inner, place) => inner === undefined || scalar(inner) ? plain(inner, place) : words(plain(inner, place));
    const whole = table(columns.map(column => column.map(titled).join(" ")), shown.map((row, at) => columns.map(([name, part]) =>
      part === undefined ? cell(row[name], [...path, at, name]) : plain(row[name]?.[part], [...path, at, name, part]))));
    const short = [found.length > shown.length ? "The first 200 rows are shown. " : "", left.length ? `Left to the JSON report: ${left.join(", ")}.` : ""].join("");
    return short ? element("div", {}, whole, note(short)) : whole;
  }

  function plain(found, path) {
    if (found === undefined) return "";
    if (scalar(found)) return value(Read.path(...path), typeof found !== "number" ? "text" : SHARE.test(path.at(-1)) ? "percent" : "numeral");
    const entries = Object.entries(found);
    if (!entries.length) return "none";
    return element("span", {}, ...entries.flatMap(([name, inner], at) => [`${at ? ", " : ""}${Array.isArray(found) ? "" : `${titled(name)} `}`, plain(inner, [...path, name])]));
  }

  const KNOWN = new Set(["period", "result", "statistics", "worst_case", "margin", "signals", "orders", "entries", "exits", "by_direction", "by_stage", "by_strategy", "by_symbol", "exposure", "open_positions", "in_flight", "protection", "incidents", "assumptions", "engine", "positions", "settings", "months", "funnel"]);

  function more(whole) {
    const others = Object.keys(whole).filter(name => !KNOWN.has(name) && whole[name] && typeof whole[name] === "object" && Object.keys(whole[name]).length);
    document.querySelector("header nav").append(...others.map(name => element("a", { href: `#more-${name}` }, name[0].toUpperCase() + name.slice(1).replaceAll("_", " "))));
    put("more", ...others.map(name => element("section", { id: `more-${name}` }, element("h2", {}, name[0].toUpperCase() + name.slice(1).replaceAll("_", " ")), tree(whole[name], [name]))));
  }

  function first(whole) { top(whole); headline(whole); }
  function rest(whole) { signals(whole); profit(whole); months(whole); conduct(whole); unknown(whole); more(whole); }

  return { first, rest };
})();
