"""How a citizen wants to be told: who chooses e-mail and has none is asked for it; nobody else is."""

from __future__ import annotations

from tests.scenario.kit import Kiosk


def to_settings(kiosk: Kiosk, persona: str) -> None:
    kiosk.to_home(persona).touch("event.records", "service.contact", "primary", "primary")
    while "change.notify" not in kiosk.controls:
        kiosk.touch("primary")


def finish(kiosk: Kiosk) -> dict[str, object]:
    for _ in range(12):
        if kiosk.screen.name not in {"form", "check"}:
            break
        choices = [control for control in kiosk.controls.values() if control.id.startswith("choice.")]
        if choices and not any(choice.selected for choice in choices):
            kiosk.touch(choices[0].id)
        kiosk.touch("primary")
    kiosk.wait(1)
    assert kiosk.screen.name == "saved"
    return dict(kiosk.store.documents[-1]["fields"])  # type: ignore[call-overload]


def test_who_chooses_email_and_has_none_types_it(kiosk: Kiosk) -> None:
    to_settings(kiosk, "elder")
    kiosk.touch("change.notify", "choice.notify.email", "primary")
    while "key.a" not in kiosk.controls:
        choices = [control for control in kiosk.controls.values() if control.id.startswith("choice.")]
        if choices and not any(choice.selected for choice in choices):
            kiosk.touch(choices[0].id)
        kiosk.touch("primary")
    assert "验证码" in kiosk.words
    kiosk.touch(*(f"key.{letter}" for letter in "wang@example.com"), "primary")
    fields = finish(kiosk)
    assert fields["notify"] == {"value": "email", "origin": "answer"}
    assert fields["email"] == {"value": "wang@example.com", "origin": "answer"}


def test_who_wants_text_messages_is_not_asked_for_an_email(kiosk: Kiosk) -> None:
    to_settings(kiosk, "elder")
    fields = finish(kiosk)
    assert fields["notify"] == {"value": "sms", "origin": "city"}
    assert "email" not in fields
