"""A terminal joins by its screen and a technician's telephone; every wrong turn says so and goes on."""

from __future__ import annotations

import datetime
import errno
import hashlib
import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kiosk.__main__ import app
from offline_cache import enrolment as enrolments
from offline_cache.errors import MalformedMessage, StorageFailed
from offline_cache.joining.join import JOINING_FILE, Joining, Progress, follow, words
from offline_cache.wire.fleet.joining import LIFE_S, decode_join, offer
from provisioning.gateway import authority as authorities
from provisioning.gateway.enrolment.bindings import Bindings
from provisioning.gateway.serve import PeerCertificateProtocol, listen
from tests.gateway_kit import Clock, GatewayKit

DEADLINE_S = 20


class Site:
    """A gateway that answers over TLS on loopback, and a state folder beside it."""

    def __init__(self, folder: Path, now: datetime.datetime | None = None) -> None:
        now = now or datetime.datetime.now(datetime.UTC)
        authorities.create(folder / "gateway", (), now)
        self.kit = GatewayKit(folder / "gateway")
        self.kit.clock.ms = Clock(now).ms
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.listener = listen("127.0.0.1", 0)
        tls = self.kit.authority.server_tls()
        config = uvicorn.Config(
            self.kit.app,
            log_config=None,
            lifespan="off",
            ws="none",
            ssl_context_factory=lambda _c, _d: tls,
            http=PeerCertificateProtocol,
        )
        self.server = uvicorn.Server(config)
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()
        self.kit.store.close()

    def joining(self, state: Path | None = None, ca_hash: str = "") -> Joining:
        clock = _Now(self.kit.clock)
        return Joining(state or self.state, self.url, ca_hash or self.kit.authority.ca_hash, "GZ-K2", "2027-00318",
                       clock=clock)  # fmt: skip


class _Now:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_ms(self) -> int:
        return self._clock.ms

    def mono_ms(self) -> int:
        return self._clock.ms


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.stop()


class Phone:
    """The technician's telephone: a cookie, pages, forms."""

    def __init__(self, kit: GatewayKit) -> None:
        self.kit = kit
        self.cookie = ""

    def get(self, address: str) -> tuple[int, str]:
        answer = self.kit.call("GET", address, headers={"Cookie": self.cookie})
        return answer.status, html.unescape(answer.body.decode())

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        answer = self.kit.call("POST", path, urlencode(fields).encode(), headers={"Cookie": self.cookie})
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer.status, html.unescape(answer.body.decode()), answer.headers.get("location", "")

    def log_in(self, token: str = "", after: str = "/fleet") -> tuple[int, str, str]:
        return self.post("/fleet/login", token=token or self.kit.authority.operator_token, after=after)

    def proof(self) -> str:
        _, page = self.get(f"/enrol?{urlencode({'m': 'x', 's': 'x', 'f': '0' * 64, 'n': '0' * 32})}")
        found = re.search(r'name="proof" value="([0-9a-f]+)"', page)
        assert found
        return found[1]

    def bind(self, joining: Joining, office: str = "rongshu", label: str = "3 号机") -> tuple[int, str, str]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(joining.address).query).items()}
        return self.post("/enrol/bind", **asked, office=office, label=label, proof=self.proof())

    def unbind(self, joining: Joining) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(joining.address).query).items()}
        assert self.post("/enrol/unbind", **asked, proof=self.proof())[0] == 303


@pytest.fixture
def phone(site: Site) -> Phone:
    phone = Phone(site.kit)
    assert phone.log_in()[0] == 303
    return phone


def path_of(joining: Joining) -> str:
    parts = urlsplit(joining.address)
    return f"{parts.path}?{parts.query}"


# --- as it should go ------------------------------------------------------------------------------------------------


def test_a_technician_scans_compares_picks_the_site_and_the_terminal_joins(site: Site, phone: Phone) -> None:
    joining = site.joining()
    assert joining.step().state == "waiting"
    status, page = phone.get(path_of(joining))
    assert status == 200
    assert joining.offer.code in page
    assert "GZ-K2 · 序号 2027-00318" in page
    assert "榕树街便民服务中心" in page
    status, _, onward = phone.bind(joining)
    assert (status, onward) == (303, path_of(joining))
    assert "还剩 15:00" in phone.get(onward)[1]
    seen: list[str] = []
    enrolment = follow(joining, lambda _s: pytest.fail("nothing to wait for"), lambda one: seen.append(one.state))
    assert seen == ["joined"]
    assert enrolments.load(site.state).terminal == enrolment.terminal
    assert enrolment.site["place.zh-Hans"] == "榕树街便民服务中心 3 号机"
    assert enrolment.site["district"] == "440103"
    assert not (site.state / JOINING_FILE).exists()
    assert f"{enrolment.terminal} 登记好了" in phone.get(onward)[1]


def test_the_login_leads_back_to_the_code_that_was_scanned(site: Site) -> None:
    phone, joining = Phone(site.kit), site.joining()
    status, page = phone.get(path_of(joining))
    assert status == 401
    assert joining.offer.code not in page
    assert phone.log_in("wrong")[0] == 401
    assert phone.log_in(after=path_of(joining))[2] == path_of(joining)
    assert phone.log_in(after="https://elsewhere.example/enrol")[2] == "/fleet"
    site.kit.clock.pass_s(13 * 3600)
    assert phone.get("/enrol")[0] == 401


def test_a_form_without_the_session_s_proof_changes_nothing(site: Site, phone: Phone) -> None:
    joining = site.joining()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(joining.address).query).items()}
    status, _, _ = phone.post("/enrol/bind", **asked, office="rongshu", proof="0" * 64)
    assert status == 401
    assert joining.step().state == "waiting"


# --- wrong turns ----------------------------------------------------------------------------------------------------


def said(progress: Progress) -> str:
    happened, following = words(progress)
    assert happened
    assert following
    return happened


def test_another_authority_gets_nothing_and_the_right_hash_goes_on(site: Site, phone: Phone) -> None:
    wrong = site.joining(ca_hash="ab" * 32)
    progress = wrong.step()
    assert progress.state == "wrong-authority"
    assert "not the gateway" in said(progress)
    right = site.joining()
    assert right.offer.fingerprint == wrong.offer.fingerprint, "the key is not made again"
    phone.bind(right)
    assert right.step().state == "joined"


def test_without_a_network_it_waits_and_goes_on_by_itself(site: Site, phone: Phone, tmp_path: Path) -> None:
    joining = site.joining()
    phone.bind(joining)
    away = Joining(site.state, "https://127.0.0.1:9", site.kit.authority.ca_hash, "GZ-K2", "2027-00318")
    assert away.step().state == "no-network"
    assert joining.step().state == "joined"


def test_a_code_that_is_too_old_becomes_a_new_one_for_the_same_key(site: Site, phone: Phone) -> None:
    joining = site.joining()
    old, mark = joining.offer.code, joining.offer.fingerprint
    address = path_of(joining)
    phone.bind(joining)
    site.kit.clock.pass_s(LIFE_S)
    progress = joining.step()
    assert (progress.state, progress.code) == ("new-code", "token-expired")
    assert joining.offer.code != old
    assert joining.offer.fingerprint == mark
    assert "过期" in phone.get(address)[1]
    phone.bind(joining)
    assert joining.step().state == "joined"


def test_a_code_serves_one_terminal_once(site: Site, phone: Phone, tmp_path: Path) -> None:
    joining = site.joining()
    address = path_of(joining)
    phone.bind(joining)
    other = tmp_path / "other"
    other.mkdir()
    thief = site.joining(other)
    thief.offer = offer("GZ-K2", "2027-00318", thief.offer.fingerprint, joining.offer.nonce)
    assert thief.step().state == "waiting", "the code without the key is nothing"
    first = joining.step().enrolment
    assert first is not None
    status, page, _ = phone.bind(joining, "binjiang")
    assert status == 409
    assert "用过了" in page
    assert first.terminal in phone.get(address)[1]
    assert len(site.kit.store.terminals()) == 1


def test_what_was_bound_wrongly_is_unbound_and_bound_again(site: Site, phone: Phone) -> None:
    joining = site.joining()
    phone.bind(joining, "nantang")
    phone.unbind(joining)
    progress = joining.step()
    assert (progress.state, progress.code) == ("new-code", "token-cancelled")
    phone.bind(joining, "rongshu")
    joined = joining.step().enrolment
    assert joined is not None
    assert joined.site["office"] == "rongshu"
    phone.unbind(joining)
    assert all(item.revoked for item in site.kit.store.terminals())


def test_a_plug_pulled_at_any_moment_goes_on_with_the_same_key(site: Site, phone: Phone) -> None:
    first = site.joining()
    again = site.joining()
    assert again.offer == first.offer
    phone.bind(again)
    # The answer was given and never reached the disk: the gateway gives the same certificate to the same key.
    bindings = Bindings(site.kit.store, site.kit.authority, site.kit.clock)
    lost = bindings.join(_request(again))
    assert lost is not None
    joined = site.joining().step().enrolment
    assert joined is not None
    assert joined.terminal == lost.terminal
    assert (site.state / "terminal.crt").read_text() == lost.certificate
    assert len(site.kit.store.terminals()) == 1


@pytest.mark.parametrize("full", [False, True], ids=["plug", "full-disk"])
def test_a_plug_pulled_or_a_disk_full_at_any_file_of_the_enrolment_goes_on_with_the_same_command(
    site: Site, phone: Phone, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each file that is replaced while the answer is kept, in turn; then the same command to its end."""
    first = site.joining()
    phone.bind(first)
    stopped, real = 0, Path.replace
    for at in range(1, 20):
        left = [at]

        def replace(path: Path, target: Path, left: list[int] = left) -> Path:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(errno.ENOSPC if full else errno.EIO, "pulled")
            return real(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            try:
                again = site.joining()
                assert again.offer.fingerprint == first.offer.fingerprint
                joined = again.step().enrolment
            except StorageFailed:
                stopped += 1
                continue
        assert joined is not None
        break
    assert stopped >= 5, "its four files, and what is written before"
    assert enrolments.load(site.state).terminal == "T0001"
    assert len(site.kit.store.terminals()) == 1
    assert not list(site.state.glob(".*.??????????*"))


def test_the_gateway_died_between_admission_and_answer_and_the_terminal_still_joins_once(
    site: Site, phone: Phone
) -> None:
    joining = site.joining()
    phone.bind(joining)
    with site.kit.store.database.transaction() as db:
        db.run("UPDATE enrol_binding SET claimed_ms = ?", site.kit.clock.ms)
    assert joining.step().state == "waiting"
    site.kit.clock.pass_s(31)
    assert joining.step().state == "joined"


def test_a_wrong_clock_is_told_as_that(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    site = Site(tmp_path, now + datetime.timedelta(days=10))
    try:
        joining = Joining(site.state, site.url, site.kit.authority.ca_hash, "GZ-K2", "2027-00318")
        progress = joining.step()
        assert progress.state == "clock-wrong"
        assert -11 * 86_400 < progress.clock_off_s < -9 * 86_400
        assert "clock is off" in said(progress)
        code, told = enrol(site, "--token", "good-token")
        assert (code, told["error"]) == (1, "clock-wrong")
    finally:
        site.stop()


def test_an_address_that_is_no_code_is_told_as_that(phone: Phone) -> None:
    assert phone.get("/enrol?m=a&s=b&f=c&n=d") == (400, phone.get("/enrol?m=a")[1])
    assert "认不出" in phone.get("/enrol?m=a")[1]
    assert "扫屏幕上的码" in phone.get("/enrol")[1]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_request_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_join(data)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=8), st.binary(min_size=1, max_size=8))
def test_the_six_characters_follow_key_and_code(key: bytes, nonce: bytes) -> None:
    mark, number = hashlib.sha256(key).hexdigest(), hashlib.sha256(nonce).hexdigest()[:32]
    found = offer("m", "s", mark, number)
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{3}-[2-9A-HJ-NP-Z]{3}", found.code)
    other = offer("m", "s", hashlib.sha256(key + b"x").hexdigest(), number)
    assert found.code != other.code


def _request(joining: Joining):
    from offline_cache.gateway import signing_request
    from offline_cache.wire.fleet.joining import JoinRequest

    csr = signing_request(joining._key, joining._device)
    return JoinRequest(csr, joining._device, "GZ-K2", "2027-00318", joining.offer.nonce)


def enrol(site: Site, *more: str) -> tuple[int, dict[str, object]]:
    arguments = ["enrol", "--gateway", site.url, "--ca-hash", site.kit.authority.ca_hash, "--state", str(site.state)]
    done = CliRunner().invoke(app, [*arguments, *more, "--json"])
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def test_a_token_works_once_within_its_time_and_every_refusal_keeps_the_folder_as_it_was(site: Site) -> None:
    assert enrol(site, "--token", "made-up") == (1, {"error": "token-invalid"})
    late = site.kit.invite("late", minutes=0)
    assert enrol(site, "--token", late) == (1, {"error": "token-invalid"})
    assert not enrolments.is_enrolled(site.state)
    good = site.kit.invite("good")
    assert enrol(site, "--token", good)[0] == 0
    before = (site.state / "terminal.crt").read_bytes()
    assert enrol(site, "--token", good) == (1, {"error": "token-invalid"}), "a second use"
    assert (site.state / "terminal.crt").read_bytes() == before
    assert enrolments.load(site.state).terminal == "T0001"


def test_the_command_shows_a_code_and_goes_on_where_it_was_cut_off(site: Site, phone: Phone) -> None:
    phone.bind(site.joining())  # the command was begun, its code scanned and bound; then the plug was pulled
    arguments = ["enrol", "--gateway", site.url, "--ca-hash", site.kit.authority.ca_hash, "--state", str(site.state)]
    done = CliRunner().invoke(app, [*arguments, "--model", "GZ-K2", "--serial", "2027-00318", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {"terminal": "T0001", "gateway": site.url}
    assert enrolments.load(site.state).model == "GZ-K2"
