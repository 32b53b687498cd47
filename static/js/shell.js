/* The shell: clocks by the product's time, keys, toasts with undo, theme, copy, search, errors of htmx. */
(function (w, doc) {
  "use strict";
  var body = doc.body;
  var word = function (name) { return body.getAttribute("data-word-" + name) || ""; };
  var all = function (sel, from) { return Array.prototype.slice.call((from || doc).querySelectorAll(sel)); };
  var fill = function (text, values) { return text.replace(/\{(\w)\}/g, function (_, key) { return values[key]; }); };

  /* Time. The server says what time the product has; the browser only counts on from there. */
  var ahead = new Date(doc.documentElement.dataset.now).getTime() - Date.now();
  function now() { return Date.now() + ahead; }

  function span(s) {
    if (s < 3600) return Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
    var h = Math.floor(s / 3600);
    if (h < 24) return fill(word("hours"), { h: h, m: Math.floor(s % 3600 / 60) });
    return fill(word("days"), { d: Math.floor(h / 24), h: h % 24 });
  }
  function left(s) {
    if (s <= -86400) return fill(word("overdue"), { d: Math.floor(-s / 86400) });
    return fill(word(s < 0 ? "over" : "left"), { t: span(Math.abs(s)) });
  }
  function tick() {
    all("[data-deadline]").forEach(function (el) {
      var s = Math.floor((new Date(el.dataset.deadline).getTime() - now()) / 1000);
      var text = left(s);
      if (el.textContent !== text) el.textContent = text;
      var when = el.closest(".q-when");
      if (!when) return;
      when.classList.toggle("is-late", s < 0);
      when.classList.toggle("is-soon", s >= 0 && s < 300);
    });
  }
  tick();
  setInterval(tick, 1000);

  /* Theme: one pressed button. */
  function pressed(seg) {
    all("button", seg).forEach(function (b) { b.setAttribute("aria-pressed", String(b.value === w.Qunce.theme())); });
  }
  all("[data-theme-pick]").forEach(pressed);

  /* Toasts: eight seconds; undo posts and loads the page again. */
  var toasts = doc.querySelector(".q-toasts");
  function leave(toast) { setTimeout(function () { toast.remove(); }, 8000); }
  function toast(one) {
    var el = doc.getElementById("q-toast").content.firstElementChild.cloneNode(true);
    el.querySelector("span").textContent = one.text + (one.code ? " (" + one.code + ")" : "");
    var button = el.querySelector("button");
    if (one.undo) button.dataset.undo = one.undo; else button.remove();
    toasts.replaceChildren(el);
    leave(el);
  }
  all("[data-toast]").forEach(leave);
  function csrf() { return JSON.parse(body.getAttribute("hx-headers") || "{}"); }
  function undo(button) {
    button.disabled = true;
    fetch(button.dataset.undo, { method: "POST", headers: csrf(), credentials: "same-origin" }).then(function (answer) {
      if (answer.ok) { location.reload(); return; }
      toast({ text: word("failed") });
    }, function () { toast({ text: word("failed") }); });
  }
  doc.addEventListener("q:toast", function (e) {
    var list = Array.isArray(e.detail) ? e.detail : e.detail.value || [e.detail];
    list.forEach(toast);
  });
  function failed(e) {
    var said = e.detail.xhr && (e.detail.xhr.getResponseHeader("HX-Trigger") || "");
    if (!said) toast({ text: word("failed") });
  }
  doc.addEventListener("htmx:responseError", failed);
  doc.addEventListener("htmx:sendError", failed);
  doc.addEventListener("htmx:afterSettle", tick);

  /* Search on a phone, and closing the hits. */
  var box = doc.getElementById("q-search-box");
  var input = doc.getElementById("q-search");
  function openSearch() {
    if (!input) return;
    box.classList.add("is-phone-open");
    input.focus();
    input.select();
  }
  function closeSearch() {
    if (!input) return;
    doc.getElementById("q-search-hits").replaceChildren();
    box.classList.remove("is-phone-open");
  }
  function moveHit(step) {
    var hits = all("#q-search-hits .dropdown-item");
    if (!hits.length) return;
    var at = hits.indexOf(doc.activeElement) + step;
    (at < 0 ? input : hits[Math.min(at, hits.length - 1)]).focus();
  }

  doc.addEventListener("click", function (e) {
    var t = e.target;
    var pick = t.closest("[data-theme-pick] button");
    if (pick) { w.Qunce.setTheme(pick.value); all("[data-theme-pick]").forEach(pressed); return; }
    var back = t.closest("[data-undo]");
    if (back) { undo(back); return; }
    var copy = t.closest("[data-copy]");
    if (copy) { copyText(copy); return; }
    if (t.closest("[data-search-open]")) { openSearch(); return; }
    if (box && !box.contains(t)) closeSearch();
  });

  /* A form with data-carries="#other" takes along what stands in the other one, so that its press loses nothing typed. */
  doc.addEventListener("submit", function (e) {
    var form = e.target;
    var from = form.dataset && form.dataset.carries && doc.querySelector(form.dataset.carries);
    if (!from) return;
    var own = all("[name]", form).map(function (field) { return field.name; });
    new FormData(from).forEach(function (value, name) {
      if (own.indexOf(name) >= 0 || typeof value !== "string") return;
      var carried = doc.createElement("input");
      carried.type = "hidden";
      carried.name = name;
      carried.value = value;
      form.appendChild(carried);
    });
  });

  /* Copy: data-copy holds the text, or the #id of the element that does. */
  function copyText(button) {
    var from = button.dataset.copy;
    var source = from.charAt(0) === "#" ? doc.querySelector(from) : null;
    var text = source ? source.value || source.textContent.trim() : from;
    var done = function () { toast({ text: button.dataset.copied || word("copied") }); };
    if (navigator.clipboard && w.isSecureContext) { navigator.clipboard.writeText(text).then(done); return; }
    var area = doc.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    body.appendChild(area);
    area.select();
    doc.execCommand("copy");
    area.remove();
    done();
  }

  /* Keys: / search, J K rows, Enter opens, E done, S later, ? this list. */
  function rows() { return all(".q-todo, .q-lead, .q-table tbody tr").filter(function (row) { return row.offsetParent && row.querySelector("a"); }); }
  function rowInHand() { return doc.activeElement.closest(".q-todo, .q-lead, .q-table tbody tr"); }
  function move(step) {
    var list = rows();
    var next = list[Math.max(0, Math.min(list.length - 1, list.indexOf(rowInHand()) + step))];
    if (next) next.querySelector("h3 a, th a, a").focus();
  }
  function press(sel) {
    var row = rowInHand();
    var button = row && row.querySelector(sel);
    if (button) button.click();
  }
  var keys = {
    "/": openSearch,
    j: function () { move(1); },
    k: function () { move(-1); },
    e: function () { press("[data-key='e']"); },
    s: function () { press("[data-key='s']"); },
    "?": function () { var list = doc.getElementById("q-keys"); if (list) w.tabler.Modal.getOrCreateInstance(list).show(); }
  };
  doc.addEventListener("keydown", function (e) {
    if (e.metaKey || e.ctrlKey || e.altKey) return;
    if (box && box.contains(doc.activeElement)) {
      if (e.key === "Escape") { closeSearch(); input.blur(); }
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); moveHit(e.key === "ArrowDown" ? 1 : -1); }
      return;
    }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(doc.activeElement.tagName) || doc.querySelector(".modal.show")) return;
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });

  // On a phone a row of tabs scrolls: the one that is open has to be seen.
  doc.querySelectorAll(".q-tabs [aria-current]").forEach(function (tab) {
    var row = tab.parentNode, over = tab.getBoundingClientRect().right - row.getBoundingClientRect().right;
    if (over > -16) row.scrollLeft += over + 16;
  });

  w.Qunce = Object.assign(w.Qunce || {}, { now: now, toast: toast });
})(window, document);
