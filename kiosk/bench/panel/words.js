// Every word of the panel, in Chinese and English. `data-w` names the text of an element, `data-wl` its label,
// `data-wp` its placeholder.
export const WORDS = {
  "zh-Hans": {
    skip: "跳到屏幕", title: "试验台", subtitle: "没有接任何真的设备 · 网关、读卡器、打印机都在这一页里",
    reset: "全部重来", screen: "屏幕", controls: "屏幕上的按钮", picture: "终端的屏幕，现在是 {0}",
    cards: "卡", cardsHint: "点一张就插，再点就拔", pull: "拔卡", swap: "0.3 秒换卡", muteCard: "不出声的卡", write: "写一张…",
    inSlot: "插着", ownCard: "写的卡", faults: "设备和毛病", faultsHint: "按下就坏，再按就好",
    reader: "读卡器", printer: "打印机", network: "网络", clock: "时钟",
    hand: "手", handHint: "代替手指，按屏幕上的键", typeLabel: "要按的键", type: "按这些键", monkey: "乱点 20 下",
    paper: "出纸", papers: "{0} 张", noPaper: "还没有纸出来", paperText: "纸上的字", paperAlt: "第 {0} 张纸", noPicture: "没有出纸",
    outbox: "待发", outboxHint: "断电不丢", pending: "没发出", acked: "网关收了", head: "链头 {0}", oldest: "最早的等了 {0}",
    entries: "网关收了什么", entriesCount: "{0} 条", noEntries: "还没有收到", seq: "序号", what: "什么", number: "编号",
    where: "终端", content: "内容", log: "发生了什么", onlyAlarms: "只看告警",
    more: "更多毛病", rating: "评价 {0}",
    editor: "写一张卡", startFrom: "从这个人的卡改起", document: "卡的内容（JSON）", cancel: "不写了", insertThis: "插这张卡",
    ready: "一切就绪", held: "有没发出的", broken: "有东西坏着", gone: "试验台没有回答", session: "会话 {0}", noSession: "没有会话",
    portrait: "竖屏", landscape: "横屏", up: "通", cut: "断了", slow: "慢 {0} 毫秒", lossy: "丢 {0}%",
    cutIt: "断网", slowIt: "慢 800 毫秒", loseIt: "丢一半", twoMinutes: "快 2 分钟", oneDay: "快 1 天", ahead: "快了 {0}",
    notJson: "这不是 JSON：{0}", seconds: "{0} 秒", minutes: "{0} 分 {1} 秒", days: "{0} 天", other: "English", otherLang: "en",
  },
  en: {
    skip: "Skip to the screen", title: "Tester's bench", subtitle: "No real device · gateway, reader, printer are on this page",
    reset: "Start afresh", screen: "Screen", controls: "Buttons on the screen", picture: "The terminal's screen, now {0}",
    cards: "Cards", cardsHint: "Press to insert, again to pull", pull: "Pull card", swap: "Swap in 0.3 s", muteCard: "Mute card", write: "Write one…",
    inSlot: "inserted", ownCard: "own card", faults: "Devices and faults", faultsHint: "Press to break, again to mend",
    reader: "Reader", printer: "Printer", network: "Network", clock: "Clock",
    hand: "Hand", handHint: "Presses keys on the screen", typeLabel: "Keys to press", type: "Press these", monkey: "20 random touches",
    paper: "Paper", papers: "{0} printed", noPaper: "No paper yet", paperText: "Words on it", paperAlt: "Paper {0}", noPicture: "no paper came out",
    outbox: "Outbox", outboxHint: "Survives a power cut", pending: "not sent", acked: "received", head: "chain head {0}", oldest: "oldest waits {0}",
    entries: "What the gateway holds", entriesCount: "{0} entries", noEntries: "Nothing yet", seq: "Seq", what: "What", number: "Number",
    where: "Terminal", content: "Content", log: "What happened", onlyAlarms: "Only alarms",
    more: "More faults", rating: "rating of {0}",
    editor: "Write a card", startFrom: "Start from the card of", document: "The card's content (JSON)", cancel: "Cancel", insertThis: "Insert this card",
    ready: "All ready", held: "Something is not sent yet", broken: "Something is broken", gone: "The bench does not answer", session: "session {0}", noSession: "no session",
    portrait: "portrait", landscape: "landscape", up: "up", cut: "cut", slow: "{0} ms slow", lossy: "loses {0}%",
    cutIt: "Cut", slowIt: "800 ms slow", loseIt: "Lose half", twoMinutes: "2 min ahead", oneDay: "1 day ahead", ahead: "{0} ahead",
    notJson: "This is not JSON: {0}", seconds: "{0} s", minutes: "{0} min {1} s", days: "{0} d", other: "中文", otherLang: "zh-Hans",
  },
};

// Names of faults and device states; what is not here is shown as its code.
const CODES = {
  "zh-Hans": {
    unplug: "拔线", "paper-out": "没纸", "near-end": "快没纸", "cover-open": "开盖", mute: "不回话", "power-off": "断电",
    "power-cut": "打到一半断电", "cutter-jam": "切刀卡住", cutter: "切刀卡住", "head-hot": "打印头过热", held: "被占着",
    "power-cycle": "断电又来电", unrecoverable: "坏了要修", "no-markers": "不报打完", slow: "打得慢", noise: "乱回话", ready: "好的", fault: "有毛病",
    empty: "空着", present: "有卡", absent: "没有", "reader-absent": "没有读卡器", ok: "有纸", out: "没纸", closed: "盖着", open: "开着",
    done: "打好了", sending: "正在发", sent: "发完了", printed: "打出来了", not_printed: "没打", partial: "打了一部分",
    printed_not_cut: "没切", unknown: "不知道", blocked: "停住了", queued: "排着队",
  },
  en: {
    unplug: "Unplug", held: "Held by another", "power-cycle": "Power blip", unrecoverable: "Needs repair", "no-markers": "No proof",
    slow: "Slow", noise: "Noise", "cutter-jam": "Cutter jam", "head-hot": "Hot head", "paper-out": "No paper", "near-end": "Paper low", "cover-open": "Cover open", mute: "Mute", "power-off": "Power off",
    "power-cut": "Power cut midway", "reader-absent": "no reader", not_printed: "not printed", printed_not_cut: "not cut",
  },
};

export const language = { now: localStorage.getItem("bench.language") === "en" ? "en" : "zh-Hans" };

export function word(key, ...values) {
  let text = WORDS[language.now][key] ?? key;
  values.forEach((value, index) => { text = text.replace(`{${index}}`, String(value)); });
  return text;
}

export function code(name) {
  return CODES[language.now][name] ?? String(name ?? "").replaceAll("_", " ");
}

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole >= 86400) return word("days", Math.floor(whole / 86400));
  return whole < 60 ? word("seconds", whole) : word("minutes", Math.floor(whole / 60), String(whole % 60).padStart(2, "0"));
}

// Put the words of this language on everything that stands in the page itself.
export function speak(next) {
  language.now = next;
  localStorage.setItem("bench.language", next);
  document.documentElement.lang = next;
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-w]")) element.textContent = word(element.dataset.w);
  for (const element of document.querySelectorAll("[data-wl]")) element.setAttribute("aria-label", word(element.dataset.wl));
  for (const element of document.querySelectorAll("[data-wp]")) element.placeholder = word(element.dataset.wp);
  const toggle = document.getElementById("language");
  toggle.textContent = word("other");
  toggle.lang = word("otherLang");
}
