// Every word of the panel, in Chinese and English. `data-w` names the text of an element, `data-wl` its label,
// `data-wp` its placeholder.
export const WORDS = {
  "zh-Hans": {
    skip: "跳到屏幕", title: "试验台", subtitle: "没有接任何真的设备 · 网关、读卡器、打印机都在这一页里",
    reset: "全部重来", screen: "屏幕", controls: "屏幕上的按钮", picture: "终端的屏幕，现在是 {0}",
    cards: "卡", cardsHint: "点一张就插，再点就拔", pull: "拔卡", swap: "0.3 秒换卡", muteCard: "不出声的卡", write: "写一张…",
    technician: "技术员卡", badgeFront: "插市民卡口", badgeOwn: "插技术员卡口", badgePin: "密码 24681357",
    identity: "身份证读卡器", identityCard: "身份证", identityLay: "放在感应区",
    phone: "手机", phoneIn: "扫码，输数字，同意", phoneYes: "同意提交", phonePage: "自己当手机（打开页面）",
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
    gateway: "网关", after: "打印机的毛病，再打几行以后", afterNow: "马上", rollLeft: "纸还有 {0} 米，满卷 {1} 米", takeReceipt: "取走嘴里的凭条",
    ear: "键盘和耳机", hear: "戴上耳机", keypad: "有凸点的键盘", heard: "说了什么", nothingHeard: "还没有说话。按「再说」，就开始说。", sound: "♪ {0}",
    noVoice: "听不到：这台机器没有 espeak-ng，或者浏览器不放声音",
    "key.help": "帮助", "key.up": "上", "key.repeat": "再说", "key.left": "左", "key.ok": "确定", "key.right": "右", "key.back": "返回", "key.down": "下",
    "key.skip": "跳过", "key.louder": "大声", "key.softer": "小声", "key.faster": "说快", "key.slower": "说慢",
    scenarios: "剧本", scenariosHint: "做过的都记着，可以再演一遍", scenarioName: "剧本叫什么", saveScenario: "存成剧本", replay: "再演…",
    player: "演一个剧本", scenarioFile: "从文件拿", fromSession: "拿刚才做的", scenarioText: "剧本（YAML）", close: "关上", play: "从头演",
    playing: "正在演，屏幕上看得见……", passed: "演完了，都对：{0}（{1} 秒）", failedAt: "第 {0} 行不对：{1}", recordedName: "试验台上做的",
    messages: "短信和邮件", messagesCount: "{0} 条", noMessages: "还没有发过", sms: "短信", email: "邮件",
    notJson: "这不是 JSON：{0}", seconds: "{0} 秒", minutes: "{0} 分 {1} 秒", days: "{0} 天", other: "English", otherLang: "en",
  },
  en: {
    skip: "Skip to the screen", title: "Tester's bench", subtitle: "No real device · gateway, reader, printer are on this page",
    reset: "Start afresh", screen: "Screen", controls: "Buttons on the screen", picture: "The terminal's screen, now {0}",
    cards: "Cards", cardsHint: "Press to insert, again to pull", pull: "Pull card", swap: "Swap in 0.3 s", muteCard: "Mute card", write: "Write one…",
    technician: "Technician card", badgeFront: "into the citizens' slot", badgeOwn: "into its own slot", badgePin: "PIN 24681357",
    identity: "Identity reader", identityCard: "Identity card", identityLay: "Lay on its reader",
    phone: "Phone", phoneIn: "Scan, type the digits, agree", phoneYes: "Approve the form", phonePage: "Be the phone (open the page)",
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
    gateway: "Gateway", after: "Printer faults strike after so many lines", afterNow: "at once", rollLeft: "{0} m of {1} m left on the roll", takeReceipt: "Take the receipt from the mouth",
    ear: "Keypad and headphones", hear: "Put headphones on", keypad: "Tactile keypad", heard: "What was said", nothingHeard: "Nothing was said yet. Press Repeat to begin.", sound: "♪ {0}",
    noVoice: "No sound: espeak-ng is missing on this machine, or the browser does not play",
    "key.help": "Help", "key.up": "Up", "key.repeat": "Repeat", "key.left": "Left", "key.ok": "OK", "key.right": "Right", "key.back": "Back", "key.down": "Down",
    "key.skip": "Skip", "key.louder": "Louder", "key.softer": "Softer", "key.faster": "Faster", "key.slower": "Slower",
    scenarios: "Scenarios", scenariosHint: "What you do is kept and can be played again", scenarioName: "Name of the scenario", saveScenario: "Save as scenario", replay: "Replay…",
    player: "Play a scenario", scenarioFile: "From a file", fromSession: "What I just did", scenarioText: "Scenario (YAML)", close: "Close", play: "Play",
    playing: "Playing; watch the screen…", passed: "Passed: {0} ({1} s)", failedAt: "Line {0}: {1}", recordedName: "Recorded at the panel",
    messages: "Texts and e-mails", messagesCount: "{0} sent", noMessages: "None yet", sms: "Text", email: "E-mail",
    notJson: "This is not JSON: {0}", seconds: "{0} s", minutes: "{0} min {1} s", days: "{0} d", other: "中文", otherLang: "zh-Hans",
  },
};

// Names of faults and device states; what is not here is shown as its code.
const CODES = {
  "zh-Hans": {
    unplug: "拔线", pulled: "读到一半拿走", cut: "只读到一半", "paper-out": "没纸", "near-end": "快没纸", "cover-open": "开盖", mute: "不回话", "power-off": "断电",
    "power-cut": "打到一半断电", "cutter-jam": "切刀卡住", cutter: "切刀卡住", "head-hot": "打印头过热", held: "被占着",
    "power-cycle": "断电又来电", unrecoverable: "坏了要修", "no-markers": "不报打完", slow: "慢", down: "停了", refusing: "不收（503）", "battery-dead": "电池没电（2001 年）",
    reachable: "有回答", unreachable: "没有回答", waiting: "嘴里有凭条", "presenter-jam": "出纸口卡住", lying: "乱报", noise: "乱回话", ready: "好的", fault: "有毛病",
    empty: "空着", present: "有卡", absent: "没有", "reader-absent": "没有读卡器", ok: "有纸", out: "没纸", closed: "盖着", open: "开着",
    done: "打好了", sending: "正在发", sent: "发完了", printed: "打出来了", not_printed: "没打", partial: "打了一部分",
    printed_not_cut: "没切", unknown: "不知道", blocked: "停住了", queued: "排着队",
  },
  en: {
    unplug: "Unplug", pulled: "Lifted while read", cut: "Half a reading", held: "Held by another", "power-cycle": "Power blip", unrecoverable: "Needs repair", "no-markers": "No proof",
    slow: "Slow", down: "Down", refusing: "Refuses (503)", "battery-dead": "Dead battery (2001)", reachable: "answers",
    unreachable: "does not answer", waiting: "receipt in the mouth", "presenter-jam": "Mouth jammed", lying: "Lies", noise: "Noise", "cutter-jam": "Cutter jam", "head-hot": "Hot head", "paper-out": "No paper", "near-end": "Paper low", "cover-open": "Cover open", mute: "Mute", "power-off": "Power off",
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
