"""The whole visit, as a hand makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.kit import PERSONAS, Kiosk


def test_a_citizen_gets_a_household_proof_from_attract_to_attract(kiosk: Kiosk) -> None:
    seen: list[str] = []
    kiosk.to_home()
    assert "陈*娴" in kiosk.words
    kiosk.to_saved()
    assert kiosk.screen.name == "saved"
    assert "公安局已收到" in kiosk.words
    kiosk.touch("primary", "primary")
    assert kiosk.screen.name == "rating"
    kiosk.touch("rating.5", "primary")
    assert kiosk.screen.name == "take-card"
    kiosk.wait(11)
    assert kiosk.sounds.count("reminder") == 2
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    seen = list(dict.fromkeys(screen.name for screen in kiosk.screens))
    assert seen == [
        "attract", "start", "card", "pin", "home", "services", "intro", "consent", "working", "form", "check",
        "saved", "receipt", "rating", "take-card",
    ]  # fmt: skip
    application, rating = kiosk.store.documents
    assert application["number"] == rating["number"]
    assert application["kind"] == "application"
    assert application["fields"]["name"] == {"value": "陈晓娴", "origin": "city"}  # pyright: ignore
    assert rating["score"] == 5
    (receipt,) = kiosk.paper.receipts
    assert str(application["number"]) in receipt.text
    assert "公安局已收到" in receipt.text
    assert "陈晓娴" not in receipt.text
    assert {screen.place for screen in kiosk.screens} == {"榕树街便民服务中心"}, "as at a place that there is"
    assert "榕树街便民服务中心" in receipt.text
    assert "T0001" in receipt.text.replace(str(application["number"]), "")


def test_the_card_signs_what_is_handed_in(kiosk: Kiosk) -> None:
    import base64

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    from kiosk.workers.desks import canonical

    kiosk.to_home().to_saved()
    document = dict(kiosk.store.documents[0])
    proof = document.pop("card_signature")
    document.pop("number")
    raw = base64.b64decode(proof["signature"])  # pyright: ignore
    key = x509.load_der_x509_certificate(base64.b64decode(proof["certificate"])).public_key()  # pyright: ignore
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(signature, canonical(document), ec.ECDSA(hashes.SHA256()))


def test_with_the_network_cut_the_visit_completes_and_says_not_yet_sent(kiosk: Kiosk) -> None:
    kiosk.cut().to_home().to_saved()
    assert kiosk.screen.name == "saved"
    assert "已记在本机，还没发出" in kiosk.words
    assert "已收到" not in kiosk.words
    kiosk.touch("primary", "primary")
    (receipt,) = kiosk.paper.receipts
    assert "已记在本机，还没发出" in receipt.text
    assert "NOT YET SENT" in receipt.text
    fields = kiosk.store.documents[0]["fields"]
    assert fields["name"]["origin"] == "card"  # pyright: ignore
    assert "hukou" not in fields  # pyright: ignore
    assert kiosk.store.documents[0]["data"] == "card"


def test_the_receipt_of_the_gateway_arrives_while_the_screen_still_says_not_sent(kiosk: Kiosk) -> None:
    kiosk.cut().to_home().to_saved()
    kiosk.store.acked = 1
    kiosk.wait(1)
    assert "公安局已收到" in kiosk.words


def test_in_english_every_word_of_the_visit_is_english(kiosk: Kiosk) -> None:
    kiosk.to_home(language="language.en").to_saved()
    kiosk.touch("primary")
    assert kiosk.screen.name == "receipt"
    assert "How do you want the receipt?" in kiosk.words


@pytest.mark.parametrize("landscape", [False, True])
def test_the_residence_service_is_rendered_from_its_definition(tmp_path: Path, landscape: bool) -> None:
    kiosk = Kiosk(tmp_path, landscape=landscape)
    kiosk.to_home("newcomer").to_intro("residence").touch("primary", "primary").through_form()
    assert kiosk.screen.name == "check"
    kiosk.submit().wait(1)
    assert kiosk.screen.name == "saved"
    assert kiosk.store.documents[0]["service"] == "residence"
    kiosk.close()


def test_someone_registered_here_is_told_that_residence_is_not_for_them(kiosk: Kiosk) -> None:
    kiosk.to_home("parent").to_intro("residence").touch("primary", "primary")
    assert kiosk.screen.name == "failure.not-eligible"
    kiosk.touch("back")
    assert kiosk.screen.name == "intro"


def test_a_child_is_sent_to_a_guardian(kiosk: Kiosk) -> None:
    kiosk.to_home("child").to_intro().touch("primary")
    assert kiosk.screen.name == "failure.not-eligible"


def test_the_next_citizen_finds_nothing_of_the_one_before(kiosk: Kiosk) -> None:
    kiosk.touch("mode.large", "mode.contrast").to_home(language="language.en")
    assert kiosk.screen.modes.text_scale == 1.25
    kiosk.touch("finish").pull()
    assert kiosk.screen.modes.text_scale == 1.0
    assert kiosk.screen.language == "zh-Hans"
    holder = PERSONAS["parent"].card["holder"]
    assert holder["name"] not in repr(kiosk.terminal.runtime.session)  # pyright: ignore
    assert kiosk.terminal.runtime.session.holder is None


def test_looking_around_without_a_card_leads_to_the_card_and_then_to_the_service(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.browse", "event.moved", "service.household-proof", "primary")
    assert kiosk.screen.name == "card"
    kiosk.insert()
    kiosk.pin("123456")
    assert kiosk.screen.name == "intro"


def test_a_card_put_in_before_anything_is_touched_begins_a_visit(kiosk: Kiosk) -> None:
    kiosk.insert()
    assert kiosk.screen.name == "pin"


def test_refusing_consent_goes_on_with_the_card_alone(kiosk: Kiosk) -> None:
    kiosk.to_home().to_intro().touch("primary", "consent.refuse").through_form().submit().wait(1)
    assert kiosk.city.asked == []
    assert kiosk.store.documents[0]["consent"] == {"given": False, "subjects": []}
