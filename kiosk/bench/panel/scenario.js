// Saving what was done as a scenario, and playing one on this bench.
import { post, Refused } from "./api.js";
import { icon, make } from "./parts.js";
import { word } from "./words.js";

const $ = (id) => document.getElementById(id);

async function recorded() {
  const answer = await fetch(`/api/recording?name=${encodeURIComponent($("scenario-name").value || word("recordedName"))}`);
  return answer.text();
}

async function save() {
  const url = URL.createObjectURL(new Blob([await recorded()], { type: "text/yaml" }));
  make("a", { href: url, download: "recorded.yaml" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function told(outcome) {
  const mark = outcome.passed ? "m-saved" : "m-stop";
  const line = outcome.passed ? word("passed", outcome.scenario, outcome.seconds.toFixed(1)) : word("failedAt", outcome.line, outcome.failed);
  const steps = outcome.steps.map((one) => make("li", {}, make("code", {}, one.step), ` ${one.screen}`));
  return [make("p", { class: outcome.passed ? "" : "wrong" }, icon(mark, "mark"), " ", line), make("ol", {}, ...steps)];
}

async function play(learn) {
  const button = $("play");
  button.disabled = true;
  $("player").close();
  $("outcome").replaceChildren(make("p", {}, word("playing")));
  try {
    $("outcome").replaceChildren(...told(await post("/api/play", { scenario: $("scenario").value })));
  } catch (error) {
    const why = error instanceof Refused ? `${error.message} ${error.next}` : word("gone");
    $("outcome").replaceChildren(make("p", { class: "wrong" }, why));
  } finally {
    button.disabled = false;
    await learn();
  }
}

// `tell` shows an error; `learn` looks at the bench anew.
export function prepareScenarios(tell, learn) {
  $("save-scenario").addEventListener("click", () => save().catch(tell));
  $("open-player").addEventListener("click", () => $("player").showModal());
  $("from-session").addEventListener("click", async () => {
    try { $("scenario").value = await recorded(); } catch (error) { tell(error); }
  });
  $("scenario-file").addEventListener("change", async (event) => {
    const [file] = event.currentTarget.files;
    if (file) $("scenario").value = await file.text();
  });
  $("player-close").addEventListener("click", () => $("player").close());
  $("player-form").addEventListener("submit", (event) => {
    event.preventDefault();
    play(learn);
  });
}

