// What can be seen first is made first: the headline, then equity; the rest follows when the window is free.
(async () => {
  const trouble = text => { const place = document.getElementById("trouble"); place.textContent = text; place.hidden = false; };
  if (typeof DecompressionStream === "undefined") {
    trouble("This browser cannot unpack the report, which is compressed: it needs DecompressionStream (Chrome 80, Safari 16.4, Firefox 113 or newer).");
    return;
  }
  const free = () => new Promise(resolve => setTimeout(resolve, 0));
  try {
    const [summary, plotly, lines] = await Promise.all([Read.summary("packed-summary"), Read.text("packed-plotly"), Read.columns("packed-lines")]);
    Parts.about(summary);
    Sections.first(summary);
    const script = document.createElement("script");
    script.textContent = plotly;
    document.head.append(script);
    await Charts.draw("equity-chart", () => Charts.equity(lines));
    document.documentElement.dataset.opened = String(Math.round(performance.now()));
    Charts.later("exposure-chart", () => Charts.exposure(lines));
    await free();
    summary.positions = await Read.positions("packed-positions");
    Positions.build(summary.positions);
    await free();
    Sections.rest(summary);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", Charts.recolored);
    if (summary.positions.length) await Positions.choose(Positions.telling(), false);
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  } catch (error) {
    trouble(`The report could not be drawn: ${error.message}`);
    throw error;
  }
})();
