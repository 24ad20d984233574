"use strict";
/* The colours of the page, for what plotly draws. */
const dark = matchMedia("(prefers-color-scheme: dark)");
const mouse = matchMedia("(hover: hover)");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function themed(layout) {
  const axis = (given) => ({
    automargin: true, gridcolor: colour("line"), linecolor: colour("soft"), zerolinecolor: colour("line"),
    fixedrange: !mouse.matches, ...given,
  });
  return {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "inherit", size: 13, color: colour("ink") },
    margin: { l: 10, r: 10, t: 12, b: 10 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", ...layout.legend },
    hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("line"), font: { color: colour("ink") } },
    xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis),
  };
}

const PLAIN = {
  displaylogo: false, responsive: true, doubleClick: "reset", displayModeBar: mouse.matches ? "hover" : false,
  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
};
