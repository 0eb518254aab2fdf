"""The resident identity card module on its serial line: the twin behind a pty, frames, and bytes from a bad cable."""

from __future__ import annotations

import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cards import resident_id
from drivers.errors import CardMute, CardProtocolError, CardRemoved, NoCard, ReaderGone
from drivers.readers import sdt_frame as sdt
from drivers.readers.sdt_serial import SdtModule
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.chips.resident_id import text_of
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.sdt_module import SimSdtModule
from tests.cards import ID_NUMBER, resident_document

Pair = tuple[SimSdtModule, SdtModule]


@pytest.fixture(params=[False, True], ids=["plain", "fingerprints"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with SimSdtModule(fingerprints=request.param) as sim:
        module = SdtModule(sim.port, reply_s=1.0)
        yield sim, module
        module.close()


def test_a_card_is_laid_on_the_module_and_read(pair: Pair) -> None:
    sim, module = pair
    assert module.status()
    sim.place(resident_document())
    reading = module.read()
    assert (reading.facts.profile, reading.facts.expires) == ("resident-id", "")
    assert (reading.holder.name, reading.holder.id_number, reading.holder.ethnic_group) == ("测试人", ID_NUMBER, 11)
    assert (reading.holder.birth_date, reading.holder.address) == ("1990-01-01", "试验市试验路1号")
    assert len(reading.photo) == 1024
    assert reading.warnings == ()
    assert "测试人" not in repr(reading)
    with pytest.raises(NoCard):
        module.read()
    sim.take()
    sim.place(resident_document(card={"expires": "2035-05-06"}))
    assert module.read().facts.expires == "2035-05-06"


def test_a_card_that_is_laid_down_later_is_found(pair: Pair) -> None:
    sim, module = pair
    with pytest.raises(NoCard):
        module.read()
    sim.place(resident_document())
    assert module.read().holder.id_number == ID_NUMBER


def test_the_card_is_lifted_while_it_is_read(pair: Pair) -> None:
    sim, module = pair
    sim.place(resident_document())
    sim.fault("pulled")
    with pytest.raises(CardRemoved):
        module.read()
    sim.fault("pulled", on=False)
    assert module.read().holder.id_number == ID_NUMBER


def test_noise_on_the_line_is_passed_over(pair: Pair) -> None:
    sim, module = pair
    sim.place(resident_document())
    sim.fault("noise")
    assert module.read().holder.id_number == ID_NUMBER


@pytest.mark.parametrize(("fault", "error"), [("checksum", CardProtocolError), ("cut", CardMute), ("mute", CardMute)])
def test_a_module_that_does_not_behave_and_comes_back(pair: Pair, fault: str, error: type[Exception]) -> None:
    sim, module = pair
    module._reply_s = 0.2
    sim.place(resident_document())
    sim.fault(fault)
    with pytest.raises(error):
        module.read()
    sim.fault(fault, on=False)
    assert module.read().holder.id_number == ID_NUMBER


def test_a_fault_that_no_module_has() -> None:
    with SimSdtModule() as sim, pytest.raises(ValueError, match="known faults"):
        sim.fault("fire")


def test_the_cable_is_not_there() -> None:
    with pytest.raises(ReaderGone):
        SdtModule("/dev/no-such-line")


def test_the_cable_is_pulled_while_the_line_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The open succeeds, the settings do not; what pyserial lets through is no `OSError`."""

    def gone(*_arguments: object) -> None:
        raise termios.error(5, "Input/output error")

    with SimSdtModule() as sim:
        monkeypatch.setattr(termios, "tcsetattr", gone)
        with pytest.raises(ReaderGone):
            SdtModule(sim.port)


def test_the_cable_is_pulled() -> None:
    sim = SimSdtModule()
    module = SdtModule(sim.port, reply_s=0.2)
    sim.close()
    sim.close()
    with pytest.raises((ReaderGone, CardMute)):
        module.status()
    module.close()
    module.close()
    with pytest.raises(ReaderGone):
        module.status()


def test_such_a_card_does_not_go_into_a_slot() -> None:
    with pytest.raises(CardDocumentError, match="module of its own"):
        SimCard.from_document(resident_document())


def test_the_frame_of_the_standard() -> None:
    assert sdt.frame(sdt.FIND).hex().upper() == "AAAAAA96690003200122"
    assert sdt.frame(sdt.SELECT).hex().upper() == "AAAAAA96690003200221"
    assert sdt.frame(sdt.READ).hex().upper() == "AAAAAA96690003300132"


def test_what_is_odd_warns_and_what_is_wrong_is_refused() -> None:
    document = resident_document()
    document["holder"]["id_number"] = ID_NUMBER[:17] + ("1" if ID_NUMBER[17] != "1" else "2")
    text = bytearray(text_of(document))
    text[32:36] = "xx".encode("utf-16-le")
    seen: list[str] = []
    _, holder = resident_id.parse(bytes(text), seen.append)
    assert (seen, holder.ethnic_group) == (["id-check-digit", "ethnic-group-code"], None)
    for place, broken in ((36, "19901301"), (122, "x" * 18), (0, " " * 15), (0, "\x07" * 15)):
        wrong = bytearray(text)
        wrong[place : place + 2 * len(broken)] = broken.encode("utf-16-le")
        with pytest.raises(CardProtocolError):
            resident_id.parse(bytes(wrong), seen.append)


@given(st.binary(max_size=600))
def test_bytes_of_a_line_are_frames_or_refused_and_never_pile_up(raw: bytes) -> None:
    buffer = bytearray(raw)
    for _ in range(len(raw) + 2):
        before = len(buffer)
        try:
            body = sdt.take_body(buffer)
        except sdt.BadFrame:
            assert len(buffer) < before
            continue
        if body is None:
            break
    assert len(buffer) <= sdt.MAX_BODY + 7


@given(st.binary(min_size=2, max_size=200), st.binary(max_size=9))
def test_a_frame_is_found_behind_noise(body: bytes, noise: bytes) -> None:
    buffer = bytearray(noise.replace(b"\xaa", b"") + sdt.frame(body))
    assert sdt.take_body(buffer) == body
    assert not buffer


@given(st.binary(max_size=300))
def test_a_reading_of_any_bytes(data: bytes) -> None:
    try:
        text, photo = sdt.split_reading(data)
    except sdt.BadFrame:
        return
    assert len(text) + len(photo) <= len(data)


@given(st.binary(min_size=256, max_size=256))
def test_a_text_of_any_bytes(text: bytes) -> None:
    try:
        resident_id.parse(text, lambda _code: None)
    except CardProtocolError:
        return


@pytest.mark.parametrize("name", ["测　试", "测\ue81e", "测·试", "𠮷"])
def test_a_name_that_is_rarely_written_so_is_a_name(name: str) -> None:
    text = name.encode("utf-16-le").ljust(30, b"\0") + text_of(resident_document())[30:]
    assert resident_id.parse(text, lambda _code: None)[1].name == name
