/* ---- curves: drawn as SVG, with one cursor for all of them ---- */
(() => {
  const WIDTH = 340, HEIGHT = 170; // of a plot, in its own units
  const left = 46, right = WIDTH - 8, upper = 8, bottom = HEIGHT - 22;
  const numbers = (lines, key) => lines.flatMap((line) => line[key]).filter((value) => value !== null);
  const lastStep = Math.max(1, ...data.curves.flatMap((plot) => Object.values(plot.curves).map((line) => line.steps.at(-1) ?? 0)));
  const across = (step) => left + (right - left) * step / lastStep;
  const words = (value) => (value === null ? "not finite" : digits(value));
  const round = (value) => Math.round(value * 10) / 10;

  const namespace = Object.assign(document.createElement("div"), { innerHTML: "<svg></svg>" }).firstChild.namespaceURI;

  function svg(tag, attributes = {}, ...content) {
    const element = document.createElementNS(namespace, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...content);
    return element;
  }

  /* All values but the outermost 2 percent at each end, and a little room; a level line is in the middle. */
  function valueRange(lines) {
    const raw = numbers(lines, "raw").sort((a, b) => a - b), cut = Math.floor(raw.length / 50);
    if (!raw.length) return [0, 1];
    const low = raw[cut], high = raw[raw.length - 1 - cut];
    const level = high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high));
    const room = level ? Math.abs(low) / 2 || 0.5 : (high - low) / 25;
    return [low - room, high + room];
  }

  /* The fewest multiples of 1, 2 or 5 times a power of ten that are at least three in the range. */
  function roundTicks(low, high) {
    let power = 10 ** Math.ceil(Math.log10(high - low));
    for (let down = 0; down < 9; down += 1, power /= 10) {
      for (const step of [power, power / 2, power / 5]) {
        const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
        if (last - first >= 2) return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
      }
    }
    return [];
  }

  /* A line with gaps where the value is null; a single point between gaps is a short dash. */
  function path(steps, values, y) {
    let text = "", drawing = false;
    values.forEach((value, index) => {
      if (value !== null) {
        const single = !drawing && (values[index + 1] ?? null) === null;
        text += `${drawing ? "L" : "M"}${round(across(steps[index]))} ${y(value)}${single ? "h.1" : ""}`;
      }
      drawing = value !== null;
    });
    return text;
  }

  function draw(plot) {
    const entries = Object.entries(plot.curves), [low, high] = valueRange(entries.map(([, line]) => line));
    const y = (value) => round(Math.min(Math.max(upper + (bottom - upper) * (high - value) / (high - low), -HEIGHT), 2 * HEIGHT));
    const color = (run) => `--line:var(--run${run % 8})`;
    const ticks = roundTicks(low, high).flatMap((value) => [
      svg("line", { class: "rule", x1: left, x2: right, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: left - 6, y: y(value), dy: ".32em", "text-anchor": "end" }, digits(value)),
    ]);
    const ends = [[left, "start", 0], [right, "end", lastStep]].map(([x, anchor, step]) =>
      svg("text", { class: "tick end", x, y: HEIGHT - 6, "text-anchor": anchor }, inThousands(step)));
    const box = { x: left, y: upper, width: right - left, height: bottom - upper };
    const lines = svg("svg", { ...box, viewBox: Object.values(box).join(" ") }, ...["raw", "smooth"].flatMap((kind) =>
      entries.map(([run, line]) => svg("path", { class: kind, style: color(run), d: path(line.steps, line[kind], y) }))));
    const cursor = svg("line", { class: "cursor", visibility: "hidden", y1: upper, y2: bottom });
    const dots = entries.map(([run]) => svg("circle", { class: "dot", style: color(run), visibility: "hidden", r: 3.5 }));
    const at = svg("text", { class: "tick at", y: HEIGHT - 6, "text-anchor": "middle" });
    const element = svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", tabindex: 0, "aria-label": plot.name },
      ...ticks, ...ends, lines, cursor, ...dots, at);
    return { plot: element, cursor, dots, at, y, lines: entries.map(([, line]) => line) };
  }

  const figures = [...document.querySelectorAll(".curve")].map((figure, index) => {
    const drawn = draw(data.curves[index]);
    figure.append(drawn.plot);
    return { ...drawn, figure, outputs: figure.querySelectorAll("output") };
  });

  function nearest(steps, step) {
    let low = 0, high = steps.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle; else high = middle;
    }
    return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
  }

  function showStep(step) {
    for (const { figure, y, lines, outputs, dots, cursor, at } of figures) {
      let shown = 0;
      lines.forEach(({ steps, raw, smooth }, line) => {
        if (!steps.length) return;
        const index = nearest(steps, step === null ? steps[steps.length - 1] : step);
        shown = Math.max(shown, steps[index]);
        const value = smooth[index], dot = dots[line];
        dot.setAttribute("cx", across(steps[index]));
        dot.setAttribute("cy", Math.min(Math.max(y(value), upper), bottom));
        dot.setAttribute("visibility", step === null || value === null ? "hidden" : "visible");
        outputs[line].textContent = words(value) + (step === null || several || raw[index] === value ? "" : ` (raw ${words(raw[index])})`);
      });
      const edge = 24, x = across(shown);
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, x);
      cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
      at.textContent = step === null ? "" : inThousands(shown);
      at.setAttribute("x", Math.min(Math.max(x, left + edge), right - edge));
      figure.classList.toggle("read", step !== null);
    }
  }

  for (const { plot, lines } of figures) {
    const steps = [...new Set(numbers(lines, "steps"))].sort((a, b) => a - b);
    let index = steps.length - 1;
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * WIDTH;
      index = nearest(steps, (x - left) / (right - left) * lastStep);
      showStep(steps[index]);
    });
    plot.addEventListener("pointerleave", () => showStep(null));
    plot.addEventListener("blur", () => showStep(null));
    plot.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -Infinity, End: Infinity }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      index = Math.min(Math.max(index + by, 0), steps.length - 1);
      showStep(steps[index]);
    });
  }
  document.addEventListener("step", (event) => showStep(event.detail));
  showStep(null);
})();
