// One position on its candles.
const Ladder = (() => {
  let unpacked, offsets;
  const GROUPS = { candles: "candle_open", fills: "fill_time", averages: "average_price", stops: "stop_price", rungs: "rung_price", rests: "rest_price" };

  const ready = () => unpacked ||= Read.columns("packed-ladders").then(found => {
    offsets = {};
    for (const group of Object.keys(GROUPS)) {
      const counts = found.columns[group], starts = new Float64Array(counts.length + 1);
      for (let row = 0; row < counts.length; row++) starts[row + 1] = starts[row] + counts[row];
      offsets[group] = starts;
    }
    return found;
  });

  const rows = (group, row) => { const from = offsets[group][row], length = offsets[group][row + 1] - from; return Array.from({ length }, (_, at) => from + at); };

  async function of(row, position) {
    const { columns: c, notes } = await ready();
    const opened = Date.parse(position.opened), step = 10 ** c.decimals[row], base = c.base[row], interval = c.interval[row];
    const exact = (units, decimals) => Number((units / 10 ** decimals).toFixed(decimals));
    const price = units => exact(units + base, c.decimals[row]), tenth = units => exact(units + 10 * base, c.decimals[row] + 1);
    let close = 0, number = 0;
    const candles = rows("candles", row).map((at, first) => {
      number += first ? c.candle_skip[at] : 0;
      const open = close + c.candle_open[at];
      close = open + c.candle_close[at];
      return { time: (c.start[row] + number * interval) * 1000, open: price(open), close: price(close),
        high: price(Math.max(open, close) + c.candle_high[at]), low: price(Math.min(open, close) - c.candle_low[at]) };
    });
    const first = offsets.fills[row], after = (name, at) => opened + (c.fill_time[first + c[`${name}_fill`][at]] || 0) + c[`${name}_time`][at];
    const line = (group, name) => rows(group, row).map(at => ({ time: after(name, at), price: tenth(c[`${name}_price`][at]) }));
    return {
      candles, interval, most: notes.most, decimals: c.decimals[row], step,
      fills: rows("fills", row).map(at => ({ time: opened + c.fill_time[at], price: price(c.fill_price[at]), label: notes.labels[c.fill_label[at]],
        qty: (c.fill_qty[at] / 10 ** c.fill_places[at]).toFixed(c.fill_places[at]), opens: c.fill_opens[at] === 1 })),
      average: line("averages", "average"), stop: line("stops", "stop"),
      rungs: rows("rungs", row).map(at => ({ number: c.rung_number[at], price: tenth(c.rung_price[at]), armed: c.rung_armed[at] === 1 })),
      rests: rows("rests", row).map(at => ({ kind: notes.kinds[c.rest_kind[at]], price: tenth(c.rest_price[at]), from: after("from", at), until: after("until", at) })),
    };
  }

  const stamp = time => new Date(time).toISOString().slice(0, -1);
  const shownTime = time => new Date(time).toISOString().slice(0, 19).replace("T", " ") + " UTC";

  // A line that holds until its next point, and the last one to the end.
  function steps(points, end) {
    const x = [], y = [];
    points.forEach((point, at) => { x.push(stamp(point.time), stamp(at + 1 < points.length ? points[at + 1].time : end)); y.push(point.price, point.price); });
    return { x, y };
  }

  function chart(found, position) {
    const color = Charts.color, candles = found.candles, long = position.direction === "LONG";
    const last = candles.length ? candles[candles.length - 1].time + found.interval * 1000 : found.fills.at(-1)?.time;
    const opened = Date.parse(position.opened), end = position.closed ? Date.parse(position.closed) : last;
    const hover = value => Format.price(String(value));
    const level = (name, x, y, shade, more) => ({ type: "scatter", mode: "lines", name, x, y, line: { color: color(shade), width: 1.5, ...more }, hoverinfo: "text", text: y.map(value => value === null ? "" : `${name} ${hover(value)}`) });
    const traces = [{ type: "candlestick", name: "Candles", showlegend: false, x: Charts.dates(candles.map(candle => candle.time + found.interval * 500)), open: candles.map(v => v.open), high: candles.map(v => v.high),
      low: candles.map(v => v.low), close: candles.map(v => v.close), whiskerwidth: 0, hoverinfo: "text",
      text: candles.map(v => `${shownTime(v.time)}, ${Format.interval(found.interval)}<br>open ${hover(v.open)}  high ${hover(v.high)}<br>low ${hover(v.low)}  close ${hover(v.close)}`),
      increasing: { line: { color: color("muted"), width: 1 }, fillcolor: color("panel") }, decreasing: { line: { color: color("muted"), width: 1 }, fillcolor: color("muted") } }];
    const planned = [];
    for (const rung of found.rungs) {
      const name = `add ${rung.number} ${rung.armed ? "planned and armed" : "planned"}`;
      traces.push({ ...level(name, [stamp(opened), stamp(end)], [rung.price, rung.price], long ? "long" : "short", { dash: "dot", width: 1.2 }), showlegend: false });
      planned.push({ x: stamp(opened), y: rung.price, xanchor: "right", yanchor: "middle", text: `add ${rung.number} `, showarrow: false, font: { size: 11, color: color(long ? "long" : "short") } });
    }
    if (found.average.length) { const { x, y } = steps(found.average, end); traces.push(level("Average", x, y, "accent", { width: 1.6 })); }
    if (found.stop.length) { const { x, y } = steps(found.stop, end); traces.push(level("Effective stop", x, y, "stop", { dash: "dash", width: 1.6 })); }
    for (const kind of [...new Set(found.rests.map(rest => rest.kind))]) {
      const x = [], y = [];
      for (const rest of found.rests.filter(rest => rest.kind === kind)) { x.push(stamp(rest.from), stamp(rest.until), null); y.push(rest.price, rest.price, null); }
      traces.push(level(`Resting ${kind}`, x, y, "stop", { width: 1, dash: kind === "outer wall" ? "longdashdot" : "dot" }));
    }
    const marks = (name, fills, symbol, shade) => ({ type: "scatter", mode: "markers", name, x: fills.map(fill => stamp(fill.time)), y: fills.map(fill => fill.price), meta: "fills",
      marker: { symbol, size: 11, color: color(shade), line: { color: color("panel"), width: 1.2 } }, hoverinfo: "text",
      text: fills.map(fill => `${Parts.harmless(fill.label)}<br>${fill.opens === long ? "bought" : "sold"} ${fill.qty} at ${hover(fill.price)}<br>${shownTime(fill.time)}`) });
    const opens = found.fills.filter(fill => fill.opens), closes = found.fills.filter(fill => !fill.opens);
    if (opens.length) traces.push(marks(long ? "Entry, adds (buy)" : "Entry, adds (sell)", opens, long ? "triangle-up" : "triangle-down", long ? "long" : "short"));
    if (closes.length) traces.push(marks(long ? "Exits (sell)" : "Exits (buy)", closes, "x", "ink"));
    return { traces, layout: Charts.layout({ hovermode: "closest", xaxis: Charts.time({ rangeslider: { visible: false }, showspikes: false, nticks: Charts.narrow() ? 4 : 6 }),
      yaxis: Charts.axis({ title: Charts.titled("Price, USDT"), tickformat: "~f", separatethousands: true, nticks: 8, range: near(found) }), annotations: planned, margin: { l: Charts.narrow() ? 52 : 70, r: 14, t: Charts.narrow() ? 10 : 44, b: 34 },
      ...(Charts.narrow() ? { height: 520, legend: { orientation: "h", x: 0, y: -0.12, yanchor: "top", font: { size: 11.5 } } } : {}) }) };
  }

  // Prices of the candles and fills, where they would be a thin line among levels that are far away; else nothing.
  function near(found) {
    const close = [...found.candles.flatMap(candle => [candle.high, candle.low]), ...found.fills.map(fill => fill.price)];
    const far = [...found.stop, ...found.rungs, ...found.rests].map(level => level.price);
    if (!close.length || !far.length) return undefined;
    const low = Math.min(...close), high = Math.max(...close), whole = Math.max(high, ...far) - Math.min(low, ...far), edge = (high - low) * .12 || whole * .02;
    return high - low < whole * .35 ? [low - edge, high + edge] : undefined;
  }

  // What can be said of a position beside its picture, all of it out of the summary.
  function told(row, position) {
    const { element, value, facts, table, words, side } = Parts, at = (name, as, absent) => value(Read.path("positions", row, name), as, absent);
    const parts = position.parts.map((_, number) => {
      const of = (name, as, absent) => value(Read.path("positions", row, "parts", number, name), as, absent);
      return [of("reason", "text"), of("time", "moment"), of("qty", "price"), of("price", "price"), of("pnl", "gain"), of("fees", "usdt"), words(element("span", {}, of("cause", "text", "-"), " (", of("actor", "text", "-"), ")"))];
    });
    const head = element("h3", {}, "#", at("id", "count"), " ", at("symbol", "text"), " ", side(position.direction), " ", at("net", "gain"), " USDT");
    const list = facts([["Opened, UTC", at("opened", "moment")], ["Closed, UTC", at("closed", "moment", "still open")], ["Stage", at("stage", "text")], ["Adds filled", at("adds", "count")],
      ["Entry price, mean", at("entry_price", "price")], ["Exit price, mean", at("exit_price", "price")], ["Largest quantity", at("max_qty", "price")], ["Planned worst case", at("worst_case", "usdt")],
      ["Price profit", at("pnl", "gain")], ["Fees", at("fees", "usdt")], ["Funding", at("funding", "usdt")], ["Ended by", at("reason", "text", "still open")], ["Strategy", at("strategy", "text", "-")]]);
    return { head, list, parts: parts.length ? table(["Closed for", "at, UTC", "quantity", "price", "profit", "fees", "cause"], parts) : null };
  }

  async function show(row, position) {
    const place = document.getElementById("ladder"), { head, list, parts } = told(row, position);
    const found = await of(row, position), drawing = Parts.element("div", { id: "ladder-chart", class: "chart", role: "img", "aria-label": `Ladder of position ${position.id}` });
    const known = found.candles.length ? `Candles of ${Format.interval(found.interval)}: with this many positions a picture has at most ${found.most} candles, so longer ones get longer candles. ` : "The candles of this position are not known. ";
    const trail = position.parts.some(part => part.reason === "TECH_ATR_TRAIL") ? "A trailing exit moves with its own line, which the records do not hold. " : "";
    const average = found.average.length ? "" : "The average over time is not known. ", stop = found.stop.length ? "" : "The stop over time is not known. ";
    const levels = near(found) && Parts.element("button", { type: "button", "aria-pressed": "false" }, "Show all levels");
    levels?.addEventListener("click", () => {
      const all = levels.getAttribute("aria-pressed") === "false";
      levels.setAttribute("aria-pressed", all);
      levels.textContent = all ? "Show the candles" : "Show all levels";
      Plotly.relayout("ladder-chart", all ? { "yaxis.autorange": true } : { "yaxis.range": near(found) });
    });
    place.replaceChildren(head, ...(levels ? [Parts.element("div", { class: "bar" }, levels, Parts.element("span", { class: "note" }, "Some levels are far from the candles."))] : []), drawing, Parts.note(known, "Hollow candles rose. Dotted levels are planned adds. ", trail, average, stop), list, ...[parts].filter(Boolean));
    place.dataset.position = row;
    await Charts.draw("ladder-chart", () => chart(found, position));
  }

  return { show };
})();
