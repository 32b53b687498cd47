/* Forwarding from the phone page: inside WeCom the page library opens the list of groups; a person chooses and sends.
   Elsewhere the words are copied, and the page says what to do with them. */
(function (w, doc) {
  "use strict";
  var script = doc.currentScript;
  var buttons = Array.prototype.slice.call(doc.querySelectorAll("[data-share]"));
  if (!buttons.length) return;

  var isWecom = /wxwork/i.test(navigator.userAgent) && w.ww;
  var asked = null;
  function signature() {
    asked = asked || fetch(script.dataset.signature, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); });
    return asked;
  }
  function signed(name) {
    return function () {
      return signature().then(function (s) { return { timestamp: s.timestamp, nonceStr: s.nonce, signature: s[name] }; });
    };
  }
  var ready = isWecom ? signature().then(function (s) {
    w.ww.register({
      corpId: s.corp_id,
      agentId: s.agent_id,
      jsApiList: ["shareToExternalChat"],
      getConfigSignature: signed("signature"),
      getAgentConfigSignature: signed("agent_signature")
    });
  }) : Promise.reject(new Error("not inside WeCom"));
  ready.catch(function () { /* the words are copied instead */ });

  function copy(text) {
    if (navigator.clipboard && navigator.clipboard.writeText) return navigator.clipboard.writeText(text);
    var area = doc.createElement("textarea");
    area.value = text;
    doc.body.appendChild(area);
    area.select();
    doc.execCommand("copy");
    area.remove();
    return Promise.resolve();
  }
  function done(button, name) {
    button.setAttribute("data-share-state", name);
    var said = doc.getElementById("share-" + name);
    if (said) said.hidden = false;
  }
  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      var text = button.dataset.text;
      ready.then(function () {
        return w.ww.shareToExternalChat({ chatIds: button.dataset.chat ? [button.dataset.chat] : [], text: { content: text } });
      }).then(function () { done(button, "opened"); }, function () {
        copy(text).then(function () { done(button, "copied"); }, function () { done(button, "failed"); });
      });
    });
  });
})(window, document);
