// Runs before the first paint, so that a page never shows in the wrong colours; a classic script for that reason.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const order = ["auto", "light", "dark"];
  let theme = "auto";
  try {
    // Hints that were dismissed are never painted.
    root.dataset.hints = localStorage.getItem("hints") ?? "";
    theme = localStorage.getItem("theme") ?? "auto";
  } catch {
    // Storage may be forbidden: the system's colours then.
  }

  /** Puts the theme on the page, tells maps, and names the button after it. */
  function show() {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.toggleAttribute("data-dark", theme === "auto" ? system.matches : theme === "dark");
    const button = document.getElementById("theme");
    if (button) {
      button.title = button.dataset[theme];
      button.setAttribute("aria-label", button.title);
    }
    document.dispatchEvent(new Event("themechange"));
  }

  if (!order.includes(theme)) theme = "auto";
  root.dataset.script = "";
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // The choice then lasts as long as the page.
      }
      show();
    });
    const other = document.getElementById("other-language");
    other.addEventListener("click", () => {
      document.cookie = `language=${other.lang}; path=/; max-age=31536000; samesite=lax`;
    });
    show();
  });
})();
