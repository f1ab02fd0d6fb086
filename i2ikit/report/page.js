"use strict";
const data = JSON.parse(document.getElementById("data").textContent);

/* ---- curves: one cursor for all of them ---- */
const curves = [...document.querySelectorAll(".curve")].map((figure, index) => ({ figure, ...data.curves[index] }));
const { left, right, top: upper, bottom, lastStep } = data.plot;

function nearest(steps, step) {
  let low = 0, high = steps.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle; else high = middle;
  }
  return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
}

function words(value) {
  return value === null ? "not finite" : String(Number(value.toPrecision(4)));
}

function showStep(step) {
  for (const { figure, steps, raw, smooth, low, high } of curves) {
    if (!steps.length) continue;
    const index = nearest(steps, step === null ? steps[steps.length - 1] : step);
    const x = left + (right - left) * steps[index] / lastStep;
    const value = smooth[index];
    const y = Math.min(Math.max(upper + (bottom - upper) * (high - value) / (high - low), upper), bottom);
    const cursor = figure.querySelector(".cursor"), dot = figure.querySelector(".dot");
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x);
    cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    dot.setAttribute("visibility", step === null || value === null ? "hidden" : "visible");
    const at = figure.querySelector(".at"), edge = 24;
    at.textContent = step === null ? "" : steps[index].toLocaleString("en");
    at.setAttribute("x", Math.min(Math.max(x, left + edge), right - edge));
    figure.classList.toggle("read", step !== null);
    figure.querySelector("output").textContent =
      words(value) + (step === null || raw[index] === value ? "" : ` (raw ${words(raw[index])})`);
  }
}

for (const curve of curves) {
  const plot = curve.figure.querySelector(".plot");
  let index = curve.steps.length - 1;
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * plot.viewBox.baseVal.width;
    index = nearest(curve.steps, (x - left) / (right - left) * lastStep);
    showStep(curve.steps[index]);
  });
  plot.addEventListener("pointerleave", () => showStep(null));
  plot.addEventListener("blur", () => showStep(null));
  plot.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    index = Math.min(Math.max(index + by, 0), curve.steps.length - 1);
    showStep(curve.steps[index]);
  });
}

/* ---- samples over time ---- */
const strips = document.querySelector(".strips"), slider = document.querySelector(".player input");

for (const strip of document.querySelectorAll(".strip")) {
  strip.addEventListener("click", () => {
    strip.setAttribute("aria-pressed", strip.parentElement.classList.toggle("wide"));
  });
}

if (slider) {
  const frames = data.frames, thumbs = [...document.querySelectorAll(".film button")];
  const label = document.querySelector(".player output"), play = document.querySelector(".player button");
  frames[frames.length - 1].picture = strips.style.getPropertyValue("--frame");
  let wanted = frames.length - 1, timer = 0;

  function mark(frame) {
    const name = `step ${frame.step.toLocaleString("en")}`, thumb = thumbs[wanted];
    slider.value = wanted;
    slider.setAttribute("aria-valuetext", name);
    label.textContent = name;
    thumbs.forEach((other, place) => other.setAttribute("aria-current", place === wanted));
    const film = thumb.parentElement.parentElement;
    film.scrollLeft = thumb.offsetLeft - film.offsetLeft - (film.clientWidth - thumb.clientWidth) / 2;
  }

  async function show(index) {
    wanted = Math.min(Math.max(index, 0), frames.length - 1);
    const frame = frames[wanted];
    mark(frame);
    const picture = new Image(); // decoded before it is shown, so that nothing flickers
    picture.src = frame.picture.replace(/^url\("?|"?\)$/g, "");
    await picture.decode().catch(() => {});
    if (frame === frames[wanted]) strips.style.setProperty("--frame", frame.picture);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }

  function go(index) {
    stop();
    show(index);
    showStep(wanted === frames.length - 1 ? null : frames[wanted].step);
  }

  slider.addEventListener("input", () => go(Number(slider.value)));
  thumbs.forEach((thumb, index) => thumb.addEventListener("click", () => go(index)));
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (wanted === frames.length - 1) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => (wanted === frames.length - 1 ? stop() : show(wanted + 1)), 450);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== document.body || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) go(wanted + by);
  });
  mark(frames[wanted]);
}
showStep(null);
