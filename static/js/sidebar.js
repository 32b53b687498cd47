/* The sidebar of a customer's chat: WeCom says who is there, then the browser goes to that customer. */
(function (w, doc) {
  "use strict";
  var held = doc.getElementById("q-sdk");
  var look = doc.getElementById("q-look");
  if (!held || !look || !w.ww) return;
  var sdk = JSON.parse(held.textContent);
  function signed(signature) {
    return function () { return { timestamp: sdk.timestamp, nonceStr: sdk.nonce, signature: signature }; };
  }
  w.ww.register({
    corpId: sdk.corp_id,
    agentId: sdk.agent_id,
    jsApiList: ["getCurExternalContact"],
    getConfigSignature: signed(sdk.signature),
    getAgentConfigSignature: signed(sdk.agent_signature)
  });
  w.ww.getCurExternalContact({
    success: function (answer) { w.location.replace(look.dataset.go.replace("EXTERNAL", encodeURIComponent(answer.userId))); }
  });
})(window, document);
