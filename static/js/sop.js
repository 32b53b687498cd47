/* The SOP editor: docked step drawer, moving steps by hand and by keys, counting, what a channel carries, other tabs. */
(function (w, doc) {
  "use strict";
  var all = function (sel, from) { return Array.prototype.slice.call((from || doc).querySelectorAll(sel)); };
  var by = function (id) { return doc.getElementById(id); };
  var dock = by("main"), drawer = by("sop-step");
  var plan = function () { return by("sop-plan"); };
  var form = function () { return by("step-form"); };
  if (!dock || !drawer || !plan()) return;
  var LOOK_EVERY_MS = 30000;

  /* The docked drawer. */
  var cameFrom = null, waiting = null, isSaving = false;
  function isDirty() { return Boolean(form() && form().dataset.dirty); }
  function press() {
    var pk = dock.classList.contains("is-open") && form() ? form().dataset.step : "";
    all(".q-node[data-step-open]", plan()).forEach(function (n) { n.setAttribute("aria-pressed", String(Boolean(pk) && n.dataset.stepOpen === pk)); });
    all(".q-day", plan()).forEach(function (d) { d.classList.toggle("is-on", Boolean(d.querySelector('.q-node[aria-pressed="true"]'))); });
  }
  function close() {
    var had = form() && form().dataset.step;
    dock.classList.remove("is-open");
    drawer.replaceChildren();
    press();
    var back = (had && by("n" + had)) || cameFrom;
    if (back && back.isConnected) back.focus();
  }
  function leave(then) {
    if (!isDirty()) { then(); return; }
    waiting = then;
    form().requestSubmit();
  }
  function refresh() { w.htmx.ajax("GET", plan().dataset.url, { target: "#sop-plan", swap: "outerHTML" }); }
  function opened() {
    dock.classList.add("is-open");
    drawer.querySelector(".offcanvas-body").scrollTop = 0;
    drawer.querySelector("h2").focus({ preventScroll: true });
    shape();
    press();
  }
  doc.addEventListener("q:step-open", function (e) { w.htmx.ajax("GET", e.detail.url, { target: "#sop-step", swap: "innerHTML" }); });
  doc.addEventListener("q:step-close", close);

  /* Switching to another step saves what was typed first; what is not valid keeps the drawer open. */
  doc.addEventListener("click", function (e) {
    var to = e.target.closest("[data-step-open], .q-add, [data-dock-close]");
    if (!to) return;
    if (!drawer.contains(to)) cameFrom = to;
    if (to.matches("[data-dock-close]")) { e.preventDefault(); leave(close); return; }
    if (isDirty()) {
      e.preventDefault();
      e.stopPropagation();
      leave(function () { if (to.isConnected) to.click(); else { var again = to.id && by(to.id); if (again) again.click(); } });
    }
  }, true);
  doc.addEventListener("htmx:afterRequest", function (e) {
    var asked = e.detail.requestConfig, onto = e.detail.target && e.detail.target.id;
    if (asked && asked.verb === "post" && onto === "sop-step") {
      isSaving = false;
      var then = waiting;
      waiting = null;
      if (e.detail.successful && then) setTimeout(then, 0);
    }
    if (asked && asked.verb === "post" && onto === "sop-plan" && !e.detail.successful) refresh();
  });
  /* A verdict on what was typed, come after what was typed is saved, would call it "not saved yet". */
  doc.addEventListener("htmx:beforeRequest", function (e) {
    if (e.detail.elt.id === "step-form") { isSaving = true; w.htmx.trigger("#step-judge", "htmx:abort"); }
    if (e.detail.elt.id === "step-judge" && isSaving) e.preventDefault();
  });
  w.addEventListener("beforeunload", function (e) { if (isDirty()) e.preventDefault(); });

  /* Fields that belong to a channel or to what the time is counted from. */
  function value(name) { var f = form(), el = f && f.elements && f.elements[name]; return el ? el.value : ""; }
  function shape() {
    if (!form() || !form().elements) return;
    ["anchor", "channel", "on_block"].forEach(function (name) {
      var now = value(name);
      all("[data-for-" + name + "]", drawer).forEach(function (el) { el.hidden = el.getAttribute("data-for-" + name).split(",").indexOf(now) < 0; });
      all("[data-not-" + name + "]", drawer).forEach(function (el) { el.hidden = el.getAttribute("data-not-" + name).split(",").indexOf(now) >= 0; });
    });
    all("[data-one-to-one]", drawer).forEach(function (b) { b.disabled = b.dataset.oneToOne.split(",").indexOf(value("channel")) < 0; });
    carries();
    count();
  }
  function carries() {
    var told = by("step-carries");
    if (!told) return;
    var kinds = (told.getAttribute("data-" + value("channel")) || "").split(",").filter(Boolean);
    var isFull = all("#step-parts > li").length >= 9;
    all("[data-part-kind]", drawer).forEach(function (b) { b.hidden = kinds.indexOf(b.dataset.partKind) < 0; b.disabled = isFull; });
    told.textContent = !kinds.length ? told.dataset.none : isFull ? told.dataset.full : "";
    told.hidden = !told.textContent;
  }
  function count() {
    all("[data-count-of]", drawer).forEach(function (el) {
      var area = doc.querySelector(el.dataset.countOf), most = Number(el.dataset.most);
      if (!area || !most) { el.textContent = ""; return; }
      var n = new TextEncoder().encode(area.value).length;
      var text = n > most ? el.dataset.wordOver : el.dataset.word;
      el.textContent = text.replace("{n}", n.toLocaleString("en-US")).replace("{m}", most.toLocaleString("en-US")).replace("{o}", (n - most).toLocaleString("en-US"));
      el.classList.toggle("q-bad", n > most);
      el.classList.toggle("q-warn", n <= most && n > most * 0.9);
    });
  }
  function typed() { if (form()) form().dataset.dirty = "1"; }
  var NEW = "#step-part-new, #step-link-new, #step-pick"; // what is typed there is not yet the step's
  var ASKED = ["channel", "audience", "anchor", "at", "is_marketing", "is_service", "estimate_groups"];
  drawer.addEventListener("input", function (e) {
    if (e.target.closest(NEW) || e.target.name === "sample" || e.target.name === "estimate_groups") return;
    typed();
    count();
  });
  drawer.addEventListener("change", function (e) {
    shape();
    if (ASKED.indexOf(e.target.name) >= 0) doc.body.dispatchEvent(new Event("q:step-audience"));
  });
  drawer.addEventListener("keydown", function (e) {
    if (e.key === "Escape") { e.preventDefault(); leave(close); return; }
    if (e.key === "Enter" && e.target.matches("input") && e.target.closest(NEW)) {
      e.preventDefault();
      var go = e.target.closest(NEW).querySelector("[data-part-go]");
      if (go) go.click();
    }
  });
  drawer.addEventListener("click", function (e) {
    var put = e.target.closest("[data-insert]");
    if (put) { insert(put.dataset.insert); return; }
    var row = e.target.closest("#step-parts > li, #step-links > li");
    if (row && e.target.closest("[data-part-off]")) { row.remove(); changed(); return; }
    if (row && e.target.closest("[data-part-up]") && row.previousElementSibling) { row.parentNode.insertBefore(row, row.previousElementSibling); changed(); return; }
    if (e.target.closest("[data-part-cancel]")) { e.target.closest(NEW).replaceChildren(); return; }
    if (e.target.closest("[data-drops]") && form()) delete form().dataset.dirty;
  });
  function changed() { typed(); carries(); doc.body.dispatchEvent(new Event("q:step-typed")); }
  doc.addEventListener("q:step-changed", changed);
  doc.addEventListener("q:step-typed", function (e) { if (e.target !== doc.body) return; typed(); carries(); });
  function insert(words) {
    var area = form().elements.text;
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Moving: by drag, by Alt and an arrow, by M. One request; the answer is the plan as it stands then. */
  var focusOn = "";
  function place(box, day, slot) {
    focusOn = "n" + box.dataset.step;
    w.htmx.ajax("POST", box.dataset.move, {
      target: "#sop-plan", swap: "outerHTML",
      values: { day: day, slot: slot, seen: box.dataset.seen, key: box.dataset.key }
    });
  }
  function frozen() {
    var told = by("sop-frozen");
    told.hidden = false;
    told.scrollIntoView({ block: "center" });
  }
  function sortable() {
    if (!w.Sortable || w.matchMedia("(max-width: 767.98px)").matches) return;
    var edits = Boolean(plan().dataset.edits);
    if (!edits && !plan().dataset.frozen) return;
    all(".q-cell[data-day]", plan()).forEach(function (cell) {
      w.Sortable.create(cell, {
        group: "steps", draggable: ".q-stepbox[data-move]", filter: ".q-add", preventOnFilter: false, sort: false, animation: 0,
        ghostClass: "is-ghost", chosenClass: "is-lifted", forceFallback: true, fallbackTolerance: 4, fallbackOnBody: true, scroll: true,
        onStart: function () { plan().classList.add("is-dragging"); if (!edits) frozen(); },
        onMove: function () { return edits; },
        onEnd: function (e) {
          plan().classList.remove("is-dragging");
          if (edits && e.to !== e.from) leave(function () { place(e.item, e.to.dataset.day, e.to.dataset.slot); });
        }
      });
    });
  }
  var ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  doc.addEventListener("keydown", function (e) {
    var box = e.target.closest && e.target.closest(".q-stepbox[data-move]");
    if (!box || !plan().contains(box)) return;
    var cell = box.closest(".q-cell[data-day]"), step = e.altKey && ARROWS[e.key];
    if (step && cell) {
      e.preventDefault();
      if (!plan().dataset.edits) { frozen(); return; }
      var day = Number(cell.dataset.day) + step[0], slot = Number(cell.dataset.slot) + step[1];
      if (day < 1 || day > Number(plan().dataset.last) || slot < 0 || slot > 2) return;
      leave(function () { place(box, day, slot); });
    }
    if (e.key === "m" && !e.altKey && !e.ctrlKey && !e.metaKey && plan().dataset.edits) {
      e.preventDefault();
      w.htmx.ajax("GET", box.dataset.move, { target: "#q-drawer", swap: "innerHTML" });
    }
  });

  /* One channel pointed out. */
  doc.addEventListener("click", function (e) {
    var pick = e.target.closest("[data-pick]");
    if (!pick) return;
    var on = pick.getAttribute("aria-pressed") !== "true";
    all("[data-pick]").forEach(function (b) { b.setAttribute("aria-pressed", String(on && b === pick)); });
    all(".q-node[data-ch]").forEach(function (n) { n.classList.toggle("is-dim", on && n.dataset.ch !== pick.dataset.pick); });
  });

  /* What another tab or person changed meanwhile. */
  var lookedAt = Date.now();
  function look() {
    if (!plan().dataset.edits || doc.hidden || plan().classList.contains("is-dragging")) return;
    lookedAt = Date.now();
    w.htmx.ajax("GET", plan().dataset.url + "?seen=" + plan().dataset.revision, { target: "#sop-plan", swap: "outerHTML" });
  }
  setInterval(look, LOOK_EVERY_MS);
  w.addEventListener("focus", function () { if (Date.now() - lookedAt > 2000) look(); });

  /* After every swap the new parts get their life. */
  doc.addEventListener("htmx:afterSwap", function (e) {
    if (e.detail.target === drawer && drawer.children.length) opened();
  });
  var made = plan();
  doc.addEventListener("htmx:afterSettle", function () {
    if (plan() && plan() !== made) { made = plan(); sortable(); press(); }
    shape();
    if (focusOn && by(focusOn)) { by(focusOn).focus(); focusOn = ""; }
  });
  sortable();
})(window, document);
