/* Members' pages: what is nicer with JavaScript. Every form works without it. */
(function (doc) {
  "use strict";
  /* A second tap on the way to the server sends nothing: the button waits. */
  doc.addEventListener("submit", function (e) {
    var button = e.target.querySelector("button[data-once]");
    if (!button) return;
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
    button.setAttribute("aria-busy", "true");
  });
  /* A draw: the server decides and says where the picture has to stop; then the page shows the draw itself. When
     anything goes wrong the form is sent as without JavaScript: its key makes that the same draw. */
  var form = doc.querySelector("form[data-draw]");
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  function spin(place, of, done) {
    var wheel = form.querySelector("[data-wheel]"), cells = form.querySelectorAll("[data-place]:not(button)");
    if (calm || (!wheel && !cells.length)) { done(); return; }
    if (wheel) {
      wheel.style.transform = "rotate(" + (360 * 5 - 360 * place / of) + "deg)";
      setTimeout(done, 2600);
      return;
    }
    var round = [0, 1, 2, 4, 7, 6, 5, 3], stop = round.indexOf(place) + round.length * 3, step = 0;
    (function next() {
      cells.forEach(function (one) { one.classList.toggle("is-on", Number(one.dataset.place) === round[step % round.length]); });
      if (step === stop) { setTimeout(done, 500); return; }
      step += 1;
      setTimeout(next, 45 + Math.max(0, step - stop + 10) * 18);
    })();
  }
  if (form && window.fetch) {
    form.addEventListener("submit", function (e) {
      if (e.defaultPrevented) return;
      e.preventDefault();
      var told = new FormData(form);
      if (e.submitter && e.submitter.name) told.append(e.submitter.name, e.submitter.value);
      fetch(form.action, { method: "POST", body: told, headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then(function (answer) { if (!answer.ok) throw answer; return answer.json(); })
        .then(function (said) { spin(said.place, said.of, function () { location.href = said.url; }); })
        .catch(function () { form.submit(); });
    });
  }
  /* Too many people at once: what was sent is sent again by itself, each time a little later, five times at most. */
  var again = doc.querySelector("form[data-again]"), tries = 0;
  try {
    tries = Number(sessionStorage.getItem("q-again")) || 0;
    sessionStorage.setItem("q-again", again ? tries + 1 : 0);
  } catch (error) { tries = 5; }
  if (again && tries < 5) {
    doc.querySelector("[data-again-said]").hidden = false;
    setTimeout(function () { again.requestSubmit(); }, 1000 * Number(again.dataset.again) * (1 + tries + Math.random()));
  }
  /* How long something still lasts; the moment itself stands beside it. */
  var clocks = doc.querySelectorAll("[data-until]");
  function two(n) { return (n < 10 ? "0" : "") + n; }
  function tick() {
    clocks.forEach(function (one) {
      var left = Math.max(0, Math.floor((new Date(one.dataset.until) - Date.now()) / 1000));
      one.textContent = !left ? "" : two(Math.floor(left / 3600)) + ":" + two(Math.floor(left % 3600 / 60)) + ":" + two(left % 60);
    });
  }
  if (clocks.length) { tick(); setInterval(tick, 1000); }
  window.addEventListener("pageshow", function () {
    doc.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });
})(document);
