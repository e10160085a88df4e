// The pictures of a day are drawn from its document; nothing is calculated here.
(async () => {
  const trouble = text => { const place = document.getElementById("trouble"); place.textContent = text; place.hidden = false; };
  if (typeof DecompressionStream === "undefined") {
    trouble("This browser cannot unpack the pictures, which are compressed: they need DecompressionStream (Chrome 80, Safari 16.4, Firefox 113 or newer).");
    return;
  }

  function hours(told) {
    const times = told.hours.map(row => row.hour.slice(0, -1));
    const bars = (name, key, shade, more) => ({ x: times, y: told.hours.map(row => row[key]), name, type: "bar", marker: { color: Charts.color(shade) }, ...more });
    return {
      traces: [bars("Signals", "signals", "accent"), bars("Denied", "denied", "muted"), bars("Ended", "ended", "long", { yaxis: "y2" })],
      layout: Charts.layout({ barmode: "group", xaxis: Charts.time({ anchor: "y2" }), yaxis: Charts.axis({ domain: [.36, 1], title: Charts.titled("Signals") }),
        yaxis2: Charts.axis({ domain: [0, .28], title: Charts.titled("Positions"), nticks: 4 }) }),
    };
  }

  function wallet(told) {
    const times = told.hours.map(row => row.hour.slice(0, -1)), number = value => value === null ? null : Number(value);
    const line = (name, key, shade, more) => ({ x: times, y: told.hours.map(row => number(row[key])), name, type: "scatter", mode: "lines",
      line: { color: Charts.color(shade), width: 1.6, shape: "hv" }, ...more });
    return {
      traces: [line("Wallet", "wallet", "accent", { hovertemplate: "%{y:,.2f} USDT" }), line("Margin in use", "margin", "short", { yaxis: "y2", hovertemplate: "%{y:.2%}" }),
        { x: times, y: told.hours.map(row => Number(row.net)), name: "Booked", type: "bar", yaxis: "y3", marker: { color: told.hours.map(row => Charts.color(Number(row.net) < 0 ? "loss" : "gain")) }, hovertemplate: "%{y:,.2f} USDT" }],
      layout: Charts.layout({ xaxis: Charts.time({ anchor: "y3" }), yaxis: Charts.axis({ domain: [.56, 1], title: Charts.titled("Wallet, USDT"), tickformat: ",~f" }),
        yaxis2: Charts.axis({ domain: [.3, .5], title: Charts.titled("Margin"), tickformat: ".2~%", rangemode: "tozero", nticks: 4 }),
        yaxis3: Charts.axis({ domain: [0, .24], title: Charts.titled("Booked, USDT"), nticks: 4 }) }),
    };
  }

  const between = row => row.from === null ? `below ${row.to}` : row.to === null ? `${row.from} and above` : `${row.from} to below ${row.to}`;
  const named = (rows, key, title, hover) => Charts.bars(rows.map(row => row.name ?? row.gate ?? between(row)), rows.map(row => row[key]), title, hover);

  try {
    const [whole, plotly] = await Promise.all([Read.summary("packed-summary"), Read.text("packed-plotly")]);
    const script = document.createElement("script"), told = whole.report;
    script.textContent = plotly;
    document.head.append(script);
    const count = "%{x:,.0f}";
    const pictures = {
      "hours-chart": () => hours(told),
      "wallet-chart": () => wallet(told),
      "gates-chart": () => named(told.gates, "denied", "Signals denied", count),
      "risk-chart": () => named(told.rewards.in_risk.bins, "count", "Ended positions by multiples of planned risk", count),
      "symbol-chart": () => named(told.booked.by_symbol, "net", "Booked by symbol, USDT"),
      "reason-chart": () => named(told.booked.by_reason, "net", "Booked by reason, USDT"),
    };
    for (const [id, make] of Object.entries(pictures)) await Charts.draw(id, make);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", Charts.recolored);
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  } catch (error) {
    trouble(`The pictures could not be drawn: ${error.message}`);
    throw error;
  }
})();
