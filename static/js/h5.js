/* Members' pages: what is nicer with JavaScript. Every form works without it. */
(function (doc) {
  "use strict";
  /* A poster as a PNG: WeChat saves that on press and hold, an SVG it may not. */
  var poster = doc.querySelector("img[data-poster]");
  if (poster) {
    var draw = function () {
      var canvas = doc.createElement("canvas");
      canvas.width = 1080;
      canvas.height = 1920;
      try {
        canvas.getContext("2d").drawImage(poster, 0, 0, 1080, 1920);
        poster.src = canvas.toDataURL("image/png");
      } catch (error) { /* the SVG stays */ }
    };
    if (poster.complete && poster.naturalWidth) draw(); else poster.addEventListener("load", draw, { once: true });
  }
  /* A second tap on the way to the server sends nothing: the button waits. */
  doc.addEventListener("submit", function (e) {
    var button = e.target.querySelector("button[data-once]");
    if (!button) return;
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
    button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", function () {
    doc.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });
})(document);
