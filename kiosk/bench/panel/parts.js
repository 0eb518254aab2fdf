// The parts of the page, each drawn from what the HTTP interface answered. Text goes in as text, never as markup.
import { code, duration, language, word } from "./words.js";

const SHOWN_FAULTS = 4;
const DEVICE_ICONS = { network: "cloudoff", reader: "card", identity: "person", gateway: "agency" };
const SVG = "http://www.w3.org/2000/svg";

export function icon(name, classes = "", label = "") {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/panel/icons.svg#${name}`);
  if (classes) svg.setAttribute("class", classes);
  if (label) { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label); } else svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...inside.filter((part) => part !== null && part !== undefined));
  return element;
}

// Redraw only when the facts changed, and give the focus back: a redraw must not take a keyboard's place away.
const drawn = new WeakMap();
export function redraw(holder, facts, draw) {
  const key = JSON.stringify([language.now, facts]);
  if (drawn.get(holder) === key) return false;
  drawn.set(holder, key);
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const opened = [...holder.querySelectorAll("details[open] > summary")].map((summary) => summary.dataset.key);
  holder.replaceChildren(...draw());
  for (const summary of holder.querySelectorAll("summary")) summary.parentElement.open = opened.includes(summary.dataset.key);
  if (focused) holder.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  return true;
}

function toggle(key, text, pressed, onclick) {
  return make("button", { type: "button", class: "button", "data-key": key, "aria-pressed": String(pressed), onclick },
    pressed ? icon("m-att") : null, text);
}

function deviceRow(name, detail, mark, buttons) {
  return [
    make("div", { class: "what" }, icon(DEVICE_ICONS[name] ?? name), make("b", {}, word(name)),
      make("span", {}, detail), icon(mark, "mark")),
    make("div", { class: "buttons" }, ...buttons.slice(0, SHOWN_FAULTS)),
    buttons.length > SHOWN_FAULTS ? make("details", {}, make("summary", { "data-key": `more.${name}` }, word("more")),
      make("div", { class: "buttons" }, ...buttons.slice(SHOWN_FAULTS))) : "",
  ];
}

export function drawTray(holder, personas, inSlot, press) {
  redraw(holder, [personas.map((persona) => persona.id), inSlot], () => personas.map((persona) => {
    const here = inSlot === persona.id;
    const low = Number(persona.card.tries_left ?? 6) < 3;
    return make("button", {
      type: "button", class: "persona", "data-key": persona.id, "aria-pressed": String(here), title: persona.story[language.now],
      onclick: () => press(persona.id, here),
    }, icon("card"), make("span", {}, make("b", {}, persona.names[language.now]), make("small", {}, persona.note[language.now])),
      here ? icon("m-saved", "mark", word("inSlot")) : low ? icon("m-att", "mark") : null);
  }));
}

function faultButtons(device, faults, press) {
  const active = new Set(faults.faults.filter((fault) => fault.device === device).map((fault) => fault.fault));
  return faults.offers.filter((offer) => offer.device === device)
    .map((offer) => toggle(`${device}.${offer.fault}`, code(offer.fault), active.has(offer.fault),
      () => press(offer, active.has(offer.fault))));
}

// The plain words in what a device says of itself.
function says(device) {
  return Object.entries(device ?? {}).filter(([, value]) => typeof value === "string" && value !== "").map(([, value]) => code(value)).join(" · ");
}

export function drawDevices(state, faults, act) {
  const { reader, identity, printer, network, clock } = state.devices;
  const lying = { state: identity.card ? "present" : "empty" };
  const broken = (device) => faults.faults.some((fault) => fault.device === device);
  for (const [name, device] of [["reader", reader], ["identity", lying], ["printer", printer]]) {
    redraw(document.getElementById(`d-${name}`), [says(device), faults], () =>
      deviceRow(name, says(device), broken(name) ? "m-att" : "m-saved", faultButtons(name, faults, act.fault)));
  }
  const how = !network.up ? word("cut")
    : [word("up"), network.latency_ms ? word("slow", network.latency_ms) : "", network.loss ? word("lossy", Math.round(network.loss * 100)) : ""]
      .filter(Boolean).join(" · ");
  const worse = !network.up ? "m-held" : network.latency_ms || network.loss ? "m-att" : "m-saved";
  redraw(document.getElementById("d-network"), network, () => deviceRow("network", how, worse, [
    toggle("net.cut", word("cutIt"), !network.up, () => act.network({ up: !network.up })),
    toggle("net.slow", word("slowIt"), network.latency_ms > 0, () => act.network({ latency_ms: network.latency_ms ? 0 : 800 })),
    toggle("net.loss", word("loseIt"), network.loss > 0, () => act.network({ loss: network.loss ? 0 : 0.5 })),
  ]));
  const answers = code(state.gateway.reachable ? "reachable" : "unreachable");
  redraw(document.getElementById("d-gateway"), [answers, faults], () => deviceRow("gateway", answers,
    broken("gateway") ? "m-att" : state.gateway.reachable ? "m-saved" : "m-held", faultButtons("gateway", faults, act.fault)));
  const ahead = clock.offset_s ? ` · ${word("ahead", duration(clock.offset_s))}` : "";
  const now = `${clock.now.replace("T", " ")}${ahead}`;
  const row = document.getElementById("d-clock");
  redraw(row, [clock.offset_s, faults], () => deviceRow("clock", now,
    clock.offset_s || broken("clock") ? "m-att" : "m-saved", [
      make("button", { type: "button", class: "button", "data-key": "clock.2", onclick: () => act.clock(120) }, word("twoMinutes")),
      make("button", { type: "button", class: "button", "data-key": "clock.1d", onclick: () => act.clock(86400) }, word("oneDay")),
      ...faultButtons("clock", faults, act.fault),
    ]));
  row.querySelector(".what span").textContent = now;
}

export function drawPapers(holder, receipts) {
  document.getElementById("paper-count").textContent = word("papers", receipts.length);
  redraw(holder, receipts, () => {
    if (!receipts.length) return [make("p", { class: "facts" }, word("noPaper"))];
    return [...receipts].reverse().map((receipt) => {
      const mark = receipt.state === "done" ? "m-saved" : ["sending", "queued", "sent", "printed"].includes(receipt.state) ? "m-held" : "m-att";
      const why = [code(receipt.state), receipt.reason ? code(receipt.reason) : "", receipt.copy ? "COPY" : ""].filter(Boolean).join(" · ");
      return make("figure", {},
        make("figcaption", {}, make("b", {}, `${receipt.n} · ${receipt.number}`), make("span", {}, icon(mark, "mark"), why)),
        receipt.picture ? make("img", { src: `${receipt.picture}?at=${receipt.text.length}-${receipt.state}`, alt: word("paperAlt", receipt.n) })
          : make("p", {}, word("noPicture")),
        receipt.text ? make("details", {}, make("summary", { "data-key": `text.${receipt.n}` }, word("paperText")), make("pre", { lang: "zh-Hans" }, receipt.text)) : null);
    });
  });
}

// What is left on the roll, and the mouth of a printer that has one.
export function drawRoll(holder, printer, take) {
  const { roll, mouth } = printer;
  redraw(holder, [roll, mouth], () => {
    const left = word("rollLeft", (roll.left_mm / 1000).toFixed(1), (roll.full_mm / 1000).toFixed(0));
    return [
      make("meter", { min: 0, max: roll.full_mm, low: 4000, value: roll.left_mm, "aria-label": left }),
      make("p", { class: "facts" }, left),
      mouth ? make("button", { type: "button", class: "button", "data-key": "take", onclick: take, disabled: mouth === "waiting" ? null : "" }, word("takeReceipt")) : null,
    ].filter((part) => part !== null);
  });
}

export function drawMessages(holder, messages, refused) {
  document.getElementById("messages-count").textContent = word("messagesCount", messages.length);
  redraw(holder, [messages.length, messages.at(-1), refused], () => {
    if (refused) return [make("p", { class: "facts" }, refused)];
    if (!messages.length) return [make("p", { class: "facts" }, word("noMessages"))];
    return [...messages].reverse().slice(0, 100).map((one) => make("article", { class: "message" },
      make("p", { class: "facts" }, `${word(one.way === "sms" ? "sms" : "email")} · ${one.to} · ${new Date(one.at_ms).toLocaleString(language.now)}`),
      one.subject ? make("p", {}, make("b", {}, one.subject)) : null, make("p", { class: "said" }, one.body)));
  });
}

export function drawOutbox(holder, outbox) {
  redraw(holder, outbox, () => {
    const number = (value, text, some) => make("p", {}, make("b", { class: some ? "some" : "" }, String(value ?? 0)), text);
    const facts = make("p", { class: "facts" });
    if (outbox.head) facts.append(word("head", `${outbox.head.slice(0, 4)}…${outbox.head.slice(-4)}`), make("br"));
    if (outbox.pending && outbox.oldest_age_s !== null && outbox.oldest_age_s !== undefined) facts.append(word("oldest", duration(outbox.oldest_age_s)));
    return [make("div", { class: "numbers" }, number(outbox.pending, word("pending"), outbox.pending > 0), number(outbox.acked, word("acked"), false)), facts];
  });
}

export function drawEntries(holder, entries, refused) {
  document.getElementById("entries-count").textContent = word("entriesCount", entries.length);
  redraw(holder, [entries.length, entries.at(-1), refused], () => {
    if (refused) return [make("p", { class: "facts" }, refused)];
    if (!entries.length) return [make("p", { class: "facts" }, word("noEntries"))];
    const rows = [...entries].reverse().slice(0, 100).map((entry) => {
      const held = entry.document ?? {};
      return make("tr", {}, make("td", { class: "mono" }, String(entry.seq)), make("td", {}, icon("m-saved", "mark")),
        make("td", {}, held.kind === "rating" ? word("rating", held.service) : String(held.service ?? held.kind ?? "")), make("td", { class: "mono" }, String(held.number ?? "")),
        make("td", { class: "entry" }, make("details", {}, make("summary", { "data-key": `entry.${entry.id}` }, entry.terminal),
          make("pre", {}, JSON.stringify(held, null, 1)))));
    });
    const heads = ["seq", "", "what", "number", "content"].map((key) => make("th", { scope: "col" }, key ? word(key) : ""));
    return [make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows))];
  });
}

const ALARM = /fault|cut|fail|refus|gone|died|error|warn|alarm/;

export function drawLog(holder, lines, onlyAlarms) {
  const wanted = lines.filter((line) => !onlyAlarms || alarming(line));
  const atEnd = holder.scrollTop + holder.clientHeight >= holder.scrollHeight - 40;
  const changed = redraw(holder, [wanted.at(-1)?.n ?? 0, wanted.length, onlyAlarms], () => wanted.map((line) =>
    make("p", { class: alarming(line) ? "alarm" : "" }, make("time", { title: line.at }, line.at.slice(-6)), make("span", {}, make("b", {}, line.what), " ",
      Object.entries(line.facts).filter(([name]) => name !== "level").map(([name, value]) => `${name}=${value}`).join(" ")))));
  if (changed && atEnd) holder.scrollTop = holder.scrollHeight;
}

function alarming(line) {
  return ALARM.test(line.what) || (line.what === "cable" && !line.facts.up) || ["warning", "error"].includes(line.facts.level);
}

// Transparent buttons over the picture: a keyboard and a screen reader reach what a finger does. A button whose control
// is still there stays the same element, so that a press that began on it ends on it.
// A square that is written in: a pointer's way from down to up is one stroke, in thousandths of the square.
function writable(button, write) {
  let stroke = null;
  const add = (event) => {
    const box = button.getBoundingClientRect();
    const inside = (value) => Math.min(1000, Math.max(0, Math.round(value)));
    stroke.push([inside(1000 * (event.clientX - box.left) / box.width), inside(1000 * (event.clientY - box.top) / box.height)]);
  };
  button.addEventListener("pointerdown", (event) => { button.setPointerCapture(event.pointerId); stroke = []; add(event); });
  button.addEventListener("pointermove", (event) => { if (stroke && stroke.length < 399) add(event); });
  button.addEventListener("pointerup", (event) => { if (stroke) { add(event); write([stroke]); stroke = null; } });
  button.addEventListener("pointercancel", () => { stroke = null; });
  return button;
}

export function drawControls(holder, elements, display, press, write) {
  const wanted = elements.filter((element) => element.role !== "text");
  const before = new Map([...holder.children].map((button) => [button.dataset.id, button]));
  const buttons = wanted.map((element) => {
    const square = element.role === "square";
    const fresh = () => make("button", {
      type: "button", class: "control", "data-id": element.id, onclick: (event) => square || press(element.id, event),
    });
    const button = before.get(element.id) ?? (square ? writable(fresh(), write) : fresh());
    button.setAttribute("aria-label", element.text || element.id);
    button.disabled = !element.enabled;
    button.style.left = `${100 * element.x / display.width}%`;
    button.style.top = `${100 * element.y / display.height}%`;
    button.style.width = `${100 * element.width / display.width}%`;
    button.style.height = `${100 * element.height / display.height}%`;
    return button;
  });
  const same = buttons.length === holder.children.length && buttons.every((button, index) => holder.children[index] === button);
  if (!same) holder.replaceChildren(...buttons);
}
