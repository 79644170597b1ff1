// Cross-hair, values and zoom for a line chart. The page is whole without it.
"use strict";
for (const figure of document.querySelectorAll(".picture[data-points]")) {
  const charts = [...figure.querySelectorAll("svg[data-t]")];
  if (!charts.length) continue;
  const NS = "http://www.w3.org/2000/svg";
  const wall = (text) => Date.parse(text + "Z");
  const read = document.createElement("output");
  const along = document.createElement("input");
  read.className = "readout";
  along.className = "along";
  along.type = "range";
  along.min = 0;
  along.setAttribute("aria-label", figure.dataset.along);
  read.textContent = figure.dataset.zoom;
  charts.at(-1).after(along, read);
  let data, loading, times = [], drag;

  const load = () => loading ||= (async () => {
    data = await (await fetch(figure.dataset.points)).json();
    times = [...new Set(data.lines.flatMap((l) => l.t))].sort();
    for (const line of data.lines) line.at = new Map(line.t.map((t, i) => [t, line.v[i]]));
    along.max = times.length - 1;
  })();
  const bounds = (svg) => {
    const [x0, x1] = svg.dataset.x.split(" ").map(Number), [t0, t1] = svg.dataset.t.split(" ").map(wall);
    return { x0, x1, t0, t1, y: svg.dataset.y.split(" ").map(Number) };
  };
  const mark = (svg, tag, name) => {
    const old = svg.querySelector("." + name), made = old || document.createElementNS(NS, tag);
    if (!old) svg.append(made);
    made.setAttribute("class", name);
    return made;
  };
  const set = (e, values) => { for (const k in values) e.setAttribute(k, values[k]); };
  const show = (i) => {
    const t = times[i];
    if (t === undefined) return;
    for (const svg of charts) {
      const b = bounds(svg), x = b.x0 + ((wall(t) - b.t0) / (b.t1 - b.t0 || 1)) * (b.x1 - b.x0);
      set(mark(svg, "line", "hair"), { x1: x, x2: x, y1: b.y[0], y2: b.y[1] });
    }
    const told = data.lines.map((l) => `${l.label} ${l.at.get(t) ?? figure.dataset.none}`).join(" · ");
    read.textContent = `${t.slice(0, 16).replace("T", " ")} · ${told}${data.unit ? " " + data.unit : ""}`;
    along.value = i;
    along.setAttribute("aria-valuetext", read.textContent);
  };
  const place = (svg, event) => {
    const b = bounds(svg), at = svg.createSVGPoint();
    at.x = event.clientX;
    at.y = event.clientY;
    const x = Math.min(b.x1, Math.max(b.x0, at.matrixTransform(svg.getScreenCTM().inverse()).x));
    return { x, ms: b.t0 + ((x - b.x0) / (b.x1 - b.x0)) * (b.t1 - b.t0), b };
  };
  const nearest = (ms) => {
    let low = 0, high = times.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (wall(times[mid]) < ms) low = mid + 1; else high = mid;
    }
    return low && ms - wall(times[low - 1]) < wall(times[low]) - ms ? low - 1 : low;
  };
  along.addEventListener("focus", load);
  along.addEventListener("input", async () => { await load(); show(+along.value); });
  for (const svg of charts) {
    svg.addEventListener("pointerenter", load);
    svg.addEventListener("pointerdown", (e) => { if (e.pointerType === "mouse" && !e.button) drag = place(svg, e); });
    svg.addEventListener("pointermove", (e) => {
      const here = place(svg, e);
      if (drag) {
        set(mark(svg, "rect", "chosen"), {
          x: Math.min(drag.x, here.x), width: Math.abs(drag.x - here.x), y: here.b.y[0], height: here.b.y[1] - here.b.y[0],
        });
      }
      if (times.length) show(nearest(here.ms));
    });
    svg.addEventListener("pointerup", (e) => {
      const from = drag;
      drag = null;
      svg.querySelector(".chosen")?.remove();
      const to = from && place(svg, e);
      if (!to || Math.abs(to.x - from.x) < 8) return;
      const ends = [from.ms, to.ms].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString().slice(0, 16));
      const address = new URL(figure.dataset.self, location.href);
      address.searchParams.set("from", ends[0]);
      address.searchParams.set("to", ends[1]);
      location.href = address;
    });
    svg.addEventListener("pointerleave", () => { drag = null; svg.querySelector(".chosen")?.remove(); });
  }
}
