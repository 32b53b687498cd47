/* Parts with a little life of their own: drawer, confirm, bulk bar, filters, choices. */
(function (w, doc) {
  "use strict";
  var all = function (sel, from) { return Array.prototype.slice.call((from || doc).querySelectorAll(sel)); };
  var by = function (id) { return doc.getElementById(id); };

  /* Menus of heads and tabs: a click elsewhere, or Escape, shuts them. */
  function shut(but) { all(".q-drop[open]").forEach(function (one) { if (one !== but) one.removeAttribute("open"); }); }
  doc.addEventListener("click", function (e) { shut(e.target.closest(".q-drop")); });
  doc.addEventListener("keydown", function (e) { if (e.key === "Escape") shut(null); });

  /* Drawer: whatever htmx puts into it shows it. */
  var drawer = by("q-drawer");
  function sheet() { return w.tabler.Offcanvas.getOrCreateInstance(drawer); }
  doc.addEventListener("htmx:afterSwap", function (e) { if (e.detail.target === drawer && e.detail.target.children.length) sheet().show(); });
  doc.addEventListener("q:drawer-close", function () { if (drawer) sheet().hide(); });

  /* Confirm: only for what cannot be undone. */
  var asked = null;
  var modal = by("q-confirm");
  function typedRight() {
    var want = by("q-confirm-want").textContent;
    by("q-confirm-go").disabled = Boolean(want) && by("q-confirm-name").value.trim() !== want.trim();
  }
  function ask(el, then) {
    var d = el.dataset;
    by("q-confirm-title").textContent = d.confirmTitle || by("q-confirm-title").dataset.default;
    by("q-confirm-text").textContent = d.confirm;
    by("q-confirm-go").textContent = d.confirmVerb || by("q-confirm-go").dataset.default;
    by("q-confirm-typed").hidden = !d.confirmName;
    by("q-confirm-want").textContent = d.confirmName || "";
    by("q-confirm-name").value = "";
    typedRight();
    asked = then;
    w.tabler.Modal.getOrCreateInstance(modal).show();
  }
  if (modal) {
    by("q-confirm-name").addEventListener("input", typedRight);
    by("q-confirm-go").addEventListener("click", function () {
      w.tabler.Modal.getOrCreateInstance(modal).hide();
      var then = asked;
      asked = null;
      if (then) then();
    });
    doc.addEventListener("submit", function (e) {
      var from = e.submitter && e.submitter.dataset.confirm ? e.submitter : e.target;
      if (!from.dataset.confirm || e.target.dataset.sure || e.target.matches("[hx-post], [data-hx-post]")) return;
      e.preventDefault();
      var button = e.submitter;
      ask(from, function () {
        e.target.dataset.sure = "1";
        e.target.requestSubmit(button);
        delete e.target.dataset.sure;
      });
    });
    doc.addEventListener("htmx:confirm", function (e) {
      var from = e.detail.elt;
      if (!from.dataset.confirm) return;
      e.preventDefault();
      ask(from, function () { e.detail.issueRequest(true); });
    });
  }

  /* Bulk bar: takes the place of the filters while rows are picked. */
  function picks(table) { return all(".q-pick input[name]", table); }
  function count() {
    var bar = by("q-bulk");
    var table = doc.querySelector("[data-bulk]");
    if (!bar || !table) return;
    var on = picks(table).filter(function (p) { return p.checked; });
    picks(table).forEach(function (p) { p.closest("tr").classList.toggle("is-on", p.checked); });
    bar.hidden = !on.length;
    all("[data-bulk-count]", bar).forEach(function (el) { el.textContent = bar.dataset.every === "1" ? el.dataset.total : on.length; });
    var head = table.querySelector("thead .q-pick input");
    if (head) { head.checked = on.length > 0 && on.length === picks(table).length; head.indeterminate = on.length > 0 && !head.checked; }
  }
  doc.addEventListener("change", function (e) {
    var pick = e.target.closest(".q-pick input");
    if (!pick) return;
    var bar = by("q-bulk");
    if (bar) { bar.dataset.every = ""; all("input[name=every]", bar).forEach(function (el) { el.value = ""; }); }
    if (!pick.name) picks(pick.closest("table")).forEach(function (p) { p.checked = pick.checked; });
    count();
  });
  doc.addEventListener("click", function (e) {
    if (e.target.closest("[data-bulk-every]")) {
      var bar = by("q-bulk");
      bar.dataset.every = "1";
      all("input[name=every]", bar).forEach(function (el) { el.value = "1"; });
      picks(doc.querySelector("[data-bulk]")).forEach(function (p) { p.checked = true; });
      count();
    }
    var fields = e.target.closest("[data-filter-open]");
    if (fields) all(".q-filter-fields").forEach(function (el) { el.classList.toggle("is-open"); });
  });
  doc.addEventListener("htmx:afterSettle", count);
  count();

  /* Choices of a filter narrowed by what is typed: <input data-narrow> before its .form-check rows. */
  doc.addEventListener("input", function (e) {
    var narrow = e.target.closest("[data-narrow]");
    if (!narrow) return;
    var words = narrow.value.trim().toLowerCase();
    all(".form-check", narrow.parentElement).forEach(function (row) { row.classList.toggle("d-none", row.textContent.toLowerCase().indexOf(words) < 0); });
  });
  doc.addEventListener("keydown", function (e) { if (e.key === "Enter" && e.target.closest("[data-narrow]")) e.preventDefault(); });

  /* Choices with search: <select multiple data-choices>. */
  function choices(from) {
    if (!w.TomSelect) return;
    all("select[data-choices]:not(.tomselected)", from).forEach(function (el) { new w.TomSelect(el, { plugins: el.multiple ? ["remove_button"] : [], maxOptions: 500 }); });
  }
  choices(doc);
  doc.addEventListener("htmx:afterSettle", function (e) { choices(e.target); });

  /* All boxes of a list at once: <button data-tick="#id of the list" value="1">, without a value none. */
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-tick]");
    if (!button) return;
    var boxes = all("input[type=checkbox]", doc.querySelector(button.dataset.tick));
    boxes.forEach(function (p) { p.checked = Boolean(button.value); });
    if (boxes.length) boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* Segments that only change what is shown here: <span class="q-seg" data-seg="#id of hidden input">. */
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-seg] button");
    if (!button) return;
    var seg = button.closest("[data-seg]");
    all("button", seg).forEach(function (b) { b.setAttribute("aria-pressed", String(b === button)); });
    var input = doc.querySelector(seg.dataset.seg);
    if (input) { input.value = button.value; input.dispatchEvent(new Event("change", { bubbles: true })); }
  });
})(window, document);
