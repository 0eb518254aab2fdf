"""The form: filled-in rows, one question a screen with its pad, and the last look. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import (
    Beside,
    CheckRow,
    CheckRows,
    Choices,
    Control,
    DateField,
    Fact,
    Facts,
    Field,
    Gap,
    Keyboard,
    Keypad,
    Notice,
    Pager,
    Piece,
    Prefilled,
    PrefilledRows,
    ScreenModel,
    Tick,
    Ticks,
    Tiles,
    Words,
)
from kiosk.services import forms, views
from kiosk.services.definition import Choice, FieldDefinition, words
from kiosk.services.display import shown_date, told
from kiosk.session.asking import events as asked
from kiosk.session.asking.picking import moves
from kiosk.session.common import application_of
from kiosk.session.form import check_fields, current, kind_of, may_change, pages, per_page
from kiosk.view_model.asking import phone, picking
from kiosk.view_model.asking.new_pin import new_pin
from kiosk.view_model.asking.writing import LETTERS, letter_rows, text_body
from kiosk.view_model.frame import Scene, back, button, primary
from kiosk.view_model.service import agency_name, stepped

PROBLEMS = {
    "answer-missing": "请填上，再继续",
    "answer-form": "写法不对，请看一看",
    "answer-number": "请只写数字",
    "answer-low": "数太小了，最少 {limit}",
    "answer-high": "数太大了，最多 {limit}",
    "answer-date": "没有这一天，请看一看",
    "answer-month": "没有这个月，请看一看",
    "answer-future": "这一天还没有到",
}
HOW_WRITTEN = {"phone": "要写 11 位：手机号，或者 020 开头的座机", "email": "要像 name@example.cn 这样写"}
"""How an answer of a type is written, said where `answer-form` says only that it is not."""
EMAIL_LETTERS = ("qwertyuiop", "asdfghjkl@", "zxcvbnm.-_")


def form(scene: Scene) -> ScreenModel:
    return question(scene) if application_of(scene.session).question else rows(scene)


ORIGIN_ICONS = {"card": "card", "identity": "card", "app": "phone", "answer": "person", "usual": "person"}
"""The mark of a value by where it came from; an agency's has the agency's."""


def source(scene: Scene, value: forms.Value) -> tuple[str, str]:
    """Return where a value came from, in words, and its icon."""
    say = scene.say
    own = {
        "card": say("来自您的卡"),
        "identity": say("来自您的身份证"),
        "app": say("登录时知道的"),
        "answer": say("您说的"),
        "usual": say("多数人这样选"),
    }.get(value.origin)
    return own or source_words(scene, value.agency, value.updated), ORIGIN_ICONS.get(value.origin, "agency")


def source_words(scene: Scene, agency: str, updated: str) -> str:
    """Return which agency holds a value, and since when it is so."""
    day = shown_date(updated, scene.language)
    return scene.say("来自{a} · {d}更新", a=agency_name(scene, agency), d=day)


def rows(scene: Scene) -> ScreenModel:
    """What the city or the card knows, filled in, a page at a time."""
    say = scene.say
    application, form_, plan = current(scene.session)
    size = per_page(scene.session, "form")
    count = pages(len(plan.rows), size)
    page = min(application.page, count - 1)
    shown = plan.rows[page * size : page * size + size]
    made: list[Prefilled] = []
    for item in shown:
        value = forms.value_of(form_, item)
        assert value is not None
        words_, icon = source(scene, value)
        disputed = item.id in form_.disputed
        wrong = _wrong(scene, item, disputed=disputed)
        made.append(
            Prefilled(
                words(item.label, scene.language),
                (_said(scene, form_, item) if disputed else "") or forms.shown(form_, item, scene.language),
                _disputed(scene, form_, item) if disputed else words_,
                icon,
                wrong,
                disputed,
            )
        )
    subtitle = say("卡里有的先填上，其余由部门补。")
    if scene.session.by_app:
        subtitle = say("登录时知道的先填上，其余由部门补。")
    if scene.session.by_identity:
        subtitle = say("身份证上有的先填上，其余由部门补。")
    if application.fetched:
        subtitle = say("都是替您查来的，不用填。")
    values = [forms.value_of(form_, item) for item in shown]
    if application.fetched and any(value is not None and value.origin == "usual" for value in values):
        subtitle = say("替您填好了，不合适可以改。")
    hint = (Words(say("说“不对”不会停下来：先照您说的办，再请部门更正。"), icon="help"),)
    disputable = any(item.edit == "correct" for item in shown)
    model = stepped(scene, 3, say("看资料对不对"))
    return replace(
        model,
        title=say("请看看，这些对吗？"),
        subtitle=subtitle,
        body=(
            PrefilledRows(tuple(made)),
            *pager(scene, page, count),
            Gap(),
            *(phone.way(scene, roomy=False) or (hint if disputable else ())),
        ),
        back=back(scene),
        primary=primary(scene, say("都对，继续") if page == count - 1 else say("看下一页")),
    )


def _disputed(scene: Scene, form_: forms.Form, item: FieldDefinition) -> str:
    if form_.said.get(item.id):
        return scene.say("您说的，先照办，部门会核对")
    return scene.say("您说不对，先照办，部门会核对")


def _wrong(scene: Scene, item: FieldDefinition, *, disputed: bool) -> Control | None:
    say = scene.say
    if item.edit == "change":
        return button(scene, Control(f"change.{item.id}", "secondary", say("改"), e.ChangeAsked(item.id), "edit"))
    if item.edit == "correct":
        text = say("取消") if disputed else say("不对")
        made = Control(f"wrong.{item.id}", "secondary", text, e.FieldDisputed(item.id), "flag", selected=disputed)
        return button(scene, made)
    return None


def pager(scene: Scene, page: int, count: int) -> tuple[Piece, ...]:
    """Return the buttons that turn pages, where there is more than one."""
    if count == 1:
        return ()
    say = scene.say
    up = Control("page.up", "secondary", say("上一页"), e.PageTurned(-1), "up", enabled=page > 0)
    down = Control("page.down", "secondary", say("下一页"), e.PageTurned(1), "down", enabled=page < count - 1)
    text = say("第 {n} 页，共 {m} 页", n=page + 1, m=count)
    return (Pager(text, button(scene, up), button(scene, down)),)


def question(scene: Scene) -> ScreenModel:
    """One question, with the pad that its type needs."""
    say = scene.say
    application, form_, plan = current(scene.session)
    item = form_.definition.field(application.question)
    if moves.in_levels(scene.session):
        return picking.page(scene)
    if application.changing == "wrong":
        return picking.written(scene, _wrong_value(scene, form_, item))
    if application.changing == "proof":
        return _wrong_proof(scene, form_, item)
    ids = [field.id for field in plan.questions]
    left = len(ids) - ids.index(item.id) if not application.changing else 0
    detail = say("最后 1 个问题") if left == 1 else say("还差 {n} 个问题", n=left) if left else say("只改这一项")
    if item.type == "new-pin":
        return new_pin(scene)
    if item.type in forms.CHOSEN:
        value = forms.value_of(form_, item)
        body, ready = _choice_body(scene, form_, item), value is not None and value.text != ""
    else:
        body = _typed_body(scene, item)
        ready = application.typed != "" and not application.writing.begun
    model = replace(
        stepped(scene, 4, detail),
        title=words(item.label, scene.language),
        subtitle=words(item.help, scene.language) if item.help["zh-Hans"] else "",
        body=body,
        back=back(scene),
        primary=primary(scene, say("继续"), enabled=ready or (not item.required and not application.writing.begun)),
    )
    return picking.written(scene, model)


def _wrong_value(scene: Scene, form_: forms.Form, item: FieldDefinition) -> ScreenModel:
    """What is right instead, beside what is held (58). Nobody has to know it: then the office looks."""
    say, application = scene.say, application_of(scene.session)
    value = forms.prefilled(form_, item)
    assert value is not None
    held = forms.shown(form_, item, scene.language)
    who = agency_name(scene, value.agency) if value.origin == "city" else say("卡里")
    since = say("{d}更新", d=shown_date(value.updated, scene.language)) if value.updated else ""
    chosen = item.type in forms.CHOSEN
    body = _choice_body(scene, form_, item, application.typed) if chosen else _typed_body(scene, item)
    first, subtitle = body[0], say("{a}记的是：{x}", a=who, x=held)
    label = words(item.label, scene.language)
    if isinstance(first, Field | DateField) and isinstance(body[-1], Keypad):  # letters leave no room for two boxes
        body = (Beside(say("{a}记的", a=who), held, since, say("您说的"), first), *body[1:])
        subtitle = ""
    known = application.typed != ""
    return replace(
        stepped(scene, 3, say("更正一项")),
        title=label if scene.session.modes.reach else say("{x}应该是什么？", x=label),
        subtitle=subtitle,
        body=body,
        back=back(scene, say("不改了"), "cross"),
        primary=primary(
            scene, say("继续") if known else say("说不准，请部门去查"), enabled=not application.writing.begun
        ),
    )


def _wrong_proof(scene: Scene, form_: forms.Form, item: FieldDefinition) -> ScreenModel:
    """Whether there is a proof of it, and what happens then."""
    say = scene.say
    value = forms.prefilled(form_, item)
    assert value is not None
    chosen = form_.said[item.id].get("proof", "")
    ways = (
        Control("proof.later", "choice", say("有，以后交"), asked.ProofChosen("later"), selected=chosen == "later"),
        Control("proof.none", "choice", say("没有，请部门去查"), asked.ProofChosen("none"), selected=chosen == "none"),
    )
    who = agency_name(scene, value.agency) if value.origin == "city" else agency_name(scene, form_.definition.agency)
    then = (
        Tick("current", say("先照您说的办")),
        Tick("todo", say("{a}核对", a=who)),
        Tick("todo", say("核对的结果和办件结果一起告诉您")),
    )
    return replace(
        stepped(scene, 3, say("更正一项")),
        title=say("有证明吗？"),
        subtitle=say("现在不用拿出来。"),
        body=(
            Facts((Fact(_said(scene, form_, item), say("您说的")),)),
            Choices(tuple(button(scene, one) for one in ways), radio=True),
            Gap(),
            Ticks(then),
        ),
        back=back(scene),
        primary=primary(scene, say("照我说的办"), enabled=chosen != ""),
    )


def _said(scene: Scene, form_: forms.Form, item: FieldDefinition) -> str:
    """What the citizen says instead, as the screen shows it; empty where it was left open."""
    text = form_.said.get(item.id, {}).get("said", "")
    return forms.shown(replace(form_, answers={**form_.answers, item.id: text}), item, scene.language) if text else ""


def _choice_body(
    scene: Scene, form_: forms.Form, item: FieldDefinition, chosen: str | None = None
) -> tuple[Piece, ...]:
    """The choices of a question; `chosen` is what is selected instead of the answer."""
    if moves.picking(scene.session).seeking:
        return picking.of_choices(scene)
    found = forms.options(form_, item)
    size = moves.size(scene.session)
    page = min(application_of(scene.session).page, moves.pages(scene.session) - 1)
    value = forms.value_of(form_, item)
    controls = tuple(
        button(
            scene,
            Control(
                f"choice.{item.id}.{choice.value}",
                "choice",
                words(choice.names, scene.language),
                e.AnswerChosen(choice.value),
                detail=_left(scene, choice),
                enabled=choice.left != 0,
                selected=choice.value == (value.text if chosen is None and value is not None else chosen),
            ),
        )
        for choice in found[page * size : page * size + size]
    )
    if not controls:
        return (Notice("att", scene.say("现在没有可以选的"), scene.say("请返回，换一个地方或者换一天。")), Gap())
    piece = Tiles(controls) if kind_of(item) == "times" else Choices(controls, radio=True)
    return (piece, *picking.turning(scene))


def _left(scene: Scene, choice: Choice) -> str:
    """How many are left, where that matters."""
    if choice.left is None:
        return ""
    return scene.say("还有 {n} 个", n=choice.left) if choice.left else scene.say("约满了")


def _typed_body(scene: Scene, item: FieldDefinition) -> tuple[Piece, ...]:
    application = application_of(scene.session)
    typed = application.typed
    error = _error(scene, item) if application.problem else ""
    if item.type == "date":
        field = DateField(item.id, typed[:4], typed[4:6], typed[6:8], error)
        return (field, _digits(scene, item))
    if item.type in {"number", "money", "phone", "month"}:
        after = scene.say("元") if item.type == "money" else ""
        return (Field(item.id, typed, after=after, error=error), _digits(scene, item))
    letters = _letters(scene, EMAIL_LETTERS if item.type == "email" else LETTERS)
    return text_body(scene, item, Field(item.id, typed, error=error), letters)


def _error(scene: Scene, item: FieldDefinition) -> str:
    """What is wrong with the answer and, as far as the terminal knows it, what would be right."""
    application, form_, _ = current(scene.session)
    limit = item.low if application.problem == "answer-low" else forms.bounded(form_, item).high
    known = "" if limit is None else told(item.type, f"{limit:.2f}".removesuffix(".00"), scene.language)
    how = HOW_WRITTEN.get(item.type) if application.problem == "answer-form" else None
    return scene.say(how or PROBLEMS[application.problem], limit=known)


def _digits(scene: Scene, item: FieldDefinition) -> Keypad:
    say = scene.say
    point = item.type == "money"
    keys = [Control(f"key.{digit}", "key", digit, e.KeyTyped(digit)) for digit in "123456789"]
    clear = Control("key.clear", "key", say("全部清除"), e.KeysErased(all=True), "cross")
    dot = Control("key.point", "key", ".", e.KeyTyped("."))
    zero = Control("key.0", "key", "0", e.KeyTyped("0"))
    delete = Control("key.delete", "key", say("删一位"), e.KeysErased(), "backspace")
    ordered = (*keys, dot if point else clear, zero, delete)
    return Keypad(tuple(button(scene, control) for control in ordered))


def _letters(scene: Scene, rows_: tuple[str, ...]) -> Keyboard:
    digits = tuple(button(scene, Control(f"key.{key}", "key", key, e.KeyTyped(key))) for key in "1234567890")
    return Keyboard((digits, *letter_rows(scene, rows_)))


def pad(scene: Scene, item: FieldDefinition) -> Keypad | Keyboard:
    """Return the keys for an answer of this type."""
    if item.type in {"number", "money", "phone", "month", "date"}:
        return _digits(scene, item)
    return _letters(scene, EMAIL_LETTERS if item.type == "email" else LETTERS)


def check(scene: Scene) -> ScreenModel:
    """The last look: 改 only where the citizen answered."""
    say = scene.say
    application, form_, plan = current(scene.session)
    found = check_fields(form_, plan)
    size = per_page(scene.session, "check")
    count = pages(len(found), size)
    page = min(application.page, count - 1)
    made = tuple(_check_row(scene, form_, item) for item in found[page * size : page * size + size])
    last = page == count - 1
    signs = say("您的卡会替您签名。") if scene.session.holder is not None else ""
    how = say("接着请在手机上同意，才算提交。") if scene.session.by_app else signs
    how = say("身份证已证明是您本人。") if scene.session.by_identity else how
    says = Notice("info", say("按“提交”，就是说：以上都是真的"), how)
    return replace(
        stepped(scene, 5, say("最后看一遍")),
        title=say("最后看一遍，再提交"),
        body=(CheckRows(made), *pager(scene, page, count), Gap(), *((says,) if last else ())),
        back=back(scene),
        primary=primary(scene, say("提交") if last else say("看下一页")),
    )


def _check_row(scene: Scene, form_: forms.Form, item: FieldDefinition) -> CheckRow:
    value = forms.value_of(form_, item)
    assert value is not None
    label, shown = words(item.label, scene.language), forms.shown(form_, item, scene.language)
    catalogue = scene.session.world.catalogue
    if item.shown_as and catalogue is not None:
        shown = views.text_as(item.shown_as, value.text, catalogue, scene.language)
    if item.type == "new-pin":
        shown = scene.say("想好了，不显示")
    if may_change(form_, item):
        change = Control(f"change.{item.id}", "secondary", scene.say("改"), e.ChangeAsked(item.id), "edit")
        return CheckRow(label, shown, change=button(scene, change))
    if item.id in form_.disputed:
        said = _said(scene, form_, item)
        doubted = scene.say("您说的，要核对") if said else scene.say("您说不对")
        return CheckRow(label, said or shown, doubted, source_icon="person")
    came = {"card": scene.say("卡里的"), "usual": scene.say("多数人这样选"), "answer": scene.say("您选的"),
            "app": scene.say("登录时知道的"), "identity": scene.say("身份证上的")}  # fmt: skip
    icon = ORIGIN_ICONS.get(value.origin, "agency")
    return CheckRow(label, shown, came.get(value.origin, scene.say("查来的")), source_icon=icon)
