/* Loaded in <head>, before the first paint. Order: ?theme= (for pictures), this browser's choice, the system. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var asked = new URLSearchParams(location.search).get("theme");

  function saved() {
    try { return localStorage.getItem("q-theme"); } catch (e) { return null; }
  }
  function choice() { return asked || saved() || "auto"; }
  function apply() {
    var c = choice();
    root.setAttribute("data-bs-theme", c === "auto" ? (system.matches ? "dark" : "light") : c);
    root.dispatchEvent(new CustomEvent("q:theme", { detail: c }));
  }

  window.Qunce = {
    theme: choice,
    setTheme: function (c) {
      asked = null;
      try { localStorage.setItem("q-theme", c); } catch (e) { /* private mode: the choice lasts for this page */ asked = c; }
      apply();
    }
  };
  system.addEventListener("change", apply);
  apply();
})();
