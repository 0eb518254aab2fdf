"""A terminal without a network joins by a stick; and the medium with which it is installed."""

from __future__ import annotations

import datetime
import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kiosk.__main__ import app
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache.errors import (
    AuthorityMismatch,
    BadSignature,
    CacheError,
    MalformedMessage,
    StorageFailed,
)
from offline_cache.joining.join import KEY_FILE, Joining
from offline_cache.joining.site import SiteData, beside, checked, encode, load
from offline_cache.joining.stick import take_answer, write_request
from offline_cache.wire.fleet.carried import ANSWER, REQUEST, decode_carried
from offline_cache.wire.fleet.joining import RENEW_PATH, encode_renewal
from provisioning.gateway import authority as authorities
from provisioning.gateway.enrolment.bindings import AGAIN_S, Bindings
from provisioning.gateway.enrolment.carried import Answered, answer_requests
from provisioning.media import write_medium
from tests.gateway_kit import GatewayKit

URL = "https://gateway.example:8443"
PLACE = {"place.zh-Hans": "南塘村 1 号机", "office": "nantang", "district": "440103"}


class Away:
    """A gateway in the city, a terminal without a network, and a stick that a technician carries between them."""

    def __init__(self, folder: Path) -> None:
        self.kit = GatewayKit(folder / "gateway")
        self.stick, self.state = folder / "stick", folder / "state"
        self.stick.mkdir()
        self.state.mkdir(mode=0o700)
        self.site = checked(URL, self.kit.authority.ca_hash, "GZ-K2", "2027-00318")

    def answer(self) -> list[Answered]:
        """At the gateway."""
        kit = self.kit
        bindings = Bindings(kit.store, kit.authority, kit.clock)

        def published(terminal: str) -> dict[str, tuple[str, bytes]]:
            configuration = kit.gateway.published.configuration(terminal)
            directory = kit.gateway.published.directory()
            current = kit.gateway.releaser.catalogue.current()
            return {"configuration": (configuration.etag, configuration.signed),
                    "directory": (directory.etag, directory.signed), "catalogue": (current.etag, current.signed),
                    "something-newer": ('"1"', b"x")}  # fmt: skip

        requests = {file.name: file.read_bytes() for file in self.stick.glob(f"*{REQUEST}")}
        answered = answer_requests(requests, bindings, kit.authority, URL, PLACE, published)
        for one in answered:
            if one.content:
                (self.stick / one.file.replace(REQUEST, ANSWER)).write_bytes(one.content)
        return answered

    def change(self, old: bytes, new: bytes) -> None:
        (file,) = self.stick.glob(f"*{ANSWER}")
        content = file.read_bytes()
        assert old in content
        file.write_bytes(content.replace(old, new, 1))


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    made = Away(tmp_path)
    yield made
    made.kit.store.close()


def test_a_request_goes_out_and_certificate_and_signed_configuration_come_back(away: Away) -> None:
    assert take_answer(away.state, away.site, away.stick) is None
    shown = write_request(away.state, away.site, away.stick)
    (done,) = away.answer()
    assert (done.code, done.terminal, done.problem) == (shown.code, "T0001", "")
    joined = take_answer(away.state, away.site, away.stick)
    assert joined is not None
    assert (joined.terminal, joined.gateway_url, joined.site["office"]) == ("T0001", URL, "nantang")
    assert enrolments.load(away.state).model == "GZ-K2"
    for name in ("catalogue", "configuration", "directory"):
        assert catalogue.load(away.state, joined.signing_key, name) is not None, name  # type: ignore[arg-type]
    assert not (away.state / KEY_FILE).exists()
    assert away.kit.call("POST", RENEW_PATH, encode_renewal(_csr(away))).status == 200, "and it is known there"


def _csr(away: Away) -> str:
    from offline_cache.gateway import signing_request

    joined = enrolments.load(away.state)
    return signing_request(joined.private_key, joined.device)


def test_a_plug_pulled_after_any_step_goes_on_with_the_same_key(away: Away) -> None:
    first = write_request(away.state, away.site, away.stick)
    again = write_request(away.state, away.site, away.stick)
    assert again.fingerprint == first.fingerprint
    assert len(list(away.stick.glob(f"*{REQUEST}"))) == 1, "one request of one terminal"
    away.answer()
    # The answer was taken in, and the plug was pulled before the last file: it is simply taken in again.
    take_answer(away.state, away.site, away.stick)
    key = (away.state / enrolments.KEY_FILE).read_bytes()
    (away.state / KEY_FILE).write_bytes(key)
    (away.state / enrolments.ENROLMENT_FILE).unlink()
    joined = take_answer(away.state, away.site, away.stick)
    assert joined is not None
    assert (away.state / enrolments.KEY_FILE).read_bytes() == key
    # By screen or by stick: it is one key.
    other = Joining(away.state.parent, URL, away.kit.authority.ca_hash, "m", "s")
    assert other.offer.fingerprint == write_request(away.state.parent, away.site, away.stick).fingerprint


def test_the_same_stick_twice_brings_the_same_terminal_and_days_later_nothing(away: Away) -> None:
    write_request(away.state, away.site, away.stick)
    away.answer()
    (again,) = away.answer()
    assert again.terminal == "T0001"
    away.kit.clock.pass_s(AGAIN_S + 3600)
    (late,) = away.answer()
    assert late.problem == "token-used"
    assert len(away.kit.store.terminals()) == 1


def test_a_stick_that_was_exchanged_changed_or_cut_brings_nothing_in(away: Away, tmp_path: Path) -> None:
    write_request(away.state, away.site, away.stick)
    away.answer()
    (file,) = away.stick.glob(f"*{ANSWER}")
    whole = file.read_bytes()
    with pytest.raises(AuthorityMismatch):
        take_answer(away.state, checked(URL, "ab" * 32), away.stick)
    fields = json.loads(whole)
    other = authorities.create(tmp_path / "thief", (), datetime.datetime.now(datetime.UTC))
    for wrong, error in (
        ({**fields, "signature": fields["signature"][:-4] + "AAAA"}, BadSignature),
        ({**fields, "payload": fields["payload"][:-8]}, MalformedMessage),
        ({"payload": fields["payload"]}, MalformedMessage),
    ):
        file.write_text(json.dumps(wrong))
        with pytest.raises(error):
            take_answer(away.state, away.site, away.stick)
    file.write_bytes(whole[:-100])
    with pytest.raises(MalformedMessage):
        take_answer(away.state, away.site, away.stick)
    file.unlink()
    assert take_answer(away.state, away.site, away.stick) is None
    assert not enrolments.is_enrolled(away.state)
    with pytest.raises(AuthorityMismatch):
        decode_carried(whole, other.ca_hash)


def test_one_stick_serves_two_terminals_and_each_takes_its_own(away: Away, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir(mode=0o700)
    write_request(away.state, away.site, away.stick)
    write_request(second, away.site, away.stick)
    (away.stick / f"kiosk-broken{REQUEST}").write_text("{}")
    problems = sorted(one.problem for one in away.answer())
    assert problems == ["", "", "malformed"]
    joined = [take_answer(folder, away.site, away.stick) for folder in (away.state, second)]
    assert sorted(one.terminal for one in joined if one is not None) == ["T0001", "T0002"]


def test_a_stick_that_is_full_or_gone_is_told_and_the_key_is_kept(away: Away, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        write_request(away.state, away.site, tmp_path / "no-stick")
    with pytest.raises(StorageFailed):
        take_answer(away.state, away.site, tmp_path / "no-stick")
    with pytest.raises(StorageFailed):
        write_request(away.state, away.site, Path("/dev/full").parent / "null")
    mark = (away.state / KEY_FILE).read_bytes()
    write_request(away.state, away.site, away.stick)
    assert (away.state / KEY_FILE).read_bytes() == mark


def run(*arguments: str) -> tuple[int, list[dict[str, object]], str]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.output


def test_two_commands_and_a_stick_between_them(away: Away, tmp_path: Path) -> None:
    config = tmp_path / "etc/settings.toml"
    config.parent.mkdir()
    config.write_text("")
    (config.parent / "site.toml").write_bytes(encode(away.site))
    here = ("--state", str(away.state), "--config", str(config))
    code, told, output = run("enrol", "--stick", str(away.stick), *here)
    assert code == 0, output
    gateway = ("gateway", "enrol-stick", str(away.stick), "--dir", str(away.kit.folder), "--gateway", URL)
    code, answered, output = run(*gateway, "--office", "nantang")
    assert code == 0, output
    assert (answered[0]["code"], answered[0]["problem"]) == (told[0]["code"], "")
    code, joined, output = run("enrol", "--stick", str(away.stick), *here)
    assert code == 0, output
    assert joined == [{"terminal": "T0001", "gateway": URL}]
    brought = catalogue.load(away.state, enrolments.load(away.state).signing_key, "directory")
    assert brought is not None
    served = away.kit.gateway.published.directory_content()
    assert brought.content == json.loads(served), "the stick brings what the server serves"
    assert brought.content["hospitals"]
    code, told, _ = run(*gateway, "--office", "atlantis")
    assert (code, told[-1]["error"]) == (1, "no-office")
    for file in away.stick.iterdir():
        file.unlink()
    code, told, _ = run(*gateway, "--office", "nantang")
    assert (code, told[-1]["error"]) == (1, "no-request")


# --- the site's data ------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    site = checked("https://[::1]:8443/", "sha256:" + "AB:" * 31 + "AB", "GZ-K2", "1")
    assert site.ca_hash == "ab" * 32
    (tmp_path / "site.toml").write_bytes(encode(site))
    assert load(tmp_path / "site.toml") == site
    assert load(tmp_path / "other.toml") is None
    assert beside(None) is None
    assert beside(Path("/etc/kiosk/settings.toml")) == Path("/etc/kiosk/site.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('gateway_url = "http://x"\nca_hash = "' + "a" * 64 + '"', "gateway_url is not https"),
        ('gateway_url = "https://x:84430"\nca_hash = "' + "a" * 64 + '"', "gateway_url is not https"),
        ('gateway_url = "https://x"\nca_hash = "abc"', "ca_hash is not 64"),
        ('gateway_url = "https://x"', "missing: ca_hash"),
        ('gateway_url = "https://x"\nca_hash = "a"\ntoken = "x"', "unknown: token"),
        ("gateway_url =", "not TOML"),
        (f'gateway_url = "https://x"\nca_hash = "{"a" * 64}"\nmodel = "<b>"', "model is not"),
    ],
)
def test_site_data_that_cannot_be_used_name_the_field(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(text)
    with pytest.raises(MalformedMessage, match=said):
        load(tmp_path / "site.toml")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(CacheError):
        decode_carried(data, "ab" * 32)


@settings(max_examples=60, deadline=None)
@given(
    st.from_regex(r"https://[a-z0-9.\-]{1,40}(:[1-9][0-9]{0,3})?", fullmatch=True),
    st.binary(min_size=32, max_size=32),
)
def test_any_site_can_be_written_down(url: str, mark: bytes) -> None:
    site = checked(url, mark.hex())
    assert SiteData(**tomllib.loads(encode(site).decode())) == site


# --- the medium -----------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk_1.0_amd64.deb"
    file.write_bytes(b"!<arch>\ndebian-binary   and so on")
    return file


def whole(stick: Path) -> bool:
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    return subprocess.run(command, cwd=stick, capture_output=True, check=False).returncode == 0


def test_a_medium_has_the_package_the_site_and_a_script_that_looks_first(tmp_path: Path, package: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    wanted = tmp_path / "mine.toml"
    wanted.write_text("idle_timeout_s = 90\n")
    arguments = ["media", "write", str(stick), "--deb", str(package), "--gateway", URL, "--ca-hash", "ab" * 32]
    code, told, output = run(*arguments, "--settings", str(wanted))
    assert code == 0, output
    assert told[0]["files"] == ["install.sh", package.name, "settings.toml", "site.toml", "SHA256SUMS"]
    assert whole(stick)
    assert load(stick / "site.toml") == checked(URL, "ab" * 32)
    assert subprocess.run(["/bin/sh", "-n", str(stick / "install.sh")], check=False).returncode == 0
    # Written again without settings: those of the last time are gone.
    code, told, output = run(*arguments)
    assert code == 0, output
    assert whole(stick)
    assert not (stick / "settings.toml").exists()
    (stick / package.name).write_bytes(b"another one")
    assert not whole(stick)


def test_a_medium_pulled_out_while_it_was_written_installs_nothing(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    site = checked(URL, "ab" * 32)
    write_medium(stick, package, site, None)

    def pulled(*_: object) -> None:
        raise OSError(5, "pulled out")

    with monkeypatch.context() as patch:
        patch.setattr("provisioning.media.shutil.copyfile", pulled)
        with pytest.raises(StorageFailed, match="write it again"):
            write_medium(stick, package, site, None)
    assert not whole(stick)
    write_medium(stick, package, site, None)
    assert whole(stick)


def test_settings_that_no_terminal_would_start_with_are_not_carried_to_it(tmp_path: Path, package: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("idle_timeout_s = 5\n")
    arguments = ["media", "write", str(tmp_path), "--deb", str(package), "--gateway", URL, "--ca-hash", "ab" * 32]
    code, told, _ = run(*arguments, "--settings", str(bad))
    assert (code, told[0]["error"]) == (1, "settings-invalid")
    code, told, _ = run(*arguments[:-1], "abc")
    assert (code, told[0]["error"]) == (1, "malformed")


def test_a_wrong_medium_and_a_wrong_package_are_told_and_the_right_ones_go_on(tmp_path: Path, package: Path) -> None:
    stick, site = tmp_path / "stick", checked(URL, "ab" * 32)
    with pytest.raises(StorageFailed, match="write it again"):
        write_medium(stick, package, site, None)  # nothing is mounted there
    stick.mkdir()
    write_medium(stick, package, site, None)
    for name, content in (("other_1.0.deb", package.read_bytes()), ("kiosk_2.0_amd64.deb", b"a page that says 404")):
        wrong = tmp_path / name
        wrong.write_bytes(content)
        with pytest.raises(MalformedMessage, match="make deb"):
            write_medium(stick, wrong, site, None)
        assert whole(stick), "what was on it is still good"
    assert len(list(stick.glob("*.deb"))) == 1


def test_a_medium_that_is_full_is_told_and_installs_nothing(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, site = tmp_path / "stick", checked(URL, "ab" * 32)
    stick.mkdir()

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half of")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("provisioning.media.shutil.copyfile", full)
        with pytest.raises(StorageFailed, match="No space left"):
            write_medium(stick, package, site, None)
    assert not whole(stick)
    write_medium(stick, package, site, None)
    assert whole(stick)


def test_the_script_run_again_leaves_settings_that_were_changed_on_the_terminal(tmp_path: Path, package: Path) -> None:
    stick, etc, tools = tmp_path / "stick", tmp_path / "etc", tmp_path / "tools"
    stick.mkdir()
    tools.mkdir()
    for name, says in (("id", "echo 0"), ("apt-get", ":")):
        (tools / name).write_text(f"#!/bin/sh\n{says}\n")
        (tools / name).chmod(0o755)
    (tmp_path / "mine.toml").write_text("idle_timeout_s = 90\n")
    arguments = ["media", "write", str(stick), "--deb", str(package), "--gateway", URL, "--ca-hash", "ab" * 32]
    assert run(*arguments, "--settings", str(tmp_path / "mine.toml"))[0] == 0

    def install() -> str:
        script = (stick / "install.sh").read_text().replace("/etc/kiosk", str(etc))
        (stick / "here.sh").write_text(script)
        environment = {"PATH": f"{tools}:/usr/bin:/bin"}
        done = subprocess.run(
            ["/bin/sh", "here.sh"], cwd=stick, env=environment, capture_output=True, text=True, check=True
        )
        return done.stderr

    assert install() == ""
    assert (etc / "settings.toml").read_text() == "idle_timeout_s = 90\n"
    assert install() == ""
    (etc / "settings.toml").write_text("idle_timeout_s = 60\n")
    assert "settings.toml stays" in install()
    assert (etc / "settings.toml").read_text() == "idle_timeout_s = 60\n"
    assert (etc / "settings.toml.medium").read_text() == "idle_timeout_s = 90\n"
    assert load(etc / "site.toml") == checked(URL, "ab" * 32)
