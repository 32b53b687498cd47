/* Staff pages inside WeCom: sign the page, learn where it was opened, send with one tap, say plainly what went wrong.

   data-ww="chat"     sends to the chat that is open beside the page; elsewhere copies the words and opens the chat.
   data-ww="forward"  the same for a group that must get it: into its chat if it is open, else WeCom's own sending asks
                      which group.
   data-text or data-text-from="#id" are the words, data-chat / data-external who gets them. What to do afterwards:
   data-parts="url" names what comes along, in WeCom's shapes: {"chat": [...], "share": [...]}.
   data-then="#form" is sent, data-note="url" is told. [data-ww-said] in the same [data-ww-box] shows the outcome. */
(function (w, doc) {
  "use strict";
  var here = doc.getElementById("q-ww");
  if (!here) return;
  var APIS = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage", "shareToExternalChat", "openEnterpriseChat"];
  var SINGLE = ["single_chat_tools", "contact_profile", "single_kf_tools"];
  var WAIT_MS = Number(here.dataset.waitMs) || 8000;
  var isWecom = /wxwork/i.test(navigator.userAgent);

  function fault(kind, text) { var made = new Error(kind); made.kind = kind; made.text = text || ""; return made; }
  function kindOf(error) {
    if (error && error.kind) return error.kind;
    var said = String((error && (error.errMsg || error.message)) || error || "").toLowerCase();
    if (/:cancel\b/.test(said)) return "cancel";
    if (/without context/.test(said)) return "place";
    if (/no permission|permission denied|access denied/.test(said)) return "permission";
    if (/invalid signature|config:|aborted/.test(said)) return "unsigned";
    if (/not support|not exist|not implemented/.test(said)) return "old";
    return "unknown";
  }
  function words(error) {
    var kind = kindOf(error);
    return (error && error.text) || here.getAttribute("data-say-" + kind) || here.getAttribute("data-say-unknown");
  }

  /* WeCom's script leaves its own promises open when it is refused; what was refused is said where it was asked. */
  w.addEventListener("unhandledrejection", function (e) { if (e.reason && (e.reason.errMsg || e.reason.kind)) e.preventDefault(); });

  /* The server signs this very page; one answer serves both of WeCom's questions. */
  var signed = {};
  function signature(url) {
    url = (url || w.location.href).split("#")[0];
    signed[url] = signed[url] || fetch(here.dataset.config + "?url=" + encodeURIComponent(url), { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        return answer.json().catch(function () { return {}; }).then(function (body) {
          if (!answer.ok) throw fault("server", body.error);
          return body;
        });
      });
    return signed[url];
  }
  function part(name) {
    return function (url) {
      return signature(url).then(function (s) { return { timestamp: s.timestamp, nonceStr: s.nonce, signature: s[name] }; });
    };
  }
  function soon(promise) {
    return Promise.race([promise, new Promise(function (_, fail) { setTimeout(function () { fail(fault("silent")); }, WAIT_MS); })]);
  }

  /* WeCom's script, only inside WeCom: elsewhere it is of no use, and styles the page against our rules. */
  function script() {
    return new Promise(function (ok, fail) {
      var made = doc.createElement("script");
      made.src = here.dataset.script;
      made.onload = function () { return w.ww ? ok() : fail(fault("missing")); };
      made.onerror = function () { fail(fault("missing")); };
      doc.head.appendChild(made);
    });
  }

  /* Where the page was opened. Asked once; everything else waits for it. */
  var begun = null;
  function context() {
    if (begun) return begun;
    if (!isWecom) begun = Promise.reject(fault("outside"));
    else begun = script().then(function () { return signature(); }).then(function (s) {
      var refused = new Promise(function (_, fail) {
        w.ww.register({
          corpId: s.corp_id, agentId: s.agent_id, jsApiList: APIS,
          getConfigSignature: part("signature"), getAgentConfigSignature: part("agent_signature"),
          onConfigFail: fail, onAgentConfigFail: fail
        });
      });
      return soon(Promise.race([w.ww.getContext(), refused]));
    });
    begun.catch(function () { /* told where it is asked for */ });
    return begun;
  }
  function isSingle(entry) { return SINGLE.indexOf(entry) >= 0; }

  /* The sidebar's entry: to this customer, this group, or my tasks. */
  var door = doc.getElementById("q-ww-entry");
  function enter() {
    context().then(function (found) {
      if (isSingle(found.entry)) return soon(w.ww.getCurExternalContact()).then(function (who) { return door.dataset.customer.replace("ID", encodeURIComponent(who.userId)); });
      if (found.entry === "group_chat_tools") return soon(w.ww.getCurExternalChat()).then(function (chat) { return door.dataset.group.replace("ID", encodeURIComponent(chat.chatId)); });
      if (found.entry === "chat_attachment") return door.dataset.scripts;
      return door.dataset.tasks;
    }).then(function (url) { w.location.replace(url); }, function (error) {
      var kind = kindOf(error);
      if (kind === "outside") { w.location.replace(door.dataset.tasks); return; }
      door.hidden = true;
      var said = doc.getElementById("q-ww-failed");
      said.querySelector("p").textContent = words(error);
      said.dataset.kind = kind;
      said.hidden = false;
    });
  }
  if (door) enter();

  /* Sending. */
  function textOf(button) {
    var from = button.dataset.textFrom && doc.querySelector(button.dataset.textFrom);
    return from ? (from.value || from.textContent).trim() : button.dataset.text || "";
  }
  function copy(text) {
    if (navigator.clipboard && w.isSecureContext) return navigator.clipboard.writeText(text);
    var area = doc.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    doc.body.appendChild(area);
    area.select();
    var ok = doc.execCommand("copy");
    area.remove();
    return ok ? Promise.resolve() : Promise.reject(fault("uncopied"));
  }
  function copied(button, kind) { return copy(textOf(button)).then(function () { return kind; }, function () { throw fault("uncopied"); }); }
  function isThisChat(button, entry) {
    var wants = button.dataset;
    if (isSingle(entry)) return soon(w.ww.getCurExternalContact()).then(function (who) { return !wants.external || who.userId === wants.external; });
    return soon(w.ww.getCurExternalChat()).then(function (chat) { return !wants.chat || chat.chatId === wants.chat; });
  }
  function toChat(button, found) {
    if (!isSingle(found.entry) && found.entry !== "group_chat_tools") {
      return copied(button, "copied").then(function (kind) {
        if (!button.dataset.external) return kind;
        return w.ww.openEnterpriseChat({ externalUserIds: [button.dataset.external] }).then(function () { return kind; });
      });
    }
    return isThisChat(button, found.entry).then(function (yes) {
      if (!yes) throw fault("other");
      return partsOf(button);
    }).then(function (parts) {
      var text = textOf(button);
      var sent = (text ? [{ msgtype: "text", text: { content: text } }] : []).concat(parts.chat);
      return sent.reduce(function (before, one, number) {
        return before.then(function () { return w.ww.sendChatMessage(Object.assign({ enterChat: number === sent.length - 1 }, one)); });
      }, Promise.resolve());
    }).then(function () { return "sent"; });
  }
  function toGroup(button) {
    return partsOf(button).then(function (parts) {
      var sent = {};
      if (textOf(button)) sent.text = { content: textOf(button) };
      if (parts.share.length) sent.attachments = parts.share;
      if (button.dataset.chat) sent.chatIds = [button.dataset.chat];
      return w.ww.shareToExternalChat(sent);
    }).then(function () { return "handed"; });
  }
  /* Files are brought to WeCom when they are needed: asked once a page. */
  var brought = {};
  function partsOf(button) {
    var url = button.dataset.parts;
    if (!url) return Promise.resolve({ chat: [], share: [] });
    brought[url] = brought[url] || fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).then(function (answer) {
      return answer.json().catch(function () { return {}; }).then(function (body) {
        if (!answer.ok) { delete brought[url]; throw fault("server", body.error); }
        return body;
      });
    });
    return brought[url];
  }
  /* A touch for one group: straight into the chat when it is the one beside the page, else by WeCom's own sending. */
  function forward(button, found) {
    if (found.entry !== "group_chat_tools") return toGroup(button);
    return isThisChat(button, found.entry).then(function (yes) { return yes ? toChat(button, found) : toGroup(button); });
  }
  var WAYS = {
    chat: toChat,
    forward: forward
  };

  function say(button, kind, text, isBad) {
    button.setAttribute("data-ww-state", kind);
    var box = button.closest("[data-ww-box]");
    var line = (box && box.querySelector("[data-ww-said]")) || doc.getElementById("q-ww-said");
    if (!line) return;
    line.textContent = text;
    line.classList.toggle("is-warn", Boolean(isBad));
    line.hidden = false;
    line.scrollIntoView({ block: "nearest" });
  }
  function afterwards(button, kind) {
    if (kind === "copied") return;
    if (button.dataset.note) fetch(button.dataset.note, { method: "POST", credentials: "same-origin", headers: JSON.parse(doc.body.getAttribute("hx-headers") || "{}") }).catch(function () { /* only a count */ });
    var form = button.dataset.then && doc.querySelector(button.dataset.then);
    if (form) form.requestSubmit();
  }
  function send(button) {
    button.disabled = true;
    context().then(function (found) { return WAYS[button.dataset.ww](button, found); }, function (error) {
      if (kindOf(error) !== "outside" && kindOf(error) !== "missing") throw error;
      return copied(button, "copied");
    }).then(function (kind) {
      say(button, kind, here.getAttribute("data-say-" + kind), false);
      afterwards(button, kind);
    }, function (error) {
      say(button, kindOf(error), words(error), kindOf(error) !== "cancel");
    }).then(function () { button.disabled = false; });
  }
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-ww]");
    if (button) send(button);
  });
  if (doc.querySelector("[data-ww]") || here.dataset.warm) context();
})(window, document);
