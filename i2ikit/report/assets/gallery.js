/* ---- test images one by one: the best, the worst, and all of them while scrolling ---- */
if (byId("gallery")) (() => {
  const STRIP = 6, CHUNK = 48;
  const measure = byId("measure"), run = byId("run"), order = byId("order"), filter = byId("filter");
  let waiting = [];

  const measured = data.items.filter((item) => item.values.some((values) => Object.keys(values).length));
  const names = Object.keys(data.measures);
  measure.append(...names.map((name) => make("option", { value: name }, data.measures[name].label || name)));
  run.append(...runs.map((name, index) => make("option", { value: index }, name)));
  byId("run-choice").hidden = !several;

  function card(item) {
    const output = item.images[run.value].output;
    const image = (number) => make("img", { src: source(number), alt: "", style: `aspect-ratio:${item.size[0]}/${item.size[1]}` });
    const button = make("button", { type: "button", className: "card" },
      make("span", { className: "pair" }, image(item.input), image(output[output.length - 1][1])),
      make("b", {}, digits(item.values[run.value][measure.value])), make("span", { className: "of" }, item.name));
    button.setAttribute("aria-label", `${item.name}, ${measure.selectedOptions[0].textContent} ${digits(item.values[run.value][measure.value])}. Show it`);
    button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("open-item", { detail: { item, run: Number(run.value) } })));
    return make("li", {}, button);
  }

  function sorted(sign) {
    const value = (item) => item.values[run.value][measure.value];
    const known = measured.filter((item) => value(item) !== undefined && item.images[run.value].output);
    return sign ? known.sort((a, b) => sign * (value(a) - value(b))) : known;
  }

  function ends() { // sign of the best end, and the titles of both ends
    const better = data.measures[measure.value].better;
    return better === "lower" ? [1, "Best", "Worst"] : better === "higher" ? [-1, "Best", "Worst"] : [-1, "Highest", "Lowest"];
  }

  function drawOrder() {
    const [, first, second] = ends(), chosen = order.selectedIndex;
    order.replaceChildren(...["data set order", `${first.toLowerCase()} first`, `${second.toLowerCase()} first`]
      .map((text, index) => make("option", { value: index }, text)));
    order.selectedIndex = Math.max(chosen, 0);
  }

  function drawAll() {
    const [sign] = ends(), wanted = filter.value.toLowerCase();
    waiting = sorted([0, sign, -sign][order.value]).filter((item) => item.name.toLowerCase().includes(wanted));
    byId("count").textContent = inThousands(waiting.length);
    byId("all").replaceChildren();
    byId("box").scrollTop = 0;
    append();
  }

  function append() {
    byId("all").append(...waiting.splice(0, CHUNK).map(card));
    watcher.unobserve(byId("end")); // reports again if the end is still visible
    if (waiting.length) watcher.observe(byId("end"));
  }

  const watcher = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) append(); },
    { root: byId("box"), rootMargin: "600px" });

  function draw() {
    const [sign, first, second] = ends(), best = sorted(sign);
    byId("best-title").textContent = first;
    byId("worst-title").textContent = second;
    const strip = Math.min(STRIP, Math.ceil(best.length / 2));
    byId("best").replaceChildren(...best.slice(0, strip).map(card));
    byId("worst").replaceChildren(...best.slice(best.length - strip).reverse().map(card));
    drawOrder();
    drawAll();
  }

  for (const choice of [measure, run]) choice.addEventListener("change", draw);
  order.addEventListener("change", drawAll);
  filter.addEventListener("input", drawAll);
  draw();
})();
