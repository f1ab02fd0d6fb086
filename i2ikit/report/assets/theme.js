/* ---- dark and light: as the system is set, until the user chooses ---- */
const themeButton = document.getElementById("theme");
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

function remembered(value) {
  try { // pages from disk may have no storage
    if (value !== undefined) localStorage.setItem("i2ikit-theme", value);
    return localStorage.getItem("i2ikit-theme");
  } catch { return null; }
}

function setTheme(theme) {
  document.documentElement.style.colorScheme = theme || "light dark";
  themeButton.setAttribute("aria-pressed", theme ? theme === "dark" : systemDark.matches);
}

themeButton.addEventListener("click", () => {
  const theme = themeButton.getAttribute("aria-pressed") === "true" ? "light" : "dark";
  remembered(theme);
  setTheme(theme);
});
systemDark.addEventListener("change", () => setTheme(remembered()));
setTheme(remembered());
