/* Regulars in a page: tells the shop's memory what happens here and shows rows of recommendations.
   It knows the public HTTP API and nothing else. It never throws into the page: without a server, a key or a consent
   the page is as it was. How to use it: docs/embed.md. */
(function () {
  "use strict";
  var script = document.currentScript;
  var before = window.regulars;
  if (!script || !window.fetch || !window.Promise || (before && before.track)) return;

  var given = script.dataset;
  var API = (given.api || new URL(script.src, location.href).origin).replace(/\/+$/, "");
  var KEY = given.key || "";
  var PREFIX = "regulars.";
  var BATCH_MS = 2000; // what happens within this time is sent together
  var FULL = 20; // or as soon as so many wait
  var MAX_WAITING = 300; // kept while the server can't be reached; the oldest go first
  var MAX_BATCH = 100;
  var MAX_LEAVING = 60000; // bytes: browsers carry 64 kB past the end of a page
  var MAX_PAUSE_MS = 300000;
  var ROW_MS = 4000; // a row that takes longer isn't waited for
  var FIELDS = "message_id occurred_at product variant order quantity price currency decision_id position surface session properties".split(" ");
  var WORDS = {
    en: {
      why: "Why this list?", before: "before:",
      personal: "It was made from what was looked at, put in the cart and bought in this shop. The reason stands below each product.",
      starter: "No model has been trained yet: it was made from counts and words. The reason stands below each product.",
      newest: "These are the newest products: there is nothing to learn from yet.",
      same: "Personal lists are off: everybody sees these products here.",
      chat: "Chat with customer service"
    },
    zh: {
      why: "为什么是这些？", before: "原价",
      personal: "根据在本店的浏览、加购和购买记录生成，每件商品下方写有理由。",
      starter: "模型尚未训练，由统计和文字得出，每件商品下方写有理由。",
      newest: "这些是最新商品：还没有可供学习的记录。",
      same: "个性化推荐已关闭：所有人在这里看到的都一样。",
      chat: "联系在线客服"
    }
  };
  var LOOK =
    ":where(.regulars-row){list-style:none;margin:0;padding:0;display:grid;gap:16px;grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}" +
    ":where(.regulars-row a){display:flex;flex-direction:column;gap:4px;color:inherit;text-decoration:none;overflow-wrap:anywhere}" +
    ":where(.regulars-row img){width:100%;aspect-ratio:1;object-fit:cover;border-radius:8px;background:rgb(128 128 128/.12)}" +
    ":where(.regulars-price){font-weight:600;font-variant-numeric:tabular-nums}" +
    ":where(.regulars-reason,.regulars-why){display:block;font-size:13px;opacity:.8}:where(.regulars-why){margin-top:8px}";

  var handlers = {};
  var memory = {}; // stands in where the browser keeps nothing for us

  function tell(name, detail) {
    (handlers[name] || []).forEach(function (handler) {
      try { handler(detail); } catch (_) { /* the page's own error isn't ours to spread */ }
    });
  }
  function safe(work) {
    return function () {
      try { return work.apply(null, arguments); } catch (error) { tell("error", { reason: String(error) }); }
    };
  }
  function none() {}

  // --- what the browser keeps -------------------------------------------------------------------------------------
  function read(name) {
    if (name in memory) return memory[name];
    try { return localStorage.getItem(PREFIX + name); } catch (_) { return null; }
  }
  function write(name, value) {
    try { localStorage.setItem(PREFIX + name, value); delete memory[name]; } catch (_) { memory[name] = value; }
  }
  function drop(name) {
    delete memory[name];
    try { localStorage.removeItem(PREFIX + name); } catch (_) { /* nothing was kept */ }
  }
  function names(beginning) {
    var found = Object.keys(memory);
    try {
      for (var i = 0; i < localStorage.length; i++) {
        var name = localStorage.key(i);
        if (name.indexOf(PREFIX) === 0) found.push(name.slice(PREFIX.length));
      }
    } catch (_) { /* only the memory then */ }
    return found.filter(function (name) { return name.indexOf(beginning) === 0; }).sort();
  }
  function parsed(text, instead) {
    try { return JSON.parse(text) || instead; } catch (_) { return instead; }
  }
  function newId() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    var hex = Array.from(bytes, function (one) { return (one + 256).toString(16).slice(1); }).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // --- consent: what the page says, else what was answered, else the browser's signal ------------------------------
  function pageSays() {
    var told = given.consent || "";
    if (told === "yes" || told === "no") return { personalisation: told === "yes", analytics: told === "yes" };
    var out = {};
    told.replace(/(personalisation|analytics)=(yes|no)/g, function (_, purpose, word) { out[purpose] = word === "yes"; });
    return out;
  }
  var answered = Object.assign(parsed(read("consent"), {}), pageSays());
  function allowed(purpose) {
    if (typeof answered[purpose] === "boolean") return answered[purpose];
    if (navigator.globalPrivacyControl === true || navigator.doNotTrack === "1") return false;
    return given.consent === "ask" ? null : true; // null: not asked yet
  }

  // --- who ---------------------------------------------------------------------------------------------------------
  var token = given.token || null;
  function customer() {
    // Whom the token speaks for. Only the server can tell whether that is true; here it keeps two people's events apart.
    try {
      var claim = JSON.parse(decodeURIComponent(escape(atob(token.split(".")[0].replace(/-/g, "+").replace(/_/g, "/")))));
      return claim.namespace + ":" + claim.customer;
    } catch (_) { return ""; }
  }
  function visitor(make) {
    if (given.visitor) return given.visitor;
    var known = read("visitor");
    if (!known && make) write("visitor", (known = newId()));
    return known;
  }

  // --- the queue: an entry an event, so that two tabs never overwrite each other's -----------------------------------
  var held = []; // until consent is answered
  var once = {}; // message ids that this page has counted
  var counter = 0;
  var timer = null, due = 0, busy = false, failures = 0, pausedUntil = 0, stopped = !KEY, limit = MAX_BATCH;

  function queued() { return names("queue."); }
  function keep(event) {
    write("queue." + Date.now().toString(36) + "." + (1e6 + counter++) + "." + event.message_id,
      JSON.stringify({ who: token ? customer() : "", event: event }));
    var waiting = queued();
    waiting.slice(0, Math.max(0, waiting.length - MAX_WAITING)).forEach(drop);
    if (waiting.length >= FULL) soon(0); else soon(BATCH_MS);
  }
  function forget() {
    held = [];
    queued().forEach(function (name) {
      var entry = parsed(read(name), null);
      if (!entry || !entry.event || entry.event.type !== "consent") drop(name);
    });
  }
  function soon(ms) {
    var at = Date.now() + ms;
    if (timer !== null && due <= at) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(function () { timer = null; flush(); }, ms);
  }
  function post(path, body, options) {
    var headers = { Authorization: "Bearer " + KEY, "Content-Type": "application/json" };
    if (options.token) headers["Regulars-Customer"] = options.token;
    return fetch(API + path, {
      method: "POST", headers: headers, body: body, credentials: "omit", mode: "cors", referrerPolicy: "origin",
      keepalive: !!options.keepalive, signal: options.signal
    });
  }
  var flush = safe(function (leaving) {
    if (stopped || (!leaving && (busy || Date.now() < pausedUntil))) {
      if (!stopped && !leaving && queued().length) soon(Math.max(250, pausedUntil - Date.now()));
      return Promise.resolve();
    }
    if (leaving || !navigator.locks) return send(leaving);
    // One tab at a time sends; the others' events wait in the same queue.
    return navigator.locks.request(PREFIX + "send", { ifAvailable: true }, function (lock) {
      if (lock) return send();
      soon(1000);
    }).catch(none);
  });
  function send(leaving) {
    var sent = [], events = [], who = null, body = "";
    queued().some(function (name) {
      var entry = parsed(read(name), null);
      if (!entry || !entry.event) { drop(name); return false; }
      if (who === null) who = entry.who;
      if (entry.who === who) { sent.push(name); events.push(entry.event); }
      return events.length >= limit;
    });
    if (!events.length) return Promise.resolve();
    do {
      body = JSON.stringify({ sent_at: new Date().toISOString(), events: events });
    } while (leaving && body.length > MAX_LEAVING && events.length > 1 && (events = events.slice(0, events.length >> 1)));
    sent = sent.slice(0, events.length);
    var mine = who && token && who === customer() ? token : null;
    busy = true;
    return post("/v1/events", body, { token: mine, keepalive: body.length < MAX_LEAVING }).then(function (answer) {
      busy = false;
      var status = answer.status;
      if (answer.ok) {
        sent.forEach(drop);
        failures = 0;
        limit = MAX_BATCH;
        tell("sent", { count: events.length });
        if (queued().length) soon(0);
      } else if (status === 401 && mine) {
        token = null; // it has expired: what waits is the browser's
        tell("error", { status: status });
        soon(0);
      } else if (status === 401 || status === 403) {
        stopped = true;
        tell("error", { status: status });
      } else if (status === 413 && events.length > 1) {
        limit = events.length >> 1;
        soon(0);
      } else if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        return answer.json().catch(none).then(function (problem) {
          var wrong = ((problem && problem.errors) || []).map(function (one) { return /^events\[(\d+)\]/.exec(one.field); }).filter(Boolean);
          if (wrong.length) wrong.forEach(function (found) { drop(sent[+found[1]]); }); else sent.forEach(drop);
          tell("error", { status: status, detail: problem && problem.detail });
          soon(0);
        });
      } else {
        rest(+answer.headers.get("Retry-After") * 1000);
      }
    }, function () {
      busy = false;
      rest(0);
    });
  }
  function rest(atLeast) {
    failures++;
    var pause = Math.min(MAX_PAUSE_MS, Math.max(atLeast || 0, 1000 * Math.pow(2, Math.min(failures, 9))));
    pausedUntil = Date.now() + pause;
    soon(pause);
    tell("error", { status: 0 });
  }

  // --- events ------------------------------------------------------------------------------------------------------
  function nameOf(product) {
    return product && typeof product === "object" ? (product.namespace || "shop") + ":" + product.value : "shop:" + product;
  }
  function lists() {
    try { return parsed(sessionStorage.getItem(PREFIX + "lists"), {}); } catch (_) { return {}; }
  }
  function remember(product, list) {
    // The list that a product was found in: what becomes of it later is told with it.
    try {
      var kept = lists(), name = nameOf(product);
      delete kept[name];
      kept[name] = list;
      Object.keys(kept).slice(0, -40).forEach(function (old) { delete kept[old]; });
      sessionStorage.setItem(PREFIX + "lists", JSON.stringify(kept));
    } catch (_) { /* then the click alone tells */ }
  }
  function track(type, fields) {
    var event = { type: type, message_id: newId(), occurred_at: new Date().toISOString() };
    Object.keys(fields || {}).forEach(function (name) {
      var value = fields[name];
      if (value === undefined || value === null || value === "") return;
      if (FIELDS.indexOf(name) >= 0) event[name] = value;
      else (event.properties = Object.assign({}, event.properties))[name] = value;
    });
    if (event.product && !event.decision_id && /^(view|cart|purchase|like)$/.test(type)) Object.assign(event, lists()[nameOf(event.product)]);
    if (once[event.message_id]) return;
    once[event.message_id] = true;
    if (stopped) return;
    var may = allowed("analytics");
    if (may === null) {
      if (held.length < MAX_BATCH) held.push(event);
    } else if (may) {
      event.visitor = visitor(true);
      keep(event);
    }
  }
  function consent(answer) {
    if (answer) {
      ["personalisation", "analytics"].forEach(function (purpose) {
        if (typeof answer[purpose] === "boolean") answered[purpose] = answer[purpose];
      });
      write("consent", JSON.stringify(answered));
      var may = allowed("analytics"), personal = allowed("personalisation");
      if (may === false) forget();
      if (personal === false) try { sessionStorage.removeItem(PREFIX + "came"); } catch (_) { /* nothing was kept */ }
      var who = visitor(may || personal);
      if ((who || token) && !stopped) {
        // A refusal is told as well, where there is somebody to tell it of: else the server wouldn't know.
        keep({ type: "consent", message_id: newId(), occurred_at: new Date().toISOString(), visitor: who || undefined, properties: Object.assign({}, answered) });
      }
      if (may === false && personal === false) drop("visitor");
      var waiting = held;
      held = [];
      if (may) waiting.forEach(function (event) { event.visitor = visitor(true); keep(event); });
      tell("consent", consent());
      soon(0);
      redraw();
    }
    return { personalisation: allowed("personalisation"), analytics: allowed("analytics") };
  }
  function identify(signed) {
    if (signed === token) return;
    flush(true); // what waits is the one's who was here until now
    token = signed || null;
    if (!token && !given.visitor) drop("visitor"); // signed out: the next person in this browser is somebody else
    redraw();
  }

  // --- what the page marks -------------------------------------------------------------------------------------------
  function productOf(element) {
    var data = element.dataset;
    return data.namespace && data.namespace !== "shop" ? { namespace: data.namespace, value: data.product } : data.product;
  }
  function stated(element) {
    var data = element.dataset, fields = { product: data.product && productOf(element) };
    ["variant", "order", "price", "currency", "surface", "query", "category"].forEach(function (name) { fields[name] = data[name]; });
    if (data.messageId) fields.message_id = data.messageId;
    if (data.decision) fields.decision_id = data.decision;
    ["quantity", "position", "results"].forEach(function (name) { if (data[name]) fields[name] = parseInt(data[name], 10); });
    return fields;
  }
  function placed(element) {
    var list = element.closest("[data-regulars-decision]");
    if (!list) return null;
    var position = parseInt(element.dataset.regularsPosition, 10) || 0;
    return { decision_id: list.dataset.regularsDecision, position: position, surface: list.dataset.regularsSurface || undefined };
  }
  function listed(type, element) {
    var place = placed(element);
    if (place && element.dataset.product) told(type, productOf(element), place);
  }
  function told(type, product, place) {
    if (type === "click") remember(product, place);
    // One impression and one click for each place of a list, whoever reports it: the id is made of them.
    track(type, Object.assign({ product: product, message_id: type + ":" + place.decision_id + ":" + place.position }, place));
  }
  var watch = window.IntersectionObserver && new IntersectionObserver(safe(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      watch.unobserve(entry.target);
      listed("impression", entry.target);
    });
  }), { threshold: 0.5 });
  function all(root, selector) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }
  function scan(root) {
    all(root, "[data-regulars-track]").forEach(function (element) {
      if (/^(FORM|A|BUTTON)$/.test(element.tagName) || element.regularsSeen) return;
      element.regularsSeen = true;
      track(element.dataset.regularsTrack, stated(element));
    });
    if (watch) all(root, "[data-regulars-position]").forEach(function (element) { watch.observe(element); });
    all(root, "[data-regulars]").forEach(function (element) { if (!element.regularsRow && element.dataset.regulars !== "chat") render(element); });
  }
  function marked(element) {
    var fields = stated(element);
    if (element.tagName === "FORM") {
      // What was chosen in the form counts, not what stood there when the page came.
      all(element, "[name=variant]:checked,select[name=variant]").forEach(function (one) { fields.variant = one.dataset.variant; });
      all(element, "[name=quantity]").forEach(function (one) { fields.quantity = parseInt(one.value, 10) || 1; });
    }
    track(element.dataset.regularsTrack, fields);
    flush(true); // the page may be gone in a moment
  }
  document.addEventListener("click", safe(function (click) {
    if (!click.target || !click.target.closest) return;
    if (KEY && click.target.closest("[data-regulars=chat]")) { click.preventDefault(); chat(); }
    var item = click.target.closest("[data-regulars-position]");
    if (item && click.target.closest("a")) { listed("click", item); flush(true); }
    var element = click.target.closest("a[data-regulars-track],button[data-regulars-track]");
    if (element) marked(element);
  }), true);
  document.addEventListener("submit", safe(function (submit) {
    if (submit.target.dataset && submit.target.dataset.regularsTrack) marked(submit.target);
    // A form that tells the server "no": what waits isn't sent on the way out.
    var button = submit.submitter;
    if (button && button.dataset.regularsConsent === "no") { answered = { personalisation: false, analytics: false }; forget(); }
  }), true);

  // --- rows ----------------------------------------------------------------------------------------------------------
  var rows = [];
  function redraw() {
    rows.forEach(function (row) { render(row[0], row[1]); });
  }
  function make(tag, name, text) {
    var made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text; // text stays text, whatever a product feed put into it
    return made;
  }
  function address(url) {
    // Only what a browser may safely open or load.
    try {
      var found = new URL(url, location.href);
      return /^https?:$/.test(found.protocol) ? found.href : "";
    } catch (_) { return ""; }
  }
  function linked(link, product, url, decision, position) {
    var parts = { product: product, decision: decision || "", position: position };
    return link ? link.replace(/{(product|decision|position)}/g, function (_, name) { return encodeURIComponent(parts[name]); }) : url || "";
  }
  function pictured(url) { return address(/^[a-z]+:/i.test(url) ? url : API + url); }
  function money(item, locale) {
    try { return new Intl.NumberFormat(locale, { style: "currency", currency: item.currency }).format(item.price); }
    catch (_) { return item.price + " " + (item.currency || ""); }
  }
  var isNew = !read("visitor"); // only of a browser that wasn't here before it is said how it came
  function arrival() {
    var now = new Date(), came = {}, from = document.referrer;
    try {
      var kept = sessionStorage.getItem(PREFIX + "came");
      if (kept) return parsed(kept, null);
      var first = document.querySelector("[data-regulars-track=view],[data-regulars-track=page]");
      if (first && first.dataset.product) came.product = productOf(first);
      if (first && first.dataset.category) came.category = first.dataset.category.slice(0, 512);
      if (!from || new URL(from).host !== location.host) came.referrer = from.slice(0, 2000);
      var medium = new URLSearchParams(location.search).get("utm_medium");
      if (medium) came.medium = medium.slice(0, 100);
      Object.assign(came, { hour: now.getHours(), weekday: (now.getDay() + 6) % 7, device: !matchMedia("(pointer:coarse)").matches ? "desk" : innerWidth < 600 ? "phone" : "tablet" });
      sessionStorage.setItem(PREFIX + "came", JSON.stringify(isNew ? came : 0));
    } catch (_) { /* then this page alone tells */ }
    return isNew ? came : null;
  }
  function recommend(options) {
    var asked = Object.assign({}, options), stop = window.AbortController && new AbortController();
    var personal = allowed("personalisation") === true;
    if (personal && !asked.visitor) asked.visitor = visitor(allowed("analytics") === true) || undefined;
    if (!personal) delete asked.visitor;
    else if (!asked.context) asked.context = arrival() || undefined;
    var wait = stop && setTimeout(function () { stop.abort(); }, ROW_MS);
    return post("/v1/recommendations", JSON.stringify(asked), { token: personal ? token : null, signal: stop && stop.signal }).then(function (answer) {
      clearTimeout(wait);
      if (!answer.ok) throw new Error("the server answered " + answer.status);
      return answer.json();
    });
  }
  function render(target, options) {
    var element = typeof target === "string" ? document.querySelector(target) : target;
    if (!element || !KEY) return Promise.resolve(null);
    options = options || {};
    if (!element.regularsRow) rows.push([element, options]);
    var turn = (element.regularsRow = (element.regularsRow || 0) + 1);
    var data = element.dataset;
    var locale = options.locale || data.locale || given.locale || element.closest("[lang]") && element.closest("[lang]").lang || navigator.language || "en";
    var asked = { surface: options.surface || data.regulars || "home", n: +(options.n || data.n) || 6, locale: locale };
    var product = options.product || (data.product && productOf(element));
    if (product) asked.product = product;
    if (options.filters) asked.filters = options.filters;
    if (options.exclude) asked.exclude = options.exclude;
    return recommend(asked).then(function (list) {
      if (turn !== element.regularsRow) return list; // a newer answer is on its way
      // Without anything to show, what the page had put there stays.
      if (list.items.length) {
        if (options.draw) options.draw(list, element);
        else draw(list, element, options.title || data.title, locale, options.link || data.link || given.link);
        scan(element);
      }
      tell("row", { element: element, list: list });
      return list;
    }).catch(function (error) {
      tell("error", { reason: String(error) });
      return null;
    });
  }
  function draw(list, element, title, locale, link) {
    var say = WORDS[/^zh/.test(locale) ? "zh" : "en"], row = make("ul", "regulars-row"), made = document.createDocumentFragment();
    style();
    row.dataset.regularsDecision = list.decision_id;
    row.dataset.regularsSurface = list.surface || element.dataset.regulars || "home";
    list.items.forEach(function (item) {
      var place = make("li"), href = address(linked(link, item.product, item.url, list.decision_id, item.position));
      var inner = make(href ? "a" : "span"), picture = item.picture && pictured(item.picture);
      if (href) inner.href = href;
      place.dataset.regularsPosition = item.position;
      place.dataset.product = item.product;
      place.dataset.namespace = item.namespace;
      if (picture) {
        var image = make("img");
        image.alt = "";
        image.loading = "lazy";
        image.onerror = function () { image.remove(); };
        image.src = picture;
        inner.appendChild(image);
      }
      inner.appendChild(make("span", "regulars-name", item.title));
      place.appendChild(inner);
      if (item.price !== null) place.appendChild(make("span", "regulars-price", money(item, locale)));
      place.appendChild(make("span", "regulars-reason", item.reason.text));
      row.appendChild(place);
    });
    if (title) made.appendChild(make("h2", "regulars-title", title));
    made.appendChild(row);
    var why = make("details", "regulars-why");
    why.appendChild(make("summary", "", say.why));
    var told = allowed("personalisation") !== true ? "same" : list.mode === "trained" ? "personal" : list.mode;
    why.appendChild(make("p", "", say[told] || say.personal));
    made.appendChild(why);
    element.textContent = "";
    element.appendChild(made);
  }
  function style() {
    if (style.done || given.style === "none") return;
    style.done = true;
    sheeted(document, LOOK);
  }
  function sheeted(root, rules) {
    try { // a sheet made by script: a strict style-src lets it through, and the page's own rules win over it
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(rules);
      root.adoptedStyleSheets = root.adoptedStyleSheets.concat(sheet);
    } catch (_) { /* plain then */ }
  }

  // --- the chat: its button stands here, the panel comes in a file of its own when it is opened for the first time -------
  var CHAT_LOOK =
    ".open{position:fixed;right:16px;bottom:16px;width:56px;height:56px;padding:0;border:0;border-radius:50%;background:var(--regulars-accent,#1f7a5c);color:#fff;cursor:pointer;z-index:2147483000}" +
    ".open:focus-visible{outline:2px solid var(--regulars-accent,#1f7a5c);outline-offset:3px}@media print{.open{display:none}}";
  var chatRoot = null, chatButton = null, chatComes = null;
  function localeOf() { return given.locale || document.documentElement.lang || navigator.language || "en"; }
  function chatHost() {
    if (chatRoot) return;
    var host = document.body.appendChild(make("div", "regulars-chat"));
    chatRoot = host.attachShadow({ mode: "open" });
    sheeted(chatRoot, CHAT_LOOK);
    if (!given.chat) return;
    chatButton = make("button", "open");
    chatButton.setAttribute("aria-label", WORDS[/^zh/.test(localeOf()) ? "zh" : "en"].chat);
    chatButton.setAttribute("aria-expanded", "false");
    chatButton.innerHTML = '<svg viewBox="0 0 24 24" width="26" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round"><path d="M4 5h16v11H10l-4.5 4v-4H4z"/></svg>';
    chatButton.onclick = safe(chat);
    chatRoot.appendChild(chatButton);
  }
  function chat() {
    chatHost();
    chatComes = chatComes || new Promise(function (done, failed) {
      var more = make("script");
      more.src = new URL("regulars-chat.js", script.src);
      more.onerror = function () { chatComes = null; failed("the chat can't be loaded"); };
      more.onload = function () {
        done(regulars.chatWith({
          root: chatRoot, button: chatButton, api: API, key: KEY, link: given.link,
          make: make, sheeted: sheeted, money: money, address: address, pictured: pictured, linked: linked, newId: newId,
          read: read, write: write, drop: drop, told: told, flush: flush, locale: localeOf,
          token: function () { return token; }, who: customer, expired: function () { token = null; },
          visitor: function () { return allowed("analytics") === true ? visitor(true) : null; }
        }));
      };
      document.head.appendChild(more);
    });
    return chatComes.then(function (panel) { panel.toggle(); return panel; }).catch(function (error) { tell("error", { reason: String(error) }); });
  }

  // --- the page's side -------------------------------------------------------------------------------------------------
  var regulars = {
    track: safe(track),
    identify: safe(identify),
    consent: safe(consent),
    render: function (target, options) {
      try { return render(target, options); } catch (error) { tell("error", { reason: String(error) }); return Promise.resolve(null); }
    },
    scan: safe(scan),
    flush: function () { return Promise.resolve(flush(false)).catch(none); },
    on: safe(function (name, handler) {
      (handlers[name] = handlers[name] || []).push(handler);
      if (name === "ready" && ready) handler(regulars);
    }),
    push: safe(function (call) { regulars[call[0]].apply(null, call.slice(1)); }),
    visitor: safe(function () { return visitor(false); }),
    chat: function () { return KEY ? chat() : Promise.resolve(null); }
  };
  var ready = false;
  window.regulars = regulars;
  var begin = safe(function () {
    if (Array.isArray(before)) before.forEach(regulars.push);
    if (allowed("personalisation")) arrival(); // the page they began on counts, whether it shows a row or not
    scan(document);
    if (given.chat && KEY) safe(chatHost)();
    ready = true;
    tell("ready", regulars);
    if (allowed("analytics") === false) forget(); // the answer may have been given to the server, not to this script
    if (queued().length) soon(BATCH_MS); // what an earlier page couldn't send
  });
  function whenShown(work) {
    // A page that the browser opens ahead of its reader has been seen by nobody.
    if (document.prerendering) document.addEventListener("prerenderingchange", work, { once: true }); else work();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", function () { whenShown(begin); });
  else whenShown(begin);
  addEventListener("online", function () { failures = 0; pausedUntil = 0; flush(); });
  addEventListener("pagehide", function () { flush(true); });
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") flush(true); });
})();
