/* ---- two images of one item, compared with a line that is dragged ---- */
if (byId("viewer")) (() => {
  const stage = byId("stage"), divider = byId("divider"), sheet = byId("sheet"), time = byId("time");
  const sides = { left: byId("left"), right: byId("right") };
  const shown = { left: byId("left-image"), right: byId("right-image") };
  const domains = [...new Set(data.items.map((item) => item.domain))]
    .filter((domain) => inDomain(domain).some((item) => item.images.some((images) => Object.keys(images).length)));
  const state = { item: null, domain: domains[0], left: "input", right: "", step: Infinity, line: 50, scale: 1, x: 0, y: 0 };
  let rows = 8;

  function inDomain(domain) { return data.items.filter((item) => item.domain === domain); }

  /* What each side can show: "input", "truth", "real", or run and name, such as "0 output". */
  function choices(item) {
    const made = item.images.flatMap((images, run) => Object.keys(images).map((name) => `${run} ${name}`));
    return ["input", ...made, ...["truth", "real"].filter((target) => item[target] !== null)];
  }

  function label(choice) {
    const [, run, name] = choice.match(/^(\d+) (.*)$/) || [];
    if (run === undefined) return choice === "real" ? "real target" : choice;
    return several ? (name === "output" ? runs[run] : `${runs[run]}, ${name}`) : name;
  }

  /* The newest image that is not newer than the chosen step. */
  function frame(item, choice) {
    if (["input", "truth", "real"].includes(choice)) return item[choice];
    const [, run, name] = choice.match(/^(\d+) (.*)$/);
    const frames = item.images[run][name] || [];
    const past = frames.filter(([step]) => step <= state.step);
    return past.length ? past[past.length - 1][1] : frames.length ? frames[0][1] : null;
  }

  function steps(item) {
    const all = item.images.flatMap((images) => Object.values(images).flatMap((frames) => frames.map(([step]) => step)));
    return [...new Set(all)].sort((a, b) => a - b);
  }

  /* -- drawing -- */
  function drawStage() {
    const { item } = state;
    for (const side of ["left", "right"]) {
      const number = frame(item, state[side]), image = shown[side];
      image.hidden = number === null;
      if (number !== null) image.src = source(number);
      image.alt = `${label(state[side])} of ${item.name}`;
      image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.scale})`;
      byId(`${side}-tag`).textContent = label(state[side]);
    }
    stage.style.setProperty("--line", `${state.line}%`);
    stage.style.setProperty("--ratio", `${item.size[0]} / ${item.size[1]}`);
    stage.style.setProperty("--shape", item.size[0] / item.size[1]);
    stage.classList.toggle("zoomed", state.scale > 1);
    byId("scale").textContent = `${Math.round(state.scale * 100)} %`;
    const percent = Math.round(state.line);
    divider.setAttribute("aria-valuenow", percent);
    divider.setAttribute("aria-valuetext", `${percent} percent ${label(state.left)}, ${100 - percent} percent ${label(state.right)}`);
  }

  function drawPlayer() {
    const all = steps(state.item);
    byId("player").hidden = all.length < 2;
    if (all.length < 2) return;
    const index = Math.max(0, all.findLastIndex((step) => step <= state.step));
    time.max = all.length - 1;
    time.value = index;
    const name = `step ${inThousands(all[index])}`;
    time.setAttribute("aria-valuetext", name);
    byId("step").textContent = name;
  }

  function drawAbout() {
    const { item } = state;
    byId("name").textContent = item.name;
    const measured = Object.keys(data.measures).filter((name) => item.values.some((values) => name in values));
    const head = make("tr", {}, make("td"), ...(several ? runs.map((_, run) => make("th", { scope: "col" }, swatch(run))) : []));
    const lines = measured.map((name) => make("tr", {}, make("th", { scope: "row" }, data.measures[name].label || name),
      ...item.values.map((values) => make("td", { className: "number" }, digits(values[name])))));
    byId("values").replaceChildren(...(lines.length ? [make("table", {}, ...(several ? [head] : []), ...lines)] : []));
  }

  function fillSelects() {
    const all = choices(state.item);
    for (const side of ["left", "right"]) {
      if (!all.includes(state[side])) state[side] = side === "left" ? "input" : all[1] || "input";
      sides[side].replaceChildren(...all.map((choice) => make("option", { value: choice }, label(choice))));
      sides[side].value = state[side];
    }
  }

  /* One line for each item, a column for each image; a click puts the image on the right side. */
  function drawSheet() {
    const items = inDomain(state.domain);
    const columns = [...new Set(items.slice(0, rows).flatMap(choices))].sort((a, b) => rank(a) - rank(b));
    const head = make("div", { className: "row names" }, ...columns.map((choice) => {
      const run = choice.match(/^\d+/);
      return make("span", {}, ...(several && run ? [swatch(run[0])] : []), label(choice));
    }));
    const lines = items.slice(0, rows).map((item) => make("div", { className: "row" }, ...columns.map((choice) => {
      const available = choices(item).includes(choice) ? frame(item, choice) : null;
      if (available === null) return make("span", { className: "cell" });
      const image = make("img", { src: source(available), alt: "", style: `aspect-ratio:${item.size[0]}/${item.size[1]}` });
      image.dataset.choice = choice;
      const button = make("button", { type: "button", className: "cell" }, image);
      button.setAttribute("aria-label", `${label(choice)} of ${item.name}`);
      button.addEventListener("click", () => {
        if (choice === "input") state.left = "input"; else state.right = choice;
        choose(item);
      });
      button.item = item;
      return button;
    })));
    sheet.style.setProperty("--columns", columns.length);
    sheet.replaceChildren(head, ...lines);
    byId("more").hidden = items.length <= rows;
    markSheet();
  }

  function rank(choice) {
    const run = choice.match(/^\d+/);
    if (choice === "input") return -1;
    return run ? Number(run[0]) : runs.length;
  }

  function markSheet() {
    for (const button of sheet.querySelectorAll("button")) button.classList.toggle("current", button.item === state.item);
  }

  function refreshSheet() {
    for (const image of sheet.querySelectorAll("img")) {
      const address = source(frame(image.parentElement.item, image.dataset.choice));
      if (image.getAttribute("src") !== address) image.src = address;
    }
  }

  function choose(item) {
    if (item.domain !== state.domain) {
      state.domain = item.domain;
      drawDomains();
      drawSheet();
    }
    state.item = item;
    fillSelects();
    drawStage();
    drawPlayer();
    drawAbout();
    markSheet();
  }

  function drawDomains() {
    byId("domains").hidden = domains.length < 2;
    byId("domains").replaceChildren(...domains.map((domain) => {
      const button = make("button", { type: "button" }, `from ${domain}`);
      button.setAttribute("aria-pressed", domain === state.domain);
      button.addEventListener("click", () => choose(inDomain(domain)[0]));
      return button;
    }));
  }

  /* -- the line, zoom and pan -- */
  function moveLine(line) {
    state.line = Math.min(Math.max(line, 0), 100);
    drawStage();
  }

  function limitView() {
    const { width, height } = stage.getBoundingClientRect();
    state.x = Math.min(0, Math.max(state.x, width * (1 - state.scale)));
    state.y = Math.min(0, Math.max(state.y, height * (1 - state.scale)));
  }

  function zoom(scale, at = null) {
    const box = stage.getBoundingClientRect();
    const x = at ? at.clientX - box.left : box.width / 2, y = at ? at.clientY - box.top : box.height / 2;
    const wanted = Math.min(Math.max(scale, 1), 16), by = wanted / state.scale;
    state.x = x - (x - state.x) * by;
    state.y = y - (y - state.y) * by;
    state.scale = wanted;
    limitView();
    drawStage();
  }

  function pan(dx, dy) {
    state.x += dx;
    state.y += dy;
    limitView();
    drawStage();
  }

  const pointers = new Map();
  let drags = "";

  function lineAt(event) {
    const box = stage.getBoundingClientRect();
    moveLine((event.clientX - box.left) / box.width * 100);
  }

  function distance() {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    divider.focus({ preventScroll: true });
    pointers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
    drags = pointers.size > 1 ? "pinch" : divider.contains(event.target) || state.scale === 1 ? "line" : "view";
    if (drags === "line" && !divider.contains(event.target)) lineAt(event);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const apart = pointers.size > 1 ? distance() : 0;
    pointers.set(event.pointerId, event);
    if (drags === "pinch" && pointers.size > 1) zoom(state.scale * distance() / Math.max(apart, 1), event);
    if (drags === "line") lineAt(event);
    if (drags === "view") pan(event.clientX - before.clientX, event.clientY - before.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("dblclick", (event) => zoom(state.scale > 1 ? 1 : 4, event));
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // plain scrolling scrolls the page
    event.preventDefault();
    zoom(state.scale * Math.exp(-event.deltaY / 200), event);
  }, { passive: false });

  function neighbor(by) {
    const items = inDomain(state.domain), index = items.indexOf(state.item);
    choose(items[Math.min(Math.max(index + by, 0), items.length - 1)]);
  }

  divider.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const other = {
      Home: () => moveLine(0), End: () => moveLine(100), "+": () => zoom(state.scale * 1.5), "=": () => zoom(state.scale * 1.5),
      "-": () => zoom(state.scale / 1.5), 0: () => zoom(1), PageUp: () => neighbor(-1), PageDown: () => neighbor(1),
    }[event.key];
    if (arrows && event.shiftKey) pan(-40 * arrows[0], -40 * arrows[1]);
    else if (arrows) moveLine(state.line + 2 * (arrows[0] - arrows[1]));
    else if (other) other();
    else return;
    event.preventDefault();
  });
  byId("larger").addEventListener("click", () => zoom(state.scale * 2));
  byId("smaller").addEventListener("click", () => zoom(state.scale / 2));
  new ResizeObserver(() => { limitView(); drawStage(); }).observe(stage);

  for (const side of ["left", "right"]) {
    sides[side].addEventListener("change", () => { state[side] = sides[side].value; drawStage(); });
  }
  byId("swap").addEventListener("click", () => {
    [state.left, state.right] = [state.right, state.left];
    fillSelects();
    drawStage();
  });
  byId("more").addEventListener("click", () => { rows += 16; drawSheet(); });

  /* -- samples over time -- */
  let timer = 0;

  function showFrame(index) {
    const all = steps(state.item);
    state.step = index >= all.length - 1 ? Infinity : all[Math.max(index, 0)];
    drawStage();
    drawPlayer();
    refreshSheet();
    document.dispatchEvent(new CustomEvent("step", { detail: state.step === Infinity ? null : state.step }));
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    byId("play").textContent = "Play";
  }

  time.addEventListener("input", () => { stop(); showFrame(Number(time.value)); });
  byId("play").addEventListener("click", () => {
    if (timer) return stop();
    if (time.value === time.max) showFrame(0);
    byId("play").textContent = "Pause";
    timer = setInterval(() => (time.value === time.max ? stop() : showFrame(Number(time.value) + 1)), 450);
  });

  document.addEventListener("open-item", (event) => { // from the gallery
    state.right = `${event.detail.run} output`;
    state.step = Infinity;
    choose(event.detail.item);
    refreshSheet();
    byId("viewer").scrollIntoView({ block: "start", behavior: "smooth" });
    divider.focus({ preventScroll: true });
  });

  drawDomains();
  choose(inDomain(state.domain)[0]);
  drawSheet();
})();
