// The tactile keypad and the headphones: what a citizen who does not see presses and hears.
import { make, redraw } from "./parts.js";
import { word } from "./words.js";

const KEYS = [
  "help", "up", "repeat",
  "left", "ok", "right",
  "back", "down", "skip",
  "louder", "softer", "faster", "slower",
];
const SHOWN = 40;

export function drawKeypad(holder, press) {
  redraw(holder, KEYS, () => KEYS.map((key) => make("button", {
    type: "button", class: `button key key-${key}`, "data-key": `key.${key}`, onclick: () => press(key),
  }, word(`key.${key}`))));
}

export function drawHeard(holder, heard) {
  const atEnd = holder.scrollTop + holder.clientHeight >= holder.scrollHeight - 40;
  const last = heard.slice(-SHOWN);
  const changed = redraw(holder, [last.at(-1)?.n ?? 0, last.length], () => last.length
    ? last.map((one) => one.kind === "say" ? make("p", { lang: one.language }, one.text) : make("p", { class: "facts" }, word("sound", one.text)))
    : [make("p", { class: "facts" }, word("nothingHeard"))]);
  if (changed && atEnd) holder.scrollTop = holder.scrollHeight;
}

// The terminal's own voice, from the bench. What comes later takes the place of what is still being said, as it does
// in the terminal: a sentence that is being said is cut off by the next screen.
export class Headphones {
  constructor(trouble) {
    this.on = false;
    this.trouble = trouble;
    this.queue = [];
    this.playing = null;
  }

  turn(on) {
    this.on = on;
    if (!on) this.hush();
  }

  hush() {
    this.queue = [];
    this.playing?.pause();
    this.playing = null;
  }

  hear(fresh) {
    if (!this.on || !fresh.length) return;
    this.hush();
    this.queue = fresh.map((one) => one.n);
    this.next();
  }

  next() {
    const n = this.queue.shift();
    if (n === undefined) { this.playing = null; return; }
    const sound = new Audio(`/api/speech/${n}.wav`);
    this.playing = sound;
    sound.addEventListener("ended", () => { if (this.playing === sound) this.next(); });
    sound.addEventListener("error", () => { if (this.playing === sound) { this.hush(); this.trouble(); } });
    sound.play().catch(() => {});
  }
}
