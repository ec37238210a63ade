"use strict";
// Comfort only: every page works without it.

// The list of rules narrows while one types. The address follows, so it can be passed on.
function narrow(form) {
  const items = [...document.getElementById(form.dataset.filters).children];
  const counted = document.querySelector("[data-count]");
  const none = document.querySelector("[data-none]");
  const update = () => {
    const wanted = new FormData(form);
    const words = wanted.get("q").toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (item) =>
      words.every((word) => item.dataset.words.includes(word)) &&
      ["topic", "indicator", "hook"].every(
        (name) => !wanted.get(name) || item.dataset[name].split(" ").includes(wanted.get(name)),
      );
    for (const item of items) item.hidden = !fits(item);
    const shown = items.filter((item) => !item.hidden).length;
    counted.textContent = `${shown} of ${items.length} rules`;
    none.hidden = shown > 0;
    const asked = new URLSearchParams([...wanted].filter(([, value]) => value));
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    update();
  });
}

for (const form of document.querySelectorAll("form[data-filters]")) narrow(form);
