"use strict";
window.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api");
  const dark = window.matchMedia("screen and (prefers-color-scheme: dark)");  // on paper it is light
  const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);  // what its style sheet goes by
  dark.addEventListener("change", dress);
  dress();
  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    supportedSubmitMethods: [],
  });
});
