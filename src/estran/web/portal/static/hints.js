// What a page can do is said once: a hint that is dismissed does not come back, on this browser.
(() => {
  const root = document.documentElement;

  /** Keeps which hints are known; without storage, as long as the page lasts. */
  function keep(names) {
    root.dataset.hints = names;
    try {
      localStorage.setItem("hints", names);
    } catch {
      // Storage may be forbidden.
    }
  }

  document.getElementById("hint")?.addEventListener("click", ({ target }) => {
    if (!target.dataset.dismiss) return;
    keep([...new Set(`${root.dataset.hints ?? ""} ${target.dataset.dismiss}`.split(" ").filter(Boolean))].join(" "));
    // Who dismissed it with the keyboard goes on where the hint stood: before the content.
    document.getElementById("content").focus({ preventScroll: true });
  });
  document.getElementById("hints-again")?.addEventListener("click", ({ target }) => {
    keep("");
    target.textContent = target.dataset.done;
  });
})();
