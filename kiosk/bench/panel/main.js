// The panel's loop: ask, draw, and send what the tester's hand does.
import { freshScreen, get, post, Refused, remove } from "./api.js";
import { drawHeard, drawKeypad, Headphones } from "./ear.js";
import { drawControls, drawDevices, drawEntries, drawLog, drawMessages, drawOutbox, drawPapers, drawRoll, drawTray, icon, make } from "./parts.js";
import { prepareScenarios } from "./scenario.js";
import { language, speak, word } from "./words.js";

const SCREEN_EVERY_MS = 350;
const FACTS_EVERY_MS = 1000;
const SWAP_MS = 300;
const $ = (id) => document.getElementById(id);

const known = { state: null, personas: [], faults: { faults: [], offers: [] }, elements: [], log: [], receipts: [], entries: [], messages: [], heard: [] };
const refusals = { entries: "", messages: "" };
let pictureUrl = "";
let onlyAlarms = false;
let lost = false;

function tell(error) {
  const told = $("told");
  told.hidden = false;
  told.textContent = error instanceof Refused ? `${error.message} ${error.next}` : word("gone");
}

// Do one thing of the tester's, then look at once at what came of it.
async function act(work) {
  try {
    await work();
    $("told").hidden = true;
  } catch (error) {
    tell(error);
  }
  await Promise.allSettled([look(), learn()]);
}

const headphones = new Headphones(() => {
  $("told").hidden = false;
  $("told").textContent = word("noVoice");
});

const acts = {
  fault: ({ device, fault, counted }, on) => act(() => on
    ? remove(`/api/faults?device=${encodeURIComponent(device)}&fault=${encodeURIComponent(fault)}`)
    : post("/api/faults", counted && $("after").value !== "" ? { device, fault, after: $("after").valueAsNumber } : { device, fault })),
  take: () => act(() => post("/api/receipts/take")),
  draw: (strokes) => act(() => post("/api/draw", { strokes })),
  key: (key) => act(() => post("/api/key", { key })),
  network: (change) => act(() => post("/api/network", change)),
  clock: (seconds) => act(() => post("/api/clock", { advance_s: seconds })),
  persona: (id, here) => act(async () => {
    if (known.state.devices.slot.card) await post("/api/card/remove");
    if (!here) await post("/api/card/insert", { persona: id });
  }),
  identity: (persona) => act(() => post("/api/card/identity", { persona })),
  badge: (there) => act(() => post("/api/card/badge", { there })),
};

// ------------------------------------------------------------------------------------------------ looking

async function look() {
  const blob = await freshScreen();
  if (!blob) return;
  const url = URL.createObjectURL(blob);
  $("picture").src = url;
  if (pictureUrl) URL.revokeObjectURL(pictureUrl);
  pictureUrl = url;
  known.elements = await get("/api/elements");
  known.state = await get("/api/state");
  draw();
}

async function learn() {
  const last = known.log.at(-1)?.n ?? 0;
  const said = known.heard.at(-1)?.n ?? 0;
  const [state, faults, receipts, fresh, heard] = await Promise.all([
    get("/api/state"), get("/api/faults"), get("/api/receipts"), get(`/api/log?after=${last}`), get(`/api/speech?after=${said}`),
  ]);
  Object.assign(known, { state, faults, receipts });
  if (fresh.length && fresh[0].n <= last) known.log = [];
  known.log = [...known.log, ...fresh].slice(-400);
  known.heard = [...known.heard, ...heard].slice(-400);
  headphones.hear(heard);
  if (!known.personas.length) known.personas = await get("/api/personas");
  await seePhone(state);
  draw();
}

function offerPersonas(id) {
  if (!$(id).options.length) $(id).replaceChildren(...known.personas.map((one) => new Option(one.names[language.now] ?? one.id, one.id)));
}

// While the screen waits for a telephone, the tester can be it: by three buttons, or on the app's own page.
async function seePhone(state) {
  $("phone").hidden = state.screen !== "app";
  if ($("phone").hidden) return;
  offerPersonas("phone-who");
  const url = (await get("/api/words")).find((text) => text.startsWith("https://") && text.includes("/app#"));
  $("phone-page").hidden = !url;
  if (url) $("phone-page").href = url;
}

// What the gateway holds. One that is broken answers late or not at all, and nothing else shall wait for it.
async function askGateway() {
  for (const what of ["entries", "messages"]) {
    try {
      known[what] = await get(`/api/${what}`);
      refusals[what] = "";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusals[what] = `${error.message} ${error.next}`;
    }
  }
  drawHeld();
}

function drawHeld() {
  drawEntries($("entries"), known.entries, refusals.entries);
  drawMessages($("messages"), known.messages, refusals.messages);
}

function draw() {
  const { state } = known;
  if (!state) return;
  $("screen").classList.toggle("turned", state.display.width > state.display.height);
  $("picture").alt = word("picture", state.screen);
  drawControls($("controls"), known.elements, state.display, pressed, acts.draw);
  $("s-screen").textContent = state.screen;
  $("s-session").textContent = state.session.id && state.screen !== "attract" ? word("session", state.session.id) : word("noSession");
  $("s-language").textContent = state.language;
  $("s-scale").textContent = String(state.modes.text_scale ?? "");
  $("s-turn").textContent = word(state.display.width > state.display.height ? "landscape" : "portrait");
  drawTray($("tray"), known.personas, state.devices.slot.card, acts.persona);
  const front = state.devices.slot.card === "technician", own = Boolean(state.devices.own_slot.card);
  $("badge-front").setAttribute("aria-pressed", String(front));
  $("badge-front").disabled = own;
  $("badge-own").setAttribute("aria-pressed", String(own));
  $("badge-own").disabled = front;
  offerPersonas("identity-who");
  $("identity-lay").setAttribute("aria-pressed", String(Boolean(state.devices.identity.card)));
  $("pull").disabled = !state.devices.slot.card;
  $("swap").disabled = !state.devices.slot.card;
  drawDevices(state, known.faults, acts);
  drawRoll($("roll"), state.devices.printer, acts.take);
  drawPapers($("papers"), known.receipts);
  drawKeypad($("keypad"), acts.key);
  drawHeard($("heard"), known.heard);
  drawOutbox($("outbox"), state.outbox);
  drawLog($("log"), known.log, onlyAlarms);
  overall(state);
}

function overall(state) {
  const broken = known.faults.faults.length > 0 || !state.devices.network.up;
  const [mark, text] = broken ? ["m-att", word("broken")] : state.outbox.pending > 0 ? ["m-held", word("held")] : ["m-saved", word("ready")];
  if ($("overall").textContent !== text) $("overall").replaceChildren(icon(mark), text);
}

// ------------------------------------------------------------------------------------------------ the hand

// A pointer touches where it points; a keyboard presses the middle of what has the focus.
function pressed(id, event) {
  const byPointer = event.detail > 0;
  act(() => post("/api/touch", byPointer ? placeOf(event) : { id }));
}

function placeOf(event) {
  const box = $("picture").getBoundingClientRect();
  const { width, height } = known.state.display;
  const inside = (value, size) => Math.min(size - 1, Math.max(0, Math.round(value)));
  return {
    x: inside((event.clientX - box.left) * width / box.width, width),
    y: inside((event.clientY - box.top) * height / box.height, height),
  };
}

$("picture").addEventListener("click", (event) => act(() => post("/api/touch", placeOf(event))));
$("badge-front").addEventListener("click", () => acts.persona("technician", known.state.devices.slot.card === "technician"));
$("badge-own").addEventListener("click", () => acts.badge(!known.state.devices.own_slot.card));
$("identity-lay").addEventListener("click", () => acts.identity(known.state.devices.identity.card ? null : $("identity-who").value));
$("pull").addEventListener("click", () => act(() => post("/api/card/remove")));
$("swap").addEventListener("click", () => act(async () => {
  const now = known.personas.findIndex((persona) => persona.id === known.state.devices.slot.card);
  const next = known.personas[(now + 1) % known.personas.length];
  await post("/api/card/remove");
  await new Promise((done) => { setTimeout(done, SWAP_MS); });
  await post("/api/card/insert", { persona: next.id });
}));
$("mute-card").addEventListener("click", () => act(async () => {
  const { card } = known.personas[0];
  if (known.state.devices.slot.card) await post("/api/card/remove");
  await post("/api/card/insert", { card: { ...card, quirks: { ...card.quirks, mute_after_apdus: 0 } } });
}));
$("phone-in").addEventListener("click", () => act(async () => {
  await post("/api/phone", { do: "scan", persona: $("phone-who").value });
  await post("/api/phone", { do: "agree" });
}));
$("phone-yes").addEventListener("click", () => act(() => post("/api/phone", { do: "approve" })));
$("typing").addEventListener("submit", (event) => {
  event.preventDefault();
  act(async () => {
    await post("/api/type", { text: $("text").value });
    $("text").value = "";
  });
});
$("monkey").addEventListener("click", () => act(async () => {
  const { width, height } = known.state.display;
  for (let n = 0; n < 20; n += 1) {
    await post("/api/touch", { x: Math.floor(Math.random() * width), y: Math.floor(Math.random() * height) });
  }
}));
$("reset").addEventListener("click", () => act(async () => {
  await post("/api/reset");
  known.log = [];
  known.heard = [];
  headphones.hush();
}));
$("language").addEventListener("click", () => { speak(language.now === "en" ? "zh-Hans" : "en"); draw(); drawHeld(); });
$("only-alarms").addEventListener("click", (event) => {
  onlyAlarms = !onlyAlarms;
  event.currentTarget.setAttribute("aria-pressed", String(onlyAlarms));
  draw();
});

$("hear").addEventListener("click", (event) => {
  headphones.turn(!headphones.on);
  event.currentTarget.setAttribute("aria-pressed", String(headphones.on));
  act(() => post("/api/headphones", { plugged: headphones.on }));
});
prepareScenarios(tell, async () => {
  known.log = [];
  known.heard = [];
  await Promise.allSettled([look(), learn(), askGateway()]);
});

// ------------------------------------------------------------------------------------------------ own card

function fillEditor() {
  const persona = known.personas.find((one) => one.id === $("start-from").value) ?? known.personas[0];
  $("document").value = JSON.stringify(persona.card, null, 2);
}

$("write").addEventListener("click", () => {
  $("start-from").replaceChildren(...known.personas.map((persona) => make("option", { value: persona.id }, `${persona.names[language.now]} · ${persona.note[language.now]}`)));
  $("editor-told").textContent = "";
  fillEditor();
  $("editor").showModal();
});
$("start-from").addEventListener("change", fillEditor);
$("editor-cancel").addEventListener("click", () => $("editor").close());
$("card-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  let card;
  try {
    card = JSON.parse($("document").value);
  } catch (error) {
    $("editor-told").textContent = word("notJson", error.message);
    return;
  }
  try {
    if (known.state.devices.slot.card) await post("/api/card/remove");
    await post("/api/card/insert", { card });
    $("editor").close();
    await act(async () => {});
  } catch (error) {
    $("editor-told").textContent = error instanceof Refused ? `${error.message} ${error.next}` : word("gone");
  }
});

// ------------------------------------------------------------------------------------------------ the loop

async function every(ms, work) {
  for (;;) {
    if (!document.hidden) {
      try {
        await work();
        if (lost) $("told").hidden = true;
        lost = false;
      } catch (error) {
        tell(error);
        lost = !(error instanceof Refused);
        if (lost) $("overall").replaceChildren(icon("m-stop"), word("gone"));
      }
    }
    await new Promise((done) => { setTimeout(done, ms); });
  }
}

speak(language.now);
every(SCREEN_EVERY_MS, look);
every(FACTS_EVERY_MS, learn);
every(FACTS_EVERY_MS, askGateway);
