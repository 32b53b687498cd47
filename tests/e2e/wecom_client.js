/* A stand-in for WeCom's client: the native bridge beneath @wecom/jssdk, so that the vendor's own script really runs.
   Its answers are the documented ones; what it is asked is kept in window.__wecom.calls. `__wecom.plan` decides. */
(function (w) {
  "use strict";
  var plan = w.__wecomPlan || {};
  var held = { calls: [], plan: plan, listed: [] };
  w.__wecom = held;
  function answerOf(name, params) {
    if (plan.answers && plan.answers[name]) return plan.answers[name];
    if (name === "agentConfig" || name === "preVerifyJSAPI") {
      if (!/^[0-9a-f]{40}$/.test(params.signature || params.verifySignature || "")) return { err_msg: name + ":fail_invalid signature" };
      held.listed = params.jsApiList || params.verifyJsApiList || [];
      return { err_msg: name + ":ok" };
    }
    if (held.listed.indexOf(name) < 0) return { err_msg: name + ":fail_no permission" };
    if (name === "getContext") return { err_msg: "getContext:ok", entry: plan.entry || "normal" };
    if (name === "getCurExternalContact") return plan.customer ? { err_msg: name + ":ok", userId: plan.customer } : { err_msg: name + ":fail_without context of external contact" };
    if (name === "getCurExternalChat") return plan.chat ? { err_msg: name + ":ok", chatId: plan.chat } : { err_msg: name + ":fail_without context of external contact" };
    return { err_msg: name + ":ok" };
  }
  if (plan.silent) return;
  w.WeixinJSBridge = {
    on: function () { /* no events are listened for */ },
    invoke: function (name, params, callback) {
      held.calls.push({ name: name, params: params });
      setTimeout(function () { callback(Object.assign({}, answerOf(name, params))); }, 0);
    }
  };
})(window);
