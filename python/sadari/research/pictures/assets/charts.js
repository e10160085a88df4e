// Charts follow the colors of the page, light or dark, and are drawn when they come near the window.
const Charts = (() => {
  const drawn = new Map();
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faded = (name, part) => color(name) + Math.round(part * 255).toString(16).padStart(2, "0");
  const narrow = () => window.innerWidth < 640;

  function axis(more) {
    return { gridcolor: color("grid"), linecolor: color("rule"), zerolinecolor: color("rule"), zerolinewidth: 1,
      tickfont: { size: 11.5 }, automargin: true, fixedrange: false, ...more };
  }

  function layout(more) {
    return { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: color("ink") },
      margin: { l: 62, r: 14, t: 30, b: 34 }, hovermode: "x unified", separators: ".,",
      hoverlabel: { bgcolor: color("panel"), bordercolor: color("rule"), font: { color: color("ink"), size: 12 } },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } }, ...more };
  }

  const time = more => axis({ type: "date", hoverformat: "%Y-%m-%d %H:%M UTC", showspikes: true, spikemode: "across",
    spikethickness: 1, spikecolor: color("muted"), spikedash: "dot", nticks: narrow() ? 4 : 10, tickangle: 0, ...more });
  const titled = text => ({ text, standoff: 6, font: { size: 11.5, color: color("muted") } });

  // A chart is a function that gives traces and layout; it is asked again when the colors change.
  async function draw(id, make) {
    const place = document.getElementById(id), { traces, layout: set } = make();
    drawn.set(id, make);
    await Plotly.react(place, traces, set, { responsive: true, displaylogo: false, displayModeBar: "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toggleSpikelines"] });
    place.dataset.drawn = "yes";
  }

  function recolored() {
    for (const [id, make] of drawn) if (document.getElementById(id)) draw(id, make); else drawn.delete(id);
  }

  // Draw once the place is about to be seen, or when nothing else is to do.
  function later(id, make) {
    const place = document.getElementById(id);
    let begun = false;
    const begin = () => { if (!begun) { begun = true; seen.disconnect(); draw(id, make); } };
    const seen = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) begin(); }, { rootMargin: "300px" });
    seen.observe(place);
    (window.requestIdleCallback || (task => setTimeout(task, 500)))(begin, { timeout: 4000 });
  }

  const dates = (times, unit = 1) => Array.from(times, value => new Date(value * unit).toISOString().slice(0, -1));

  function empty(text) {
    return { traces: [], layout: layout({ xaxis: { visible: false }, yaxis: { visible: false },
      annotations: [{ text, showarrow: false, font: { size: 14, color: color("muted") } }] }) };
  }

  function equity({ columns }) {
    const times = dates(Read.summed(columns.equity_time));
    if (!times.length) return empty("no sample of equity");
    const worth = Read.summed(columns.equity).map(value => value / 100), fall = Read.summed(columns.drawdown).map(value => value / 1e6);
    return {
      traces: [
        { x: times, y: worth, name: "Equity", type: "scatter", mode: "lines", line: { color: color("accent"), width: 1.6 }, hovertemplate: "%{y:,.2f} USDT" },
        { x: times, y: fall, name: "Drawdown", type: "scatter", mode: "lines", yaxis: "y2", line: { color: color("loss"), width: 1 }, fill: "tozeroy", fillcolor: faded("loss", .18), hovertemplate: "%{y:.2%}" },
      ],
      layout: layout({ showlegend: false, xaxis: time({ anchor: "y2" }), yaxis: axis({ domain: [.36, 1], title: titled("Equity, USDT"), tickformat: ",~f" }),
        yaxis2: axis({ domain: [0, .28], title: titled("Drawdown"), tickformat: ".2~%", rangemode: "tozero", nticks: 4 }), margin: { l: 70, r: 14, t: 10, b: 34 } }),
    };
  }

  function exposure({ columns }) {
    const times = dates(Read.summed(columns.exposure_time));
    if (!times.length) return empty("nothing was held");
    const long = Read.summed(columns.long).map(value => value / 100), short = Read.summed(columns.short).map(value => value / 100);
    const net = long.map((value, row) => value + short[row]), margin = Read.summed(columns.margin).map(value => value / 100);
    const line = (name, y, shade, more) => ({ x: times, y, name, type: "scatter", mode: "lines", line: { color: color(shade), width: 1.2, shape: "hv" }, hovertemplate: "%{y:,.0f} USDT", ...more });
    return {
      traces: [
        line("Long", long, "long", { fill: "tozeroy", fillcolor: faded("long", .16) }),
        line("Short", short, "short", { fill: "tozeroy", fillcolor: faded("short", .16), line: { color: color("short"), width: 1.2, shape: "hv", dash: "dot" } }),
        line("Net", net, "ink", { line: { color: color("ink"), width: times.length > 1500 ? .7 : 1.2, shape: "hv", dash: times.length > 1500 ? "solid" : "dash" } }),
        line("Margin in use", margin, "accent", { yaxis: "y2", fill: "tozeroy", fillcolor: faded("accent", .14) }),
      ],
      layout: layout({ xaxis: time({ anchor: "y2" }), yaxis: axis({ domain: [.36, 1], title: titled("Notional, USDT"), tickformat: ",~s" }),
        yaxis2: axis({ domain: [0, .28], title: titled("Margin, USDT"), tickformat: ",~s", rangemode: "tozero", nticks: 4 }), margin: { l: 70, r: 14, t: 34, b: 34 } }),
    };
  }

  // Bars beside names; those below zero are hatched, so that the sign does not hang on color.
  // Bars of counts say with a hatch which of them were turned away.
  function bars(names, values, title, hover = "%{x:,.2f} USDT", turned = null) {
    if (!names.length) return empty("none");
    const numbers = values.map(Number), rows = names.map((_, row) => row);
    const half = (test, shade, shape) => {
      const kept = rows.filter(test);
      return { type: "bar", orientation: "h", width: .7, y: kept, x: kept.map(row => numbers[row]), hovertemplate: `${hover}<extra></extra>`,
        marker: { color: color(shade), pattern: { shape, size: 6, solidity: .25, fgcolor: color("panel"), fillmode: "overlay" } } };
    };
    return {
      traces: turned ? [half(row => !turned[row], "accent", ""), half(row => turned[row], "muted", "/")]
        : [half(row => numbers[row] >= 0, "gain", ""), half(row => numbers[row] < 0, "loss", "/")],
      layout: layout({ hovermode: "closest", showlegend: false, margin: { l: 10, r: 14, t: 8, b: 40 }, bargap: .3, barmode: "overlay",
        xaxis: axis({ title: titled(title), tickformat: ",~s", nticks: 6 }),
        yaxis: axis({ autorange: "reversed", tickmode: "array", tickvals: names.map((_, row) => row), ticktext: names.map(name => Parts.harmless(name.length > 26 ? name.slice(0, 25) + "…" : name)), showgrid: false, zeroline: false, fixedrange: true }) }),
    };
  }

  return { draw, later, recolored, equity, exposure, bars, layout, axis, time, titled, color, faded, dates, narrow };
})();
