/* A poster as a PNG: the SVG drawn once on a canvas, in the size it is printed in. */
(function (doc) {
  "use strict";
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-poster]");
    if (!button) return;
    button.disabled = true;
    var picture = new Image();
    picture.onload = function () {
      var canvas = doc.createElement("canvas");
      canvas.width = Number(button.dataset.width);
      canvas.height = Number(button.dataset.height);
      var pen = canvas.getContext("2d");
      pen.imageSmoothingEnabled = false;
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      var link = doc.createElement("a");
      link.href = canvas.toDataURL("image/png");
      link.download = button.dataset.name;
      link.click();
      button.disabled = false;
    };
    picture.onerror = function () { button.disabled = false; };
    picture.src = button.dataset.poster;
  });
})(document);
