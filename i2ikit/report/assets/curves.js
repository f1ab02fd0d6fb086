/* ---- curves: one cursor for all of them ---- */
(() => {
  const { left, right, top: upper, bottom, lastStep } = data.plot;
  const figures = [...document.querySelectorAll(".curve")].map((figure, index) => {
    const { runs: lines, low, high } = data.curves[index];
    return { figure, low, high, lines: Object.values(lines), outputs: figure.querySelectorAll("output"), dots: figure.querySelectorAll(".dot") };
  });

  function nearest(steps, step) {
    let low = 0, high = steps.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle; else high = middle;
    }
    return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
  }

  const across = (step) => left + (right - left) * step / lastStep;
  const words = (value) => (value === null ? "not finite" : digits(value));

  function showStep(step) {
    for (const { figure, low, high, lines, outputs, dots } of figures) {
      let place = 0;
      lines.forEach(({ steps, raw, smooth }, line) => {
        if (!steps.length) return;
        const index = nearest(steps, step === null ? steps[steps.length - 1] : step);
        place = Math.max(place, steps[index]);
        const value = smooth[index], dot = dots[line];
        const y = Math.min(Math.max(upper + (bottom - upper) * (high - value) / (high - low), upper), bottom);
        dot.setAttribute("cx", across(steps[index]));
        dot.setAttribute("cy", y);
        dot.setAttribute("visibility", step === null || value === null ? "hidden" : "visible");
        outputs[line].textContent = words(value) + (step === null || several || raw[index] === value ? "" : ` (raw ${words(raw[index])})`);
      });
      const cursor = figure.querySelector(".cursor"), at = figure.querySelector(".at"), edge = 24;
      const x = across(place);
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, x);
      cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
      at.textContent = step === null ? "" : inThousands(place);
      at.setAttribute("x", Math.min(Math.max(x, left + edge), right - edge));
      figure.classList.toggle("read", step !== null);
    }
  }

  for (const { figure, lines } of figures) {
    const plot = figure.querySelector(".plot");
    const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
    let index = steps.length - 1;
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * plot.viewBox.baseVal.width;
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
