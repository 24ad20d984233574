/* One sample on surfaces: a slider turns it, one camera looks at all of them. */
const LIGHT = { ambient: 0.72, diffuse: 0.36, specular: 0.02, roughness: 0.9, fresnel: 0 };
const FAR = 1e5;
/* Of an orthographic picture: a surface nearly fills its panel. */
const SIZE = 1.9;
const NEARER = 1.25;
const PLAY = 180;

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/* Grey values as ink on paper. */
const INKS = Array.from({ length: 256 }, (_, grey) => {
  const level = Math.round(255 * (0.97 - (0.87 * grey) / 255));
  return `rgb(${level},${level},${level})`;
});

/* The axes of a cube about a shape. */
function box(shape) {
  const ends = ["x", "y", "z"].map((axis) => [Math.min(...shape[axis]), Math.max(...shape[axis])]);
  const half = Math.max(...ends.map(([low, high]) => high - low)) / 2;
  const axes = ends.map(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]);
  const [xaxis, yaxis, zaxis] = axes.map((range) => ({ visible: false, range }));
  return { xaxis, yaxis, zaxis };
}

class Scene {
  constructor(section, content) {
    Object.assign(this, { section, content, pose: 0, drawn: false, following: new Set() });
    const { eye, up } = content.camera;
    const camera = { eye, up, center: { x: 0, y: 0, z: 0 }, projection: { type: "orthographic" } };
    this.view = { "scene.camera": camera, "scene.aspectratio": { x: SIZE, y: SIZE, z: SIZE } };
    this.start = this.view;
    const towards = (axis) => FAR * (eye[axis] + 0.35 * up[axis]);
    this.light = { x: towards("x"), y: towards("y"), z: towards("z") };
    this.surfaces = [...section.querySelectorAll(".surface")];
    this.bars = [...section.querySelectorAll(".panel.bars")];
    this.plot = section.querySelector(".scores");
    this.slider = section.querySelector(".turn");
    this.slider?.addEventListener("input", () => this.turn(Number(this.slider.value)));
    section.querySelector(".play")?.addEventListener("click", () => this.play());
    section.querySelector(".reset").addEventListener("click", () => this.look(this.start, null));
    section.querySelector(".nearer").addEventListener("click", () => this.scale(NEARER));
    section.querySelector(".farther").addEventListener("click", () => this.scale(1 / NEARER));
    dark.addEventListener("change", () => this.drawScores());
  }

  /* Show all surfaces as one is seen, which has that view already: its camera, or its size. */
  look(change, but) {
    this.view = { ...this.view, ...change };
    this.change = { ...this.change, ...change };
    if (this.waiting || !this.drawn) return;
    this.waiting = requestAnimationFrame(() => {
      const latest = this.change;
      this.waiting = this.change = null;
      for (const place of this.surfaces) {
        if (place === but) continue;
        this.following.add(place);
        const done = () => this.following.delete(place);
        Plotly.relayout(place, { ...latest }).then(done, done);
      }
    });
  }

  scale(factor) {
    const size = factor * this.view["scene.aspectratio"].x;
    this.look({ "scene.aspectratio": { x: size, y: size, z: size } }, null);
  }

  shown(panel) {
    const frame = panel.frames[this.pose];
    if (panel.kind === "grey") return { vertexcolor: [frame.map((v) => INKS[v])] };
    const { colours, names } = this.content;
    return { vertexcolor: [frame.map((v) => colours[v])], text: [frame.map((v) => names[v])] };
  }

  draw() {
    if (this.drawn) return;
    this.drawn = true;
    this.content.panels.forEach((panel, i) => {
      const place = this.surfaces[i];
      const { vertexcolor, text } = this.shown(panel);
      const mesh = {
        type: "mesh3d", ...this.content.shapes[panel.shape], vertexcolor: vertexcolor[0], text: text?.[0],
        hoverinfo: text ? "text" : "skip", lighting: LIGHT, lightposition: this.light, name: panel.title,
      };
      const scene = {
        aspectmode: "manual", aspectratio: this.view["scene.aspectratio"], camera: this.view["scene.camera"],
        dragmode: "orbit", bgcolor: "rgba(0,0,0,0)", ...box(this.content.shapes[panel.shape]),
      };
      const layout = {
        scene, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", uirevision: 1,
      };
      Plotly.newPlot(place, [mesh], layout, { displayModeBar: false, responsive: true, scrollZoom: false });
      const turned = (event) => {
        const seen = Object.entries(event).filter(([key]) => key in this.view);
        if (seen.length && !this.following.has(place)) this.look(Object.fromEntries(seen), place);
      };
      place.on("plotly_relayouting", turned);
      place.on("plotly_relayout", turned);
    });
    this.drawScores();
    this.tell();
  }

  forget() {
    if (!this.drawn) return;
    this.drawn = false;
    this.surfaces.forEach((place) => Plotly.purge(place));
  }

  turn(pose) {
    this.pose = pose;
    if (this.slider) this.slider.value = pose;
    if (this.drawn) {
      this.content.panels.forEach((panel, i) => Plotly.restyle(this.surfaces[i], this.shown(panel)));
    }
    this.tell();
  }

  play() {
    const button = this.section.querySelector(".play");
    const begins = !this.playing;
    clearInterval(this.playing);
    const next = () => this.turn((this.pose + 1) % this.content.angles.length);
    this.playing = begins ? setInterval(next, PLAY) : null;
    button.textContent = begins ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(begins));
  }

  /* All that is said in words and bars of the present pose. */
  tell() {
    const { angles, panels, bars, scores } = this.content;
    const angle = `${Math.round(10 * angles[this.pose]) / 10}°`;
    if (this.slider) {
      this.section.querySelector("output").value = angle;
      this.slider.setAttribute("aria-valuetext", angle);
      if (this.plot?.data) Plotly.relayout(this.plot, { shapes: [this.mark()] });
    }
    panels.forEach((panel, i) => {
      const score = scores.find(({ name }) => panel.predicted && name === panel.title);
      const line = this.surfaces[i].parentElement.querySelector(".score");
      line.textContent = score ? `${score.metric} ${score.y[this.pose].toFixed(1)}\u00a0%` : "";
    });
    bars.forEach((said, i) => {
      const frame = said.frames[this.pose];
      const best = frame.indexOf(Math.max(...frame));
      this.bars[i].querySelectorAll("li").forEach((row, place) => {
        row.querySelector(".bar").style.width = `${100 * frame[place]}%`;
        row.querySelector(".share").textContent = `${Math.round(100 * frame[place])} %`;
      });
      const truth = said.label === null ? "" : said.classes[best] === said.label ? ", which is right" : `, but it is ${said.label}`;
      this.bars[i].querySelector(".score").textContent = `says ${said.classes[best]}${truth}`;
    });
  }

  mark() {
    const x = this.content.angles[this.pose];
    return { type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: colour("ink"), width: 1.5, dash: "dot" } };
  }

  drawScores() {
    if (!this.plot) return;
    const { angles, scores } = this.content;
    const traces = scores.map(({ name, y, colour: stroke }) => ({
      type: "scatter", mode: "lines+markers", name, x: angles, y, line: { color: stroke, width: 2 },
      marker: { color: stroke, size: 5 }, hovertemplate: "%{y:.1f}",
    }));
    const layout = themed({
      hovermode: "x unified", shapes: [this.mark()], showlegend: true,
      xaxis: { title: { text: "rotation, degrees" }, dtick: 45, range: [-5, 365] },
      yaxis: { title: { text: `${scores[0].metric}, %` }, range: [-3, 103] },
    });
    Plotly.react(this.plot, traces, layout, PLAIN);
    this.plot.removeAllListeners?.("plotly_click");
    this.plot.on("plotly_click", ({ points }) => this.turn(points[0].pointIndex));
  }
}

const scenes = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const scene = scenes.get(target);
    if (isIntersecting) scene.draw();
    else scene.forget();
  }
}, { rootMargin: "300px" });

for (const section of document.querySelectorAll(".scene")) {
  unpacked(section.querySelector(".content").textContent).then((content) => {
    const scene = new Scene(section, content);
    scenes.set(section, scene);
    if (section.dataset.lively === "true") seen.observe(section);
    else scene.draw();
  });
}
