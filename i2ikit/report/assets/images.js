/* ---- data, images, and small helpers ---- */
const data = JSON.parse(document.getElementById("data").textContent);
const images = JSON.parse(document.getElementById("images").textContent);
document.getElementById("images").remove(); // the text is not needed twice
const byId = (name) => document.getElementById(name);
const runs = data.runs;
const several = runs.length > 1;

/* An image is base64 of a JPEG, or the address of a file beside the page, which begins with a dot. */
function source(number) {
  const image = images[number];
  return image.startsWith(".") ? image : `data:image/jpeg;base64,${image}`;
}

function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "style") element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...content);
  return element;
}

function digits(value) {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(4)));
}

function swatch(run) {
  return make("i", { className: "swatch", style: `--line:var(--run${run % 8})` });
}

const inThousands = (step) => step.toLocaleString("en");
