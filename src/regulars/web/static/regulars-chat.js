/* The chat's panel: loaded by regulars.js when somebody opens it for the first time, and knows what that hands over.
   It speaks the public HTTP API (/v1/conversations). A message has an id of its own: however often it is sent, it is said once. */
(function () {
  "use strict";
  const WORDS = {
    en: {
      title: "Customer service", close: "Close", say: "Your message", send: "Send", messages: "Messages", you: "You", bot: "Assistant", human: "Our team",
      state_bot: "Automatic answers.", state_waiting: "A person will answer here as soon as one is free.", state_human: "A person is answering.", state_closed: "This conversation is over.",
      person: "Ask for a person", person_text: "I'd like to talk to a person", yes: "Yes, do it", yes_text: "Yes", no: "No", no_text: "No", none: "None of these",
      from: "From: ", policy: "our rules", typing: "is writing", lost: "No connection. What you wrote goes as soon as it is back.", busy: "That was a lot at once. It goes on in a moment.",
      failed: "The chat can't be reached at the moment. It goes on trying.", file: "Files can't be taken here. Please describe it in words.", files: "(a file)", reason: "Why this?", many: "This is a long message: at most 4,000 characters are read.",
      end: "End", how: "How was it?", rate: "{n} of 5", low: "poor", high: "very good", thanks: "Thank you. That helps.", again: "Begin a new conversation", back: "Back", refused: "This message can't be taken as it is."
    },
    zh: {
      title: "在线客服", close: "关闭", say: "输入消息", send: "发送", messages: "消息", you: "我", bot: "自动助手", human: "客服人员",
      state_bot: "自动回复。", state_waiting: "已转人工，有空的同事会在这里回复。", state_human: "客服人员正在为你服务。", state_closed: "本次对话已结束。",
      person: "转人工", person_text: "转人工", yes: "确认", yes_text: "是的", no: "不用了", no_text: "不用了", none: "都不是",
      from: "来源：", policy: "本店规则", typing: "正在输入", lost: "网络断开，恢复后会自动发送。", busy: "消息太多了，稍后继续发送。",
      failed: "暂时连不上客服，正在重试。", file: "这里不能接收文件，请用文字说明。", files: "（文件）", reason: "推荐理由", many: "消息过长，最多读取 4000 字。",
      end: "结束", how: "这次服务怎么样？", rate: "{n} 分，满分 5 分", low: "不满意", high: "很满意", thanks: "谢谢你的评价。", again: "开始新的对话", back: "返回", refused: "这条消息无法发送。"
    }
  };
  const LOOK =
    ":host{--ink:#1c1b1a;--paper:#fbfaf7;--accent:var(--regulars-accent,#1f7a5c);--on:#fff;--line:rgb(28 27 26/.16);--soft:rgb(28 27 26/.7);--edge:rgb(28 27 26/.5);--tile:#efece5;--field:#fff;--attention:#8a5a12;color-scheme:light;" +
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'PingFang SC','Noto Sans SC','Noto Sans CJK SC',sans-serif;text-align:start;letter-spacing:normal}" +
    "@media(prefers-color-scheme:dark){:host{--ink:#f3f0ea;--paper:#161513;--accent:var(--regulars-accent-dark,#59c39b);--on:#161513;--line:rgb(243 240 234/.18);--soft:rgb(243 240 234/.74);--edge:rgb(243 240 234/.5);--tile:#282522;--field:#1d1c1a;--attention:#e0b15c;color-scheme:dark}}" +
    "dialog{position:fixed;inset:auto 16px 88px auto;width:392px;max-width:calc(100vw - 32px);height:min(640px,calc(100dvh - 112px));margin:0;padding:0;border:1px solid var(--line);border-radius:12px;background:var(--paper);color:var(--ink);flex-direction:column;overflow:hidden;z-index:2147483000;box-shadow:0 8px 32px rgb(0 0 0/.18)}" +
    "dialog[open]{display:flex}dialog:focus{outline:0}*{box-sizing:border-box}" +
    "header{display:flex;gap:8px;align-items:flex-start;padding:14px 8px 10px 18px;border-bottom:1px solid var(--line)}header div{flex:1;min-width:0}h2{font-size:18px;line-height:1.3;margin:0;font-weight:650}" +
    "header p{margin:2px 0 0;font-size:13px;color:var(--soft)}" +
    "button{font:inherit;color:inherit;cursor:pointer;border:1px solid var(--edge);background:none;border-radius:8px;padding:6px 14px;min-height:40px}" +
    ".link{border:0;padding:0;min-height:24px;text-decoration:underline;text-underline-offset:3px;font-size:13px}" +
    ".bare{border:0;padding:0 10px;color:var(--soft);font-size:13px}.close{font-size:24px;line-height:1;min-width:40px}" +
    "button.first{background:var(--accent);border-color:transparent;color:var(--on);font-weight:600}button:hover{border-color:currentcolor}button:disabled{opacity:.5;cursor:default}" +
    ":focus-visible{outline:2px solid var(--accent);outline-offset:2px}" +
    ".said{flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;list-style:none;margin:0;padding:16px 18px;display:flex;flex-direction:column;gap:12px}.said:focus-visible{outline-offset:-3px}" +
    ".said>li{max-width:88%;display:flex;flex-direction:column;gap:6px;align-self:flex-start}.said>li.customer{align-self:flex-end}" +
    ".text{background:var(--tile);border-radius:12px 12px 12px 4px;padding:8px 14px;white-space:pre-line;overflow-wrap:anywhere;margin:0}" +
    ".customer .text{background:var(--accent);color:var(--on);border-radius:12px 12px 4px}.human .text{background:none;box-shadow:inset 0 0 0 1px var(--accent)}" +
    ".who,.small{font-size:13px;color:var(--soft);margin:0;overflow-wrap:anywhere}.waits .text{opacity:.65}" +
    ".cards{list-style:none;margin:0;padding:0;display:grid;gap:8px;grid-template-columns:1fr 1fr}.cards a,.cards .flat{display:flex;flex-direction:column;gap:2px;color:inherit;text-decoration:none;border:1px solid var(--line);border-radius:8px;padding:8px;font-size:13px;height:100%;overflow-wrap:anywhere}" +
    ".cards a:hover{border-color:currentcolor}.cards img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:4px;background:var(--tile)}.cards b{font-variant-numeric:tabular-nums}" +
    ".choice{display:flex;flex-wrap:wrap;gap:8px}.dots{display:flex;gap:5px;padding:14px}.dots i{width:7px;height:7px;border-radius:50%;background:var(--soft);opacity:.5}" +
    "form{display:flex;gap:8px;padding:10px 12px 12px;border-top:1px solid var(--line);align-items:flex-end}textarea{flex:1;min-width:0;font:inherit;color:inherit;background:var(--field);border:1px solid var(--edge);border-radius:8px;padding:8px 12px;resize:none;max-height:132px;min-height:42px}" +
    ".note{margin:0;padding:8px 18px;font-size:13px;color:var(--attention);border-top:1px solid var(--line)}.note:empty{display:none}" +
    ".end{padding:16px 18px;border-top:1px solid var(--line);display:grid;gap:12px;justify-items:start}.end p{margin:0;font-weight:600}.end .small{font-weight:400}.stars{display:flex;gap:6px;align-items:center;flex-wrap:wrap}.stars button{min-width:44px;padding:6px}" +
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}[hidden]{display:none!important}" +
    "@media(max-width:600px){dialog{inset:0;width:100vw;max-width:none;height:100dvh;max-height:none;border:0;border-radius:0}textarea{font-size:16px}}" +
    "@media(prefers-reduced-motion:no-preference){.dots i{animation:d 1.2s infinite}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}@keyframes d{30%{opacity:1;transform:translateY(-3px)}60%{opacity:.5}}}";
  const KEPT_MS = 86400000; // a conversation is gone on with for a day
  const SLOW_MS = 8000, FAST_MS = 2000; // between looks for a person's messages: while the assistant answers, while a person does
  const MAX_PAUSE_MS = 15000;
  const MOST = 4000; // characters that are read of a message

  window.regulars.chatWith = function (inside) {
    const zh = /^zh/.test(inside.locale()), locale = zh ? "zh" : "en", words = WORDS[locale];
    const make = inside.make;
    let conversation = null, mode = "bot", seen = {}, last = 0, drawnFor = "";
    let waiting = []; // messages on their way, the first is being sent
    let sending = false, pause = 0, timer = null, poll = null, begun = null;

    function el(tag, name, text, more) {
      return Object.assign(make(tag, name, text), more);
    }

    // --- the panel ---------------------------------------------------------------------------------------------------
    const dialog = el("dialog"), log = el("ol", "said"), note = el("p", "note"), live = el("p", "hidden");
    const state = el("p"), ending = el("div", "end", "", { hidden: true });
    const form = el("form"), field = el("textarea", "", "", { rows: 1, id: "say", name: "say" });
    const person = el("button", "link", words.person, { type: "button" });
    const end = el("button", "bare", words.end, { type: "button" });
    const close = el("button", "bare close", "×", { type: "button" });
    (function () {
      const head = el("header"), told = el("div"), title = el("h2", "", words.title, { id: "title" });
      const label = el("label", "hidden", words.say, { htmlFor: "say" }), send = el("button", "first", words.send, { type: "submit" });
      dialog.setAttribute("aria-labelledby", "title");
      dialog.lang = zh ? "zh-Hans" : "en";
      close.setAttribute("aria-label", words.close);
      log.tabIndex = 0;
      log.setAttribute("aria-label", words.messages);
      live.setAttribute("role", "status");
      note.setAttribute("role", "alert");
      field.placeholder = words.say;
      const line = el("p");
      line.append(state, " ", person);
      state.style.display = "inline";
      told.append(title, line);
      head.append(told, end, close);
      form.append(label, field, send);
      dialog.append(head, log, live, note, ending, form);
      inside.root.append(dialog);
      inside.sheeted(inside.root, LOOK);
    })();

    function phone() { return matchMedia("(max-width:600px)").matches; }
    let from = null; // where the keyboard was, and goes back to
    function toggle() {
      if (dialog.open) { shut(); return; }
      from = document.activeElement;
      if (phone()) dialog.showModal(); else dialog.show();
      expanded(true);
      field.focus();
      resume();
    }
    function shut() { dialog.close(); }
    function expanded(now) { if (inside.button) inside.button.setAttribute("aria-expanded", String(now)); }
    dialog.addEventListener("close", function () {
      clearTimeout(poll);
      expanded(false);
      const back = from && from !== document.body && from.isConnected && from !== inside.root.host ? from : inside.button;
      if (back) back.focus();
    });
    dialog.addEventListener("keydown", function (press) {
      if (press.key === "Escape") { press.preventDefault(); shut(); return; }
      if (press.key !== "Tab") return;
      // The keyboard stays in the panel until it is closed.
      const all = Array.from(dialog.querySelectorAll("button,a[href],textarea,[tabindex='0']")).filter(function (one) { return !one.disabled && one.offsetParent !== null; });
      const at = all.indexOf(inside.root.activeElement), next = press.shiftKey ? at - 1 : at + 1;
      if (next < 0 || next >= all.length) { press.preventDefault(); all[(next + all.length) % all.length].focus(); }
    });
    close.addEventListener("click", shut);
    end.addEventListener("click", askHow);
    person.addEventListener("click", function () { say(words.person_text); });
    form.addEventListener("submit", function (submit) { submit.preventDefault(); sendField(); });
    field.addEventListener("keydown", function (press) {
      if (press.key === "Enter" && !press.shiftKey && !press.isComposing && press.keyCode !== 229) { press.preventDefault(); sendField(); }
    });
    field.addEventListener("input", function () {
      field.style.height = "auto";
      field.style.height = Math.min(132, field.scrollHeight + 2) + "px";
      tell(field.value.length > MOST ? words.many : "");
    });
    // Files aren't taken. That is said by the assistant itself, in its own words.
    function files(event, list) {
      if (!list || !list.length) return;
      event.preventDefault();
      say("", list.length);
    }
    dialog.addEventListener("paste", function (event) { files(event, event.clipboardData && event.clipboardData.files); });
    dialog.addEventListener("dragover", function (event) { event.preventDefault(); });
    dialog.addEventListener("drop", function (event) { files(event, event.dataTransfer && event.dataTransfer.files); });

    function sendField() {
      const text = field.value.trim();
      if (!text) return;
      field.value = "";
      field.style.height = "auto";
      say(text);
      field.focus();
    }
    function tell(text) { if (note.textContent !== text) note.textContent = text; }
    function setMode(now) {
      mode = now;
      state.textContent = words["state_" + mode] || "";
      person.hidden = mode !== "bot";
      form.hidden = mode === "closed";
      end.hidden = mode === "closed" || !conversation;
      if (mode === "closed") askHow();
    }

    // --- messages ------------------------------------------------------------------------------------------------------
    function bubble(role, text) {
      const item = el("li", role), called = role === "customer" ? words.you : role === "human" ? words.human : words.bot;
      item.append(el("span", role === "human" ? "who" : "hidden", called + (zh ? "：" : ": ")));
      item.append(el("p", "text", text || words.files));
      log.append(item);
      down();
      return item;
    }
    // To the end; of what is longer than the window, to where it begins.
    function down(item) { log.scrollTop = item && item.offsetHeight > log.clientHeight ? item.offsetTop - log.offsetTop - 16 : log.scrollHeight; }
    function noChoice() { log.querySelectorAll(".choice").forEach(function (one) { one.remove(); }); }
    function draw(message) {
      if (seen[message.place]) return;
      mark(message.place);
      noChoice();
      const item = bubble(message.role, message.body);
      if (message.role !== "customer") announce(message.role, message.body);
      under(item, message.details || {});
    }
    function mark(place) {
      seen[place] = true;
      while (seen[last + 1]) last++;
    }
    function announce(role, text) { live.textContent = (role === "human" ? words.human : words.bot) + (zh ? "：" : ": ") + text; }
    function under(item, details) {
      const sources = (details.sources || []).map(function (one) { return one.title || words.policy; });
      const named = sources.filter(function (one, at) { return sources.indexOf(one) === at; });
      if (named.length) item.append(el("p", "small", words.from + named.join(zh ? "、" : ", ")));
      if ((details.products || []).length) item.append(cards(details.products));
      if (details.needs_yes) item.append(choice());
      if ((details.choices || []).length) item.append(several(details.choices, details.act));
      down(item);
    }
    function choice() {
      const box = el("div", "choice"), yes = el("button", "first", words.yes, { type: "button" }), no = el("button", "", words.no, { type: "button" });
      yes.addEventListener("click", function () { say(words.yes_text); field.focus(); });
      no.addEventListener("click", function () { say(words.no_text); field.focus(); });
      box.append(yes, no);
      return box;
    }
    function several(titles, act) {
      const box = el("div", "choice");
      function button(label, text) {
        const one = el("button", "", label, { type: "button" });
        one.addEventListener("click", function () { say(text); field.focus(); });
        box.append(one);
      }
      titles.forEach(function (title, at) { button(title, String(at + 1)); });
      if (act === "no_evidence:near") button(words.none, words.none);
      return box;
    }
    function cards(products) {
      const list = el("ul", "cards");
      products.forEach(function (product, position) {
        const place = el("li"), named = product.namespace && product.namespace !== "shop" ? product.namespace + ":" + product.id : product.id;
        const href = inside.address(inside.linked(inside.link, named, product.url, product.decision_id, position));
        const card = el(href ? "a" : "span", href ? "" : "flat");
        const picture = product.picture && inside.pictured(product.picture);
        if (href) card.href = href;
        if (picture) {
          const image = el("img", "", "", { alt: "", loading: "lazy", src: picture });
          image.onerror = function () { image.remove(); };
          card.append(image);
        }
        card.append(el("span", "", product.title));
        if (product.price !== null && product.price !== undefined) card.append(el("b", "", inside.money(product, locale)));
        if (product.decision_id) {
          const list = { decision_id: product.decision_id, position: position, surface: "assistant" };
          const told = named === product.id ? named : { namespace: product.namespace, value: product.id };
          inside.told("impression", told, list);
          card.addEventListener("click", function () { inside.told("click", told, list); inside.flush(true); });
        }
        place.append(card);
        list.append(place);
      });
      return list;
    }

    // --- the server ------------------------------------------------------------------------------------------------------
    function ask(method, path, body, stream) {
      const headers = { Authorization: "Bearer " + inside.key };
      if (body) headers["Content-Type"] = "application/json";
      if (stream) headers.Accept = "text/event-stream";
      if (inside.token()) headers["Regulars-Customer"] = inside.token();
      return fetch(inside.api + "/v1/conversations" + path, {
        method: method, headers: headers, body: body && JSON.stringify(body), credentials: "omit", mode: "cors", referrerPolicy: "origin", cache: "no-store"
      });
    }
    function keep() {
      inside.write("chat", JSON.stringify({ id: conversation, who: inside.who(), at: Date.now(), waiting: waiting.map(function (one) { return { id: one.id, text: one.text, files: one.files }; }) }));
    }
    function forget() {
      inside.drop("chat");
      conversation = null;
      begun = null;
      seen = {};
      last = 0;
      log.textContent = "";
    }
    function resume() {
      if (drawnFor !== inside.who() && conversation && drawnFor) forget(); // somebody else is signed in now
      drawnFor = inside.who();
      if (conversation) { look(); return; }
      let kept = null;
      try { kept = JSON.parse(inside.read("chat")); } catch (_) { /* begun anew then */ }
      if (kept && kept.id && kept.who === inside.who() && Date.now() - kept.at < KEPT_MS) {
        conversation = kept.id;
        ask("GET", "/" + conversation).then(function (answer) {
          if (!answer.ok) { forget(); return start(); }
          return answer.json().then(function (found) {
            found.messages.forEach(draw);
            live.textContent = ""; // what was said before isn't read out again
            setMode(found.mode);
            (kept.waiting || []).forEach(function (one) { say(one.text, one.files, one.id); });
            later();
          });
        }).catch(function () { conversation = null; again(); });
      } else start();
    }
    function start() {
      if (begun) return begun;
      ending.hidden = true;
      const visitor = inside.visitor();
      begun = ask("POST", "", Object.assign({ locale: inside.locale(), channel: "widget" }, visitor ? { visitor: visitor } : null)).then(function (answer) {
        if (answer.status === 401 && inside.token()) { inside.expired(); begun = null; return start(); }
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json().then(function (found) {
          conversation = found.conversation_id;
          found.messages.forEach(draw);
          setMode(found.mode);
          pause = 0;
          tell("");
          keep();
          later();
          next();
        });
      }).catch(function () { begun = null; again(); });
      return begun;
    }
    function again() {
      // Nothing could be reached: it is tried again by itself, later each time.
      tell(navigator.onLine === false ? words.lost : words.failed);
      pause = Math.min(MAX_PAUSE_MS, Math.max(1000, pause * 2));
      clearTimeout(timer);
      timer = setTimeout(function () { if (dialog.open || waiting.length) { if (conversation) next(); else resume(); } }, pause);
    }
    addEventListener("online", function () {
      pause = 0;
      if (dialog.open || waiting.length) { clearTimeout(timer); if (conversation) next(); else resume(); }
    });

    function say(text, count, id) {
      noChoice();
      const item = bubble("customer", text);
      item.classList.add("waits");
      waiting.push({ id: id || inside.newId(), text: text, files: count || 0, item: item });
      ending.hidden = true;
      keep();
      next();
    }
    async function next() {
      if (sending || !waiting.length || !conversation) return;
      sending = true;
      clearTimeout(poll);
      const one = waiting[0], dots = typing();
      let part = null;
      try {
        const body = { text: one.text, message_id: one.id, attachments: one.files }, visitor = inside.visitor();
        if (visitor) body.visitor = visitor;
        const answer = await ask("POST", "/" + conversation + "/messages", body, true);
        if (!answer.ok) { await refused(answer, one); return; }
        const turn = await streamed(answer, function (text) {
          if (!part) { dots.remove(); part = bubble("assistant", text); part.setAttribute("aria-hidden", "true"); }
          else { part.querySelector(".text").textContent += text; down(); }
        });
        pause = 0;
        tell("");
        waiting.shift();
        one.item.classList.remove("waits");
        // The message's place is the reply's own where nothing was answered, or where it was answered before.
        const own = turn.text === null || turn.repeated ? turn.place : turn.place - 1;
        mark(own);
        if (part) part.remove();
        if (turn.text !== null) draw({ place: own + 1, role: "assistant", body: turn.text, details: turn });
        setMode(turn.mode);
        keep();
        if (turn.act === "chitchat:goodbye") askHow(true);
      } catch (_) {
        if (part) part.remove();
        again();
      } finally {
        dots.remove();
        sending = false;
      }
      if (pause === 0) { if (waiting.length) next(); else later(0); }
    }
    async function refused(answer, one) {
      if (answer.status === 401 && inside.token()) { inside.expired(); renew(); }
      else if (answer.status === 404 || answer.status === 403) renew();
      else if (answer.status === 409) { waiting = []; one.item.remove(); keep(); setMode("closed"); }
      else if (answer.status === 422) {
        waiting.shift();
        one.item.remove();
        field.value = field.value || one.text;
        tell(words.refused);
        keep();
      } else {
        again();
        if (answer.status === 429) { tell(words.busy); pause = Math.max(pause, 1000 * (+answer.headers.get("Retry-After") || 5)); clearTimeout(timer); timer = setTimeout(next, pause); }
      }
    }
    function renew() {
      // The conversation is gone, or somebody else's by now: what waits is said in a new one.
      const kept = waiting;
      forget();
      waiting = [];
      start().then(function () { kept.forEach(function (one) { say(one.text, one.files, one.id); }); });
    }
    async function streamed(answer, piece) {
      const reader = answer.body.getReader(), decoder = new TextDecoder();
      let text = "", turn = null;
      for (;;) {
        const got = await reader.read();
        text += got.done ? decoder.decode() : decoder.decode(got.value, { stream: true });
        const events = text.split("\n\n");
        text = events.pop();
        events.forEach(function (event) {
          const name = /^event: (.*)$/m.exec(event), data = /^data: (.*)$/m.exec(event);
          if (!name || !data) return;
          const told = JSON.parse(data[1]);
          if (name[1] === "delta") piece(told.text);
          if (name[1] === "reply") turn = told;
        });
        if (got.done) break;
      }
      if (!turn) throw new Error("the answer broke off");
      return turn;
    }
    function typing() {
      const item = el("li", "typing"), dots = el("div", "text dots");
      item.setAttribute("aria-hidden", "true");
      dots.append(el("i"), el("i"), el("i"));
      item.append(dots);
      if (mode === "bot") setTimeout(function () { if (sending && !item.done) { log.append(item); down(); } }, 250);
      return { remove: function () { item.done = true; item.remove(); } };
    }

    // A person's messages come without being asked for.
    function later(ms) {
      clearTimeout(poll);
      if (mode !== "closed") poll = setTimeout(look, ms === undefined ? (mode === "bot" ? SLOW_MS : FAST_MS) : ms);
    }
    function look() {
      clearTimeout(poll);
      if (!dialog.open || !conversation || sending) return;
      if (document.hidden) { later(); return; }
      const asked = conversation;
      ask("GET", "/" + conversation + "?after=" + last).then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      }).then(function (found) {
        if (asked !== conversation || sending) return;
        found.messages.forEach(draw);
        if (found.mode !== mode) setMode(found.mode);
        if (!waiting.length) tell("");
        later();
      }).catch(function () {
        tell(navigator.onLine === false ? words.lost : words.failed);
        later(FAST_MS * 2);
      });
    }

    // --- the end ---------------------------------------------------------------------------------------------------------
    function askHow(quietly) {
      if (!conversation) return;
      const box = el("div", "stars"), asked = el("p", "", words.how, { id: "how" });
      box.setAttribute("role", "group");
      box.setAttribute("aria-labelledby", "how");
      ending.textContent = "";
      box.append(el("span", "small", words.low));
      for (let n = 1; n <= 5; n++) {
        const star = el("button", "", String(n), { type: "button" });
        star.setAttribute("aria-label", words.rate.replace("{n}", n));
        star.addEventListener("click", function () { rate(n); });
        box.append(star);
      }
      box.append(el("span", "small", words.high));
      ending.append(asked, box);
      after();
      ending.hidden = false;
      down();
      if (quietly !== true) box.querySelector("button").focus();
    }
    function after() {
      const fresh = el("button", "link", words.again, { type: "button" });
      fresh.addEventListener("click", function () {
        forget();
        waiting = [];
        setMode("bot");
        start();
        field.focus();
      });
      ending.append(fresh);
      if (mode !== "closed") {
        const back = el("button", "link", words.back, { type: "button" });
        back.addEventListener("click", function () { ending.hidden = true; field.focus(); });
        ending.append(back);
      }
    }
    function rate(n) {
      ask("POST", "/" + conversation + "/rating", { rating: n }).then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        ending.textContent = "";
        ending.append(el("p", "", words.thanks));
        after();
        live.textContent = words.thanks;
        ending.querySelector("button").focus();
      }).catch(function () { tell(words.failed); });
    }

    setMode("bot");
    return { toggle: toggle };
  };
})();
