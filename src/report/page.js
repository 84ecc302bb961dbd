
// Redraws the fans from the embedded data, at the width they have, with a picker and the values under the pointer.
// The rules of axes and marks are those of axis.cc and fan_chart.cc. Text only ever enters the page as textContent.
(() => {
  "use strict";
  const source = document.getElementById("data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const grid = document.getElementById("fans");
  const tip = document.getElementById("tip");
  const kMostShown = 24, kHeight = 250, kSvg = "http://www.w3.org/2000/svg";
  const state = { whole: false, first: new Set(), others: [] };

  // ---- data
  const times = (t) => Array.isArray(t) ? t : t ? Array.from({ length: t.n }, (_, i) => t.a + i * t.d) : [];
  for (const s of data.series) {
    s.t = times(s.t); s.ht = times(s.ht); s.at = times(s.at);
    s.h = s.h || []; s.a = s.a || [];
  }
  const id = (names) => JSON.stringify(names);
  const byKeys = new Map(data.series.map((s) => [id(s.k), s]));
  const isNumber = (text) => text.trim() !== "" && Number.isFinite(Number(text));
  const valueOrder = (a, b) => {
    const x = isNumber(a), y = isNumber(b);
    if (x && y && Number(a) !== Number(b)) return Number(a) - Number(b);
    return x !== y ? (x ? -1 : 1) : a < b ? -1 : a > b ? 1 : 0;
  };
  const valuesOf = data.keys.map((_, k) => [...new Set(data.series.map((s) => s.k[k]))].sort(valueOrder));

  // ---- text
  const number = (v, digits = 5) => {
    if (v === null || v === undefined) return "–";
    if (v === 0) return "0";
    const size = Math.abs(v);
    if (size >= 1e15 || size < 1e-4) return v.toExponential(3);
    const whole = Math.floor(Math.log10(size)) + 1;
    return v.toLocaleString("en-US", { maximumFractionDigits: Math.max(0, digits - whole) });
  };
  const timeText = (t) => {
    if (!data.dates) return String(t);
    const iso = new Date(Math.round(t * 86400000)).toISOString();
    return t === Math.floor(t) ? iso.slice(0, 10) : iso.slice(0, 16).replace("T", " ");
  };

  // ---- axes
  const niceStep = (length, wanted) => {
    const rough = length / wanted, power = 10 ** Math.floor(Math.log10(rough));
    for (const f of [1, 2, 5]) if (f * power >= rough * (1 - 1e-9)) return f * power;
    return 10 * power;
  };
  const multiples = (low, high, step) => {
    const out = [], last = Math.floor(high / step + 1e-9);
    for (let i = Math.ceil(low / step - 1e-9); i <= last && out.length < 50; ++i) out.push(i * step);
    return out;
  };
  const decimalsOf = (step) => Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const valueLabel = (v, step, largest) => {
    if (v === 0) return "0";
    if (largest >= 1e15 || largest < 1e-3) return Number(v.toPrecision(3)).toExponential();
    const fixed = (x, s) => x.toLocaleString("en-US", { minimumFractionDigits: decimalsOf(s), maximumFractionDigits: decimalsOf(s) });
    for (const [size, name] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
      if (largest >= size && largest >= 1e4) return fixed(v / size, step / size) + name;
    }
    return fixed(v, step);
  };
  const valueAxis = (low, high, wanted) => {
    const most = 4e307;
    low = Math.max(-most, Math.min(most, low)); high = Math.max(-most, Math.min(most, high));
    if (low > 0 && low < 0.6 * high) low = 0;
    if (high < 0 && high > 0.6 * low) high = 0;
    if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
      const room = low === 0 ? 1 : Math.abs(low) / 2;
      low = low === 0 ? 0 : low - room;
      high = Math.min(high + room, most);
    }
    const step = niceStep(high - low, wanted);
    low = Math.floor(low / step + 1e-9) * step; high = Math.ceil(high / step - 1e-9) * step;
    const largest = Math.max(Math.abs(low), Math.abs(high));
    return { low, high, ticks: multiples(low, high, step).map((at) => [at, valueLabel(at, step, largest)]) };
  };
  const dateTicks = (low, high, wanted) => {
    const length = high - low;
    if (length > 1e6 || Math.abs(low) > 1e7) return [];
    if (length <= wanted * 28) {
      let step = 1;
      for (const days of [2, 7, 14, 28]) if (length / step > wanted) step = days;
      return multiples(low, high, step).map((at) => [at, timeText(at)]);
    }
    let months = 1;
    for (const more of [2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000]) if (length / (months * 30.4) > wanted) months = more;
    const first = new Date(Math.floor(low) * 86400000), ticks = [];
    let month = first.getUTCFullYear() * 12 + first.getUTCMonth();
    for (month -= month % months; ticks.length < 50; month += months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1) / 86400000;
      if (at > high) break;
      if (at >= low) ticks.push([at, timeText(at).slice(0, months >= 12 ? 4 : 7)]);
    }
    return ticks;
  };
  const timeAxis = (low, high, wanted) => {
    if (!(high > low)) { low -= 1; high += 1; }
    if (!(high > low)) high = low + Math.abs(low) / 2;
    if (data.dates) return { low, high, ticks: dateTicks(low, high, wanted) };
    const step = niceStep(high - low, wanted), largest = Math.max(Math.abs(low), Math.abs(high));
    return { low, high, ticks: multiples(low, high, step).map((at) => [at, largest < 1e6 ? String(Number(at.toPrecision(7))) : valueLabel(at, step, largest)]) };
  };
  const place = (axis, v, from, to) => from + Math.min(1, Math.max(0, (v - axis.low) / (axis.high - axis.low))) * (to - from);

  // ---- one fan
  const make = (name, attributes = {}, text) => {
    const node = document.createElementNS(kSvg, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const windowOf = (s) => {
    const all = [...s.ht.slice(0, 1), ...s.t.slice(0, 1), ...s.at.slice(0, 1), ...s.ht.slice(-1), ...s.t.slice(-1), ...s.at.slice(-1)];
    const low = Math.min(...all), high = Math.max(...all), n = s.t.length;
    if (state.whole || n < 2) return [low, high];
    return [Math.max(low, s.t[0] - 2 * (s.t[n - 1] - s.t[0]) * n / (n - 1)), high];
  };
  const runs = (columns, size) => {
    const found = [];
    for (let i = 0; i < size; ++i) {
      if (columns.some((c) => c[i] === null)) continue;
      if (found.length && found[found.length - 1][1] === i) found[found.length - 1][1] = i + 1;
      else found.push([i, i + 1]);
    }
    return found;
  };

  function draw(s, figure, width) {
    const svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${kHeight}`, role: "img", tabindex: "0" });
    svg.setAttribute("aria-label", `Forecast of ${data.value}: ${title(s)}`);
    const left = 46, right = width - 10, top = 26, bottom = kHeight - 36;
    const [low, high] = windowOf(s);
    const shown = (t, v) => v.filter((x, i) => x !== null && t[i] >= low);
    const all = [...shown(s.ht, s.h), ...shown(s.at, s.a), ...s.q.flatMap((q) => shown(s.t, q))];
    if (all.length === 0) {
      svg.append(make("text", { class: "tick", x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" }, "every value of this series is missing"));
      return figure.append(svg);
    }
    const xAxis = timeAxis(low, high, Math.max(2, Math.floor(width / 75)));
    const yAxis = valueAxis(Math.min(...all), Math.max(...all), 5);
    const px = (t) => place(xAxis, t, left, right), py = (v) => place(yAxis, v, bottom, top);
    const at = (v) => String(Math.round(v * 10) / 10);
    const line = (x1, y1, x2, y2, c) => svg.append(make("line", { class: c, x1: at(x1), y1: at(y1), x2: at(x2), y2: at(y2) }));
    const label = (x, y, text, c, anchor) => svg.append(make("text", { class: c, x: at(x), y: at(y), "text-anchor": anchor }, text));

    label(0, top - 12, data.value, "axis-title", "start");
    for (const [v, text] of yAxis.ticks) { line(left, py(v), right, py(v), "rule"); label(left - 7, py(v) + 3.5, text, "tick", "end"); }
    line(left, bottom, right, bottom, "axis");
    for (const [t, text] of xAxis.ticks) {
      line(px(t), bottom, px(t), bottom + 4, "axis");
      const over = px(t) + 3.2 * text.length > right + 10;
      label(over ? right + 10 : px(t), bottom + 16, text, "tick", over ? "end" : "middle");
    }
    label((left + right) / 2, bottom + 31, data.time, "axis-title", "middle");

    const path = (d, c) => { if (d) svg.append(make("path", { class: c, d })); };
    const dot = (t, v, c, r) => svg.append(make("circle", { class: c, cx: at(px(t)), cy: at(py(v)), r }));
    const inBand = new Set();
    for (const [lower, upper, colour] of data.bands) {
      inBand.add(lower).add(upper);
      let d = "";
      for (const [begin, end] of runs([s.q[lower], s.q[upper]], s.t.length)) {
        const room = end - begin === 1 ? 3 : 0, over = [], under = [];
        for (let i = begin; i < end; ++i) {
          for (const shift of room ? [-room, room] : [0]) {
            over.push(`${at(px(s.t[i]) + shift)} ${at(py(s.q[upper][i]))}`);
            under.unshift(`${at(px(s.t[i]) + shift)} ${at(py(s.q[lower][i]))}`);
          }
        }
        d += "M" + over.concat(under).join("L") + "Z";
      }
      path(d, "band-" + colour);
    }
    const curve = (t, v, c) => {
      let d = "";
      for (const [begin, end] of runs([v], v.length)) {
        const points = [];
        for (let i = begin; i < end; ++i) if (t[i] >= low) points.push(`${at(px(t[i]))} ${at(py(v[i]))}`);
        if (points.length === 1) dot(t[end - 1], v[end - 1], c + "-alone", 2);
        else if (points.length) d += "M" + points.join("L");
      }
      path(d, c);
    };
    s.q.forEach((q, i) => { if (i !== data.median && !inBand.has(i)) curve(s.t, q, "quantile"); });
    if (s.t.length && s.ht.length) {
      const between = (s.ht[s.ht.length - 1] + s.t[0]) / 2;
      if (between >= low && between <= s.t[0]) line(px(between), top, px(between), bottom, "origin");
    }
    curve(s.ht, s.h, "history");
    if (data.median !== null) curve(s.t, s.q[data.median], "median");
    const spacing = s.at.length > 1 ? (px(s.at[s.at.length - 1]) - px(s.at[0])) / (s.at.length - 1) : 100;
    const radius = at(Math.min(2.6, Math.max(1.5, spacing * 0.3)));
    s.a.forEach((v, i) => { if (v !== null && s.at[i] >= low) dot(s.at[i], v, "actual", radius); });
    figure.append(svg);
    follow(svg, s, { xAxis, left, right, top, bottom, low, px, width });
  }

  // ---- the values under the pointer, or under the arrow keys
  function follow(svg, s, plot) {
    const stops = [...new Set([...s.ht, ...s.t, ...s.at])].filter((t) => t >= plot.low).sort((a, b) => a - b);
    const cursor = make("line", { class: "cursor", y1: plot.top, y2: plot.bottom, visibility: "hidden" });
    svg.append(cursor);
    let current = -1;
    const hide = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); current = -1; };
    const show = (i) => {
      current = i;
      const t = stops[i], x = plot.px(t);
      for (const side of ["x1", "x2"]) cursor.setAttribute(side, x);
      cursor.setAttribute("visibility", "visible");
      tip.replaceChildren();
      const head = document.createElement("b");
      head.textContent = `${data.time} ${timeText(t)}`;
      tip.append(head);
      const row = (name, value) => {
        const div = document.createElement("div");
        for (const text of [name, number(value)]) { const span = document.createElement("span"); span.textContent = text; div.append(span); }
        tip.append(div);
      };
      const at = (ts, vs) => vs[ts.indexOf(t)];
      if (s.ht.includes(t)) row(data.value, at(s.ht, s.h));
      if (s.at.includes(t)) row("actual", at(s.at, s.a));
      if (s.t.includes(t)) for (let q = s.q.length; q-- > 0;) row(q === data.median ? "median" : data.quantiles[q], at(s.t, s.q[q]));
      tip.hidden = false;
      const box = svg.getBoundingClientRect(), scale = box.width / plot.width, page = document.documentElement.clientWidth;
      const across = box.left + x * scale, wide = tip.offsetWidth;
      tip.style.left = Math.max(4, across + 14 + wide > page - 4 ? across - 14 - wide : across + 14) + "px";
      tip.style.top = Math.max(4, Math.min(box.top + 20, window.innerHeight - tip.offsetHeight - 4)) + "px";
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * plot.width / box.width;
      let best = 0;
      stops.forEach((t, i) => { if (Math.abs(plot.px(t) - x) < Math.abs(plot.px(stops[best]) - x)) best = i; });
      if (best !== current) show(best);
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") return hide();
      if (!move) return;
      event.preventDefault();
      show(Math.min(stops.length - 1, Math.max(0, current < 0 ? stops.indexOf(s.t[0]) : current + move)));
    });
  }

  // ---- the picker
  const title = (s) => data.keys.map((key, k) => `${key} ${s.k[k]}`).join(", ") || "forecast";
  function shownSeries() {
    if (data.keys.length === 0) return data.series.slice(0, 1);
    const first = valuesOf[0].filter((v) => state.first.has(v));
    return first.map((v) => byKeys.get(id([v, ...state.others]))).filter(Boolean);
  }
  function redraw() {
    tip.hidden = true;
    const series = shownSeries();
    grid.replaceChildren();
    const say = (text) => { const p = document.createElement("p"); p.className = "empty"; p.textContent = text; grid.append(p); };
    if (series.length === 0) say(state.first.size === 0 ? `Choose a ${data.keys[0]} above.` : "This file has no such series.");
    for (const s of series.slice(0, kMostShown)) {
      const figure = document.createElement("figure"), caption = document.createElement("figcaption");
      figure.className = "fan";
      caption.textContent = title(s);
      figure.append(caption);
      grid.append(figure);
      const box = getComputedStyle(figure), padding = parseFloat(box.paddingLeft) + parseFloat(box.paddingRight);
      draw(s, figure, Math.max(280, figure.clientWidth - padding));
    }
    if (series.length > kMostShown) say(`The first ${kMostShown} of ${series.length} are shown.`);
  }
  function chip(text, isOn, onClick) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = text;
    button.setAttribute("aria-pressed", isOn);
    button.addEventListener("click", () => onClick(button));
    return button;
  }
  function group(name, ...members) {
    const fieldset = document.createElement("fieldset"), legend = document.createElement("legend");
    legend.textContent = name;
    fieldset.append(legend, ...members);
    return fieldset;
  }
  function controls() {
    const box = document.getElementById("controls");
    data.keys.slice(1).forEach((key, i) => {
      const label = document.createElement("label"), select = document.createElement("select");
      label.className = "key";
      for (const value of valuesOf[i + 1]) {
        const option = document.createElement("option");
        option.value = option.textContent = value;
        option.selected = value === state.others[i];
        select.append(option);
      }
      select.addEventListener("change", () => { state.others[i] = select.value; redraw(); });
      label.append(key, select);
      box.append(label);
    });
    if (data.keys.length > 0 && valuesOf[0].length > 1) {
      box.append(group(data.keys[0], ...valuesOf[0].map((value) => chip(value, state.first.has(value), (button) => {
        const isOn = !state.first.has(value);
        if (isOn) state.first.add(value); else state.first.delete(value);
        button.setAttribute("aria-pressed", isOn);
        redraw();
      }))));
    }
    const history = [["recent", false], ["all", true]].map(([text, whole]) => chip(text, state.whole === whole, (button) => {
      state.whole = whole;
      for (const other of history) other.setAttribute("aria-pressed", other === button);
      redraw();
    }));
    box.append(group("history", ...history));
  }

  const chosen = data.series.slice(0, Math.max(1, data.chosen));
  state.others = chosen[0].k.slice(1);
  for (const s of chosen) if (id(s.k.slice(1)) === id(state.others)) state.first.add(s.k[0]);
  controls();
  redraw();
  let width = grid.clientWidth;
  new ResizeObserver(() => { if (grid.clientWidth !== width) { width = grid.clientWidth; redraw(); } }).observe(grid);
})();
