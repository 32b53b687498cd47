/* The calendar of all groups: drag a message to another day, move it by keys, days on the phone, the docked ledger. */
(function (w, doc) {
  "use strict";
  var all = function (sel, from) { return Array.prototype.slice.call((from || doc).querySelectorAll(sel)); };
  var board = function () { return doc.getElementById("cal-board"); };
  var held = null, focusOn = "";
  if (!board()) return;

  function tell(word) { w.Qunce.toast({ text: board().getAttribute("data-word-" + word) }); }
  function send(chip, values) {
    focusOn = chip.id;
    w.htmx.ajax("POST", chip.dataset.move, { target: "#q-drawer", swap: "none", values: values });
  }
  function again() { w.htmx.ajax("GET", board().dataset.url, { target: "#cal-board", swap: "outerHTML" }); }
  function mark(cell) { all(".q-cal td.is-drop").forEach(function (one) { if (one !== cell) one.classList.remove("is-drop"); }); if (cell) cell.classList.add("is-drop"); }

  /* What may not move can be lifted and says why when it is dropped. */
  doc.addEventListener("dragstart", function (e) {
    held = e.target.closest && e.target.closest(".q-go[draggable]");
    if (!held) return;
    held.classList.add("is-lifted");
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", held.id);
  });
  doc.addEventListener("dragover", function (e) {
    var cell = held && e.target.closest && e.target.closest(".q-cal.is-board td[data-day]");
    mark(cell && cell !== held.closest("td") ? cell : null);
    if (cell) e.preventDefault();
  });
  doc.addEventListener("drop", function (e) {
    var cell = held && e.target.closest && e.target.closest(".q-cal.is-board td[data-day]");
    if (!cell) return;
    e.preventDefault();
    if (cell === held.closest("td")) return;
    if (held.dataset.fixed) { tell("fixed"); return; }
    if (cell.closest("tr") !== held.closest("tr")) { tell("other"); return; }
    if (cell.classList.contains("is-past")) { tell("past"); return; }
    send(held, { day: cell.dataset.day });
  });
  doc.addEventListener("dragend", function () { if (held) held.classList.remove("is-lifted"); held = null; mark(null); });

  var KEYS = { ArrowUp: "earlier", ArrowDown: "later", ArrowLeft: "day_before", ArrowRight: "day_after" };
  doc.addEventListener("keydown", function (e) {
    var chip = e.target.closest && e.target.closest(".q-go[draggable]");
    if (!chip) return;
    var shift = e.altKey && KEYS[e.key], asks = e.key === "m" && !e.altKey && !e.ctrlKey && !e.metaKey;
    if (!shift && !asks) return;
    e.preventDefault();
    if (chip.dataset.fixed) { tell("fixed"); return; }
    if (shift) send(chip, { shift: shift });
    else w.htmx.ajax("GET", chip.dataset.move, { target: "#q-drawer", swap: "innerHTML" });
  });

  /* After a move, here or in the drawer, the board is read again. */
  doc.addEventListener("q:calendar-changed", again);
  doc.addEventListener("htmx:afterSettle", function () {
    var chip = focusOn && doc.getElementById(focusOn);
    if (chip) { chip.focus({ preventScroll: true }); focusOn = ""; }
  });

  /* One day at a time on the phone. */
  function pick(day) {
    all(".q-daystrip button").forEach(function (one) { one.setAttribute("aria-pressed", String(one.dataset.day === day)); });
    all(".q-dayfact").forEach(function (one) { one.hidden = one.dataset.day !== day; });
    all(".q-cal.is-board td[data-day]").forEach(function (one) { one.classList.toggle("is-pick", one.dataset.day === day); });
  }

  doc.addEventListener("click", function (e) {
    var day = e.target.closest(".q-daystrip button[data-day]");
    if (day) { pick(day.dataset.day); return; }
    if (e.target.closest("[data-ledger-close]")) {
      doc.getElementById("cal-ledger").replaceChildren();
      all(".q-cal td.is-on").forEach(function (one) { one.classList.remove("is-on"); });
      w.history.replaceState(null, "", board().dataset.url.replace(/([?&])group=\d+/, "$1"));
      return;
    }
    var chip = e.target.closest(".q-cal .q-go[hx-get]");
    if (!chip) return;
    all(".q-cal td.is-on").forEach(function (one) { one.classList.remove("is-on"); });
    chip.closest("td").classList.add("is-on");
    w.history.replaceState(null, "", chip.getAttribute("href"));
  });
  doc.addEventListener("htmx:afterSwap", function (e) {
    if (!e.detail.target || e.detail.target.id !== "cal-ledger") return;
    board().dataset.url = w.location.pathname + w.location.search;
    if (w.matchMedia("(max-width: 767.98px)").matches) e.detail.target.scrollIntoView();
  });
})(window, document);
