/* Leads: the tier picker on phones, the bulk bar, keys between columns, facets of the timeline. */
(function (doc) {
  "use strict";
  var all = function (sel, from) { return Array.prototype.slice.call((from || doc).querySelectorAll(sel)); };
  var press = function (group, on) { all("button", group).forEach(function (b) { b.setAttribute("aria-pressed", String(b === on)); }); };

  function picks() { return all(".q-lead .form-check-input"); }
  function count() {
    var bar = doc.getElementById("bulk");
    if (!bar) return;
    var on = picks().filter(function (box) { return box.checked; });
    picks().forEach(function (box) { box.closest(".q-lead").classList.toggle("is-on", box.checked); });
    bar.hidden = !on.length;
    bar.querySelector("[data-count]").textContent = on.length;
  }
  doc.addEventListener("change", function (e) { if (e.target.closest(".q-lead")) count(); });

  function facet(button) {
    press(button.closest("[data-facet]"), button);
    all("#line > [data-kind]").forEach(function (li) { li.hidden = button.value !== "all" && li.dataset.kind !== button.value; });
    all("#line > .is-day").forEach(function (day) {
      var next = day.nextElementSibling;
      while (next && next.hidden) next = next.nextElementSibling;
      day.hidden = !next || next.classList.contains("is-day");
    });
  }
  doc.addEventListener("click", function (e) {
    var tier = e.target.closest(".q-tierpick button");
    if (tier) {
      press(tier.parentNode, tier);
      all(".q-colbox").forEach(function (box) { box.classList.toggle("is-cur", box.dataset.tier === tier.value); });
    }
    var kind = e.target.closest("[data-facet] button");
    if (kind) facet(kind);
    if (e.target.closest("#bulk [data-clear]")) {
      picks().forEach(function (box) { box.checked = false; });
      count();
    }
    var time = e.target.closest(".q-times button[type=button]");
    if (time) {
      press(time.parentNode, time);
      var minutes = doc.getElementById("n-minutes");
      var at = doc.getElementById("n-at-box");
      minutes.value = time.value;
      at.hidden = time.value !== "";
      doc.getElementById("n-at").required = time.value === "";
    }
    var result = e.target.closest("[data-needs]");
    if (result) {
      all("[data-for]").forEach(function (box) { box.hidden = box.dataset.for !== result.dataset.needs; });
    }
  });

  /* A shares the picked cards out, or the one in hand when none is picked. */
  function share(card) {
    var bar = doc.getElementById("bulk");
    if (!bar) return;
    var box = card.querySelector(".form-check-input");
    if (box && !picks().some(function (one) { return one.checked; })) box.click();
    bar.querySelector("[data-share]").click();
  }

  /* J, K and S are the shell's; H and L go between columns, X picks, F, N, A, M and Y do what the sheet behind ? says. */
  doc.addEventListener("keydown", function (e) {
    var here = doc.activeElement.closest && doc.activeElement.closest(".q-lead");
    if (!here || doc.querySelector(".modal.show, .offcanvas.show") || e.metaKey || e.ctrlKey || e.altKey || /^(TEXTAREA|SELECT)$/.test(doc.activeElement.tagName)) return;
    var key = e.key.toLowerCase();
    if (key === "x") { var box = here.querySelector(".form-check-input"); if (box) box.click(); }
    var press = { y: "[data-key='y']", m: "[data-key='m']", n: "[data-key='s']", f: "[data-key='f']" }[key];
    var button = press && here.querySelector(press);
    if (button) { e.preventDefault(); button.click(); return; }
    if (key === "a") share(here);
    if (key !== "h" && key !== "l") return;
    var columns = all(".q-leads").map(function (ul) { return all(".q-lead", ul); }).filter(function (one) { return one.length; });
    var x = columns.findIndex(function (one) { return one.indexOf(here) >= 0; });
    var to = columns[Math.max(0, Math.min(columns.length - 1, x + (key === "l" ? 1 : -1)))];
    to[Math.min(columns[x].indexOf(here), to.length - 1)].querySelector("h3 a").focus();
  });
  doc.addEventListener("htmx:afterSettle", count);
  count();
})(document);
