/* The weekly push table: drag a slot to another, or a topic into one. By keyboard: a topic is armed, then a cell takes it. */
(function (w, doc) {
  "use strict";
  var held = null;
  var all = function (sel) { return Array.prototype.slice.call(doc.querySelectorAll(sel)); };
  var week = function () { return doc.getElementById("q-week"); };

  function lift(item) {
    held = item;
    all(".q-item").forEach(function (one) { one.classList.toggle("is-lifted", one === item); });
    if (week()) week().classList.toggle("is-armed", Boolean(item));
  }
  function mark(cell) { all(".q-push.is-drop").forEach(function (one) { if (one !== cell) one.classList.remove("is-drop"); }); if (cell) cell.classList.add("is-drop"); }
  function open(target) { var cell = target.closest && target.closest(".q-push[data-place]"); return cell && !cell.dataset.fixed && cell !== held ? cell : null; }
  function send(verb, values) {
    var box = week();
    values.week = box.dataset.week;
    w.htmx.ajax("POST", box.dataset.act.replace("VERB", verb), { target: "#q-week", swap: "outerHTML", values: values });
  }
  function put(cell) {
    if (held.dataset.what) send("pick", { place: cell.dataset.place, what: held.dataset.what });
    else send("move", { source: held.dataset.place, target: cell.dataset.place });
    lift(null);
    mark(null);
  }

  doc.addEventListener("dragstart", function (e) {
    var item = e.target.closest && e.target.closest(".q-item[draggable], .q-push[draggable]");
    if (!item) return;
    lift(item);
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", item.dataset.what || item.dataset.place);
  });
  doc.addEventListener("dragover", function (e) { var cell = held && open(e.target); mark(cell); if (cell) e.preventDefault(); });
  doc.addEventListener("drop", function (e) { var cell = held && open(e.target); if (cell) { e.preventDefault(); put(cell); } });
  doc.addEventListener("dragend", function () { lift(null); mark(null); });
  doc.addEventListener("click", function (e) {
    var pick = e.target.closest(".q-item .btn");
    if (pick) { var item = pick.closest(".q-item"); lift(held === item ? null : item); return; }
    var cell = held && held.dataset.what && open(e.target);
    if (cell) { e.preventDefault(); e.stopImmediatePropagation(); put(cell); }
  }, true);
  doc.addEventListener("keydown", function (e) { if (e.key === "Escape" && held) lift(null); });
  var print = doc.getElementById("q-print");
  if (print) print.addEventListener("click", function () { w.print(); });
})(window, document);
