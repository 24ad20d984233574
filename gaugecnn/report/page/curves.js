/* Figures of means over seeds with their range. */
function drawCurves() {
  for (const place of document.querySelectorAll(".curves")) {
    const { traces, layout } = JSON.parse(place.dataset.plot);
    for (const trace of traces) if (trace.error_y) trace.error_y.color = colour("ink");
    Plotly.react(place, traces, themed({ hovermode: "x unified", bargap: 0.25, ...layout }), PLAIN);
  }
}

drawCurves();
dark.addEventListener("change", drawCurves);
