/* Repeat every draw of the public record in this browser: the same arithmetic as manage.py lottery_check. */
(function (doc) {
  "use strict";
  var button = doc.querySelector("[data-check]"), said = doc.querySelector("[data-checked]");
  if (!button || !window.crypto || !window.crypto.subtle || !window.BigInt) return;
  button.hidden = false;
  function bytes(hex) {
    return new Uint8Array(hex.match(/../g).map(function (one) { return parseInt(one, 16); }));
  }
  function hex(buffer) {
    return Array.from(new Uint8Array(buffer)).map(function (one) { return one.toString(16).padStart(2, "0"); }).join("");
  }
  function say(words, bad) {
    said.hidden = false;
    said.classList.toggle("is-ok", !bad);
    said.textContent = words;
  }
  async function check(record) {
    var seed = bytes(record.seed), wrong = 0;
    if (hex(await crypto.subtle.digest("SHA-256", seed)) !== record.seed_hash) wrong += 1;
    var key = await crypto.subtle.importKey("raw", seed, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    var words = new TextEncoder();
    for (var line of record.draws) {
      var told = words.encode(record.lottery + ":" + line[0] + ":" + line[1]);
      var first = hex(await crypto.subtle.sign("HMAC", key, told)).slice(0, 16);
      var roll = Number(BigInt("0x" + first) % 1000000n), edge = 0, due = "";
      for (var odd of record.odds) {
        edge += odd[1];
        if (roll < edge) { due = odd[0]; break; }
      }
      if (roll !== line[2] || due !== line[4] || (due === "") !== (line[3] === "none")) wrong += 1;
    }
    return wrong;
  }
  button.addEventListener("click", async function () {
    button.disabled = true;
    try {
      var record = await (await fetch(button.dataset.check)).json();
      var wrong = await check(record);
      say((wrong ? button.dataset.bad : button.dataset.ok).replace("{n}", wrong || record.draws.length), wrong);
    } catch (error) {
      say(button.dataset.no, true);
    }
    button.disabled = false;
  });
})(document);
