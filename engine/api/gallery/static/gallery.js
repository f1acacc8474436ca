"use strict";
// Pages work without this. It adds keys, live pages, and the two views that need a pointer.
const page = document.body.dataset.page;
const $ = (text, from = document) => from.querySelector(text);
const all = (text, from = document) => [...from.querySelectorAll(text)];
const typing = () => document.activeElement?.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

// -- items: the one that keys are about ------------------------------------------------------
let current = null;
const items = () => all("[data-item]");
function go(item) {
  if (!item) return;
  current?.classList.remove("current");
  current = item;
  item.classList.add("current");
  ($("a", item) ?? item).focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}
function step(by) {
  const list = items();
  const at = list.indexOf(current);
  go(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, at + by))]);
}
function columns() {
  const list = items();
  const top = list[0]?.getBoundingClientRect().top;
  return Math.max(1, list.findIndex((item) => item.getBoundingClientRect().top > top + 4));
}
document.addEventListener("focusin", (event) => {
  const item = event.target.closest("[data-item]");
  if (item && item !== current) { current?.classList.remove("current"); current = item; item.classList.add("current"); }
});

// -- sending a form without leaving the page -----------------------------------------------
function say(text, bad) {
  let line = $(".flash");
  if (!line) {
    line = document.createElement("p");
    line.setAttribute("role", "status");
    $("main").before(line);
  }
  line.className = bad ? "flash bad" : "flash";
  line.textContent = text;
}
async function post(form, button) {
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
  if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) return location.reload();
  const report = await answer.json();
  say(report.text, report.bad);
  refresh([button?.value.split(":")[0]].filter((id) => /^\d+$/.test(id)));
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/rate") return;
  event.preventDefault();
  post(form, event.submitter);
});
function rate(value) {
  const within = current ?? (page === "job" ? $("#verdict") : null);
  const own = within && all("button[name=rate]", within).find((button) => button.value.split(":")[1] === value);
  const button = own ?? (page === "job" && all("#verdict button[name=rate]").find((b) => b.value.split(":")[1] === value));
  if (button) button.form.requestSubmit(button);
}

// -- live: replace what has changed -------------------------------------------------------------
let waiting = null;
let changed = new Set();
function refresh(jobs) {
  jobs.forEach((id) => changed.add(String(id)));
  waiting ??= setTimeout(load, 350);
}
async function load() {
  const ids = [...changed].slice(0, 200);
  changed = new Set();
  waiting = null;
  const cards = document.body.dataset.cards;
  const here = new Set(ids.filter((id) => document.getElementById(`j${id}`)));
  const address = cards ? `${cards}${cards.includes("?") ? "&" : "?"}job=${[...here].join(",")}` : location.href;
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const wanted = cards ? all("#head, .card", fresh) : all(page === "batches" ? "#list, .heading" : "[data-swap]", fresh);
  wanted.forEach(swap);
  if (!cards && page === "job") all("[data-swap]").filter((old) => !fresh.getElementById(old.id)).forEach((old) => old.remove());
}
const seen = new Map();
function swap(fresh) {
  const old = fresh.id ? document.getElementById(fresh.id) : null;
  if (!old) { if (page === "job" && fresh.id) $("#main").append(fresh); return; }
  const text = fresh.outerHTML;
  if ((seen.get(fresh.id) ?? old.outerHTML) === text) return;
  const busy = all("audio, video", old).some((player) => !player.paused) || (typing() && old.contains(document.activeElement));
  if (busy) return;
  seen.set(fresh.id, text);
  all("details[id]", old).forEach((box) => { const twin = fresh.querySelector(`#${CSS.escape(box.id)}`); if (twin) twin.open = box.open; });
  all("input[type=checkbox]", old).forEach((box) => {
    const twin = all("input[type=checkbox]", fresh).find((one) => one.value === box.value);
    if (twin) twin.checked = box.checked;
  });
  all("input[name=note]", old).forEach((field) => {
    const twin = $("input[name=note]", fresh);
    if (twin && field.value !== field.defaultValue) twin.value = field.value;
  });
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const index = held ? all("a, button, input", old).indexOf(held) : -1;
  const mine = current && (current === old || old.contains(current)) ? current.id : "";
  old.replaceWith(fresh);
  if (index >= 0) all("a, button, input", fresh)[index]?.focus({ preventScroll: true });
  if (mine) { current = document.getElementById(mine); current?.classList.add("current"); }
}
// A browser has six connections for a server, so only a page that is seen holds one.
const subject = document.body.dataset.live;
let source = null;
function follow() {
  if (subject === undefined || source || document.hidden) return;
  source = new EventSource(`/live?${subject}`);
  source.onmessage = (event) => refresh(JSON.parse(event.data).jobs);
}
function leave() {
  source?.close();
  source = null;
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return leave();
  follow();
  refresh(all("[data-job]").map((item) => item.dataset.job));
});
addEventListener("pagehide", leave);
addEventListener("pageshow", follow);

// -- compare: swipe with a slider or a finger, blink by the space bar --------------------
if (page === "compare") {
  const frame = $("#compare");
  const edge = $("#edge");
  const second = $(".side2");
  all(".needs-script").forEach((part) => { part.hidden = false; });
  const cut = () => { second.style.clipPath = $("#swipe").checked ? `inset(0 0 0 ${edge.value}%)` : ""; };
  edge.addEventListener("input", cut);
  cut(); // the browser may have kept the choice
  all("[name=mode]").forEach((box) => box.addEventListener("change", () => { frame.classList.remove("first", "second"); cut(); }));
  frame.addEventListener("pointermove", (event) => {
    if (!$("#swipe").checked || (event.pointerType === "mouse" && !event.buttons)) return;
    const box = frame.getBoundingClientRect();
    edge.value = 100 * (event.clientX - box.left) / box.width;
    cut();
  });
  frame.addEventListener("dragstart", (event) => event.preventDefault());
}
function blink() {
  const frame = $("#compare");
  const on = $("#blink");
  if (!on.checked) on.click();
  frame.classList.toggle("first", !frame.classList.contains("first"));
  frame.classList.toggle("second", !frame.classList.contains("first"));
}

// -- keys -----------------------------------------------------------------------------------------
const KEYS = [["j, k, arrows", "next, previous"], ["Enter", "open"], ["1 to 5", "rate; 0 takes it back"], ["x", "mark to compare"], ["=", "compare what is marked"], ["c", "choose"], ["e", "edit the prompt"], ["n, p", "next, previous job"], ["u", "up"], ["space", "blink, while comparing"], ["?", "this help"]];
function help() {
  let box = $("dialog");
  if (!box) {
    box = document.createElement("dialog");
    box.setAttribute("aria-label", "Keys");
    const list = document.createElement("table");
    KEYS.forEach(([keys, what]) => {
      const row = list.insertRow();
      row.insertCell().textContent = keys;
      row.insertCell().textContent = what;
    });
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => box.close());
    box.append(list, close);
    document.body.append(box);
  }
  if (box.open) box.close(); else box.showModal();
}
const click = (text, from) => $(text, from ?? document)?.click();
const compare = () => { const form = document.getElementById("compare"); if (form?.requestSubmit) form.requestSubmit(); };
const ACTIONS = {
  j: () => step(1), k: () => step(-1),
  ArrowRight: () => step(1), ArrowLeft: () => step(-1),
  ArrowDown: () => step(columns()), ArrowUp: () => step(-columns()),
  x: () => current && click(".pick input", current), "=": compare,
  c: () => click("[data-choose]", current ?? document), e: () => click("[data-edit]", current ?? document),
  n: () => click("[rel=next]"), p: () => click("[rel=prev]"), u: () => click("[data-up]"),
  "?": help, 0: () => rate("none"),
};
["1", "2", "3", "4", "5"].forEach((value) => { ACTIONS[value] = () => rate(value); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing() || ($("dialog")?.open && event.key !== "?")) return;
  if (document.activeElement?.matches("input[type=radio], audio, video, .drawn, .wide") && event.key.startsWith("Arrow")) return;
  if (event.key === " " && page === "compare" && !document.activeElement?.matches("button, input, a, summary")) { event.preventDefault(); return blink(); }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
const button = $("[data-help]");
if (button) { button.hidden = false; button.addEventListener("click", help); }

// -- a finger on the result of a job: to the next one or back ----------------------------------
const hero = page === "job" && $("#hero .picture");
if (hero) {
  let from = null;
  hero.addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
  hero.addEventListener("touchend", (event) => {
    if (!from) return;
    const [dx, dy] = [event.changedTouches[0].clientX - from.clientX, event.changedTouches[0].clientY - from.clientY];
    if (Math.abs(dx) > 60 && Math.abs(dy) < 40) click(dx < 0 ? "[rel=next]" : "[rel=prev]");
  }, { passive: true });
}
