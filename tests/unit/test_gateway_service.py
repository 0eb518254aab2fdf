"""Joining, the catalogue, the page, and everything that is refused."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from offline_cache.messages import decode_enrol_answer, json_object, verify1
from provisioning.gateway.catalogue import CatalogueInvalid
from provisioning.gateway.problems import CODES
from provisioning.gateway.storage.open import open_store
from provisioning.gateway.store import StoreFailed, StoreUnsupported
from tests.gateway_kit import ASSETS, GatewayKit, Terminal


def test_anyone_may_ask_for_health_and_for_the_authority(kit: GatewayKit) -> None:
    assert kit.call("GET", "/v1/health").json == {"status": "ok", "time_ms": kit.clock.ms}
    assert kit.call("GET", "/v1/ca").body.decode() == kit.authority.ca_pem


def test_a_terminal_joins(kit: GatewayKit) -> None:
    terminal = Terminal(kit, "00000000-0000-4000-8000-000000000001")
    answer = decode_enrol_answer(terminal.join(kit.invite()).body)
    assert answer.terminal == terminal.name == "T0001"
    assert answer.ca == kit.authority.ca_pem
    assert answer.sealing_key == kit.authority.sealing_key.public_key().public_bytes_raw()
    assert answer.signing_key == kit.authority.signing_key.public_key().public_bytes_raw()
    assert answer.site == {"place.zh-Hans": "试验室", "place.en": "Laboratory"}
    certificate = x509.load_pem_x509_certificate(answer.certificate.encode())
    certificate.verify_directly_issued_by(kit.authority.ca)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "T0001"
    assert certificate.not_valid_after_utc == kit.clock.now + datetime.timedelta(days=90)
    assert certificate.public_key() == terminal.key.public_key()
    assert kit.enrol().name == "T0002"


def test_a_token_was_used_is_too_old_or_was_never_given(kit: GatewayKit) -> None:
    token = kit.invite("once")
    assert Terminal(kit, "00000000-0000-4000-8000-000000000001").join(token).status == 200
    again = Terminal(kit, "00000000-0000-4000-8000-000000000002").join(token)
    assert (again.status, again.code) == (403, "token-invalid")
    late = kit.invite("late")
    kit.clock.pass_s(15 * 60)
    assert Terminal(kit, "00000000-0000-4000-8000-000000000003").join(late).code == "token-invalid"
    assert Terminal(kit, "00000000-0000-4000-8000-000000000003").join("guess").code == "token-invalid"
    assert len(kit.store.terminals()) == 1


def test_a_key_request_that_cannot_be_used_leaves_the_token_good(kit: GatewayKit) -> None:
    token = kit.invite()
    terminal = Terminal(kit, "00000000-0000-4000-8000-000000000001")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "T0001")])
    other_kind = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = other_kind.public_bytes(serialization.Encoding.PEM).decode()
    for csr in ("-----BEGIN nonsense", pem):
        assert kit.call("POST", "/v1/enrol", terminal.request(token, csr=csr)).code == "malformed"
    assert kit.call("POST", "/v1/enrol", terminal.request(token, device="my terminal")).code == "malformed"
    assert kit.call("POST", "/v1/enrol", terminal.request(token, unknown=1)).code == "malformed"
    doubled = terminal.request(token).replace(b'{"token"', b'{"token": "x", "token"')
    assert kit.call("POST", "/v1/enrol", doubled).code == "malformed"
    assert kit.call("POST", "/v1/enrol", b" " * 20_000).code == "too-large"
    assert kit.store.terminals() == ()
    assert terminal.join(token).status == 200


def test_a_device_that_joins_again_keeps_its_name_and_its_old_certificate_ends(kit: GatewayKit) -> None:
    first = kit.enrol()
    first.record({"number": 1}, {"number": 2})
    first.push(first.batch(1, 1))
    second = kit.enrol(first.device)
    assert second.name == first.name
    assert first.push(first.batch(2, 2)).code == "terminal-revoked"
    second.epoch, second.rows, second.sealing = first.epoch, first.rows, first.sealing
    assert second.push(second.batch(2, 2)).status == 200
    assert kit.store.terminals()[0].entries == 2


def test_the_catalogue_is_signed_and_sent_when_it_changed(tmp_path: Path) -> None:
    services = tmp_path / "services"
    shutil.copytree(ASSETS / "services", services)
    kit = GatewayKit(tmp_path / "gateway", services)
    terminal = kit.enrol()
    answer = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate)
    content = json_object(verify1(answer.body, kit.authority.signing_key.public_key()))
    assert set(content) == {"version", "services", "agencies", "subjects", "codes", "groups"}
    assert {item["id"] for item in content["services"]} >= {"household-proof", "residence"}  # type: ignore[index, union-attr]
    assert len(content["subjects"]) == 44  # type: ignore[arg-type]
    tag = answer.headers["etag"]
    same = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate, headers={"If-None-Match": f'"x", {tag}'})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)

    definition = services / "residence.toml"
    good = definition.read_text("utf-8")
    _rewrite(definition, good.replace('version = "2025.2"', 'version = "2025.3"'))
    newer = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate, headers={"If-None-Match": tag})
    assert newer.status == 200
    _rewrite(definition, good.replace('agency = "psb"', 'agency = "nobody"'))
    kept = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate)
    assert (kept.status, kept.headers["etag"]) == (200, newer.headers["etag"])
    assert "nobody" in kit.call("GET", "/").body.decode()
    _rewrite(definition, good)
    back = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate).headers["etag"]
    versions = [int(item.strip('"').split(".")[0]) for item in (tag, newer.headers["etag"], back)]
    assert versions == sorted(set(versions)), "a version only grows, also when the content returns"
    assert kit.call("GET", "/v1/catalogue").code == "unknown-terminal"


def _rewrite(path: Path, text: str) -> None:
    """Write, with a time of change that differs also on a file system with coarse times."""
    before = path.stat().st_mtime_ns
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_a_gateway_does_not_start_without_a_usable_catalogue(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogueInvalid, match="no service definition"):
        GatewayKit(tmp_path / "a", tmp_path / "empty")
    (tmp_path / "empty" / "x.toml").write_text("id = ")
    with pytest.raises(CatalogueInvalid, match=r"x\.toml"):
        GatewayKit(tmp_path / "b", tmp_path / "empty")
    (tmp_path / "empty" / "x.toml").write_text("[surprise]\na = 1")
    with pytest.raises(CatalogueInvalid, match="surprise"):
        GatewayKit(tmp_path / "c", tmp_path / "empty")
    (tmp_path / "empty" / "x.toml").write_text('[agencies]\npsb = {zh-Hans = "一", en = "One"}')
    with pytest.raises(CatalogueInvalid, match=r"agencies\.psb is defined twice"):
        GatewayKit(tmp_path / "d", tmp_path / "empty")


def test_the_page_tells_counts_and_nobodys_data(kit: GatewayKit) -> None:
    assert "kiosk gateway invite" in kit.call("GET", "/").body.decode()
    terminal = kit.enrol()
    terminal.record({"name": "陈晓娴"}, {"name": "陈晓娴"})
    terminal.push(terminal.batch(1, 2))
    kit.clock.pass_s(3700)
    page = kit.call("GET", "/").body.decode()
    assert "T0001" in page
    assert "试验室" in page
    assert "Laboratory" in page
    assert '<td class="n">2</td>' in page
    assert "1 小时前" in page
    assert "陈晓娴" not in page
    kit.store.revoke("T0001")
    assert "已吊销 revoked" in kit.call("GET", "/").body.decode()


def test_the_page_says_in_time_that_the_server_s_certificate_ends(kit: GatewayKit) -> None:
    told = "certificate ends on"
    kit.clock.pass_s(200 * 86_400)
    assert told not in kit.call("GET", "/").body.decode()
    kit.clock.pass_s(70 * 86_400)
    assert f"{told} {kit.authority.server_ends:%Y-%m-%d}" in kit.call("GET", "/").body.decode()


def test_a_terminal_that_only_asks_for_its_health_is_seen(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    kit.clock.pass_s(3600)
    assert kit.call("GET", "/v1/health", certificate=terminal.certificate).status == 200
    assert kit.store.terminals()[0].last_seen_ms == kit.clock.ms
    kit.clock.pass_s(59)
    kit.call("GET", "/v1/health", certificate=terminal.certificate)
    assert kit.store.terminals()[0].last_seen_ms == kit.clock.ms - 59_000, "written once a minute"
    kit.clock.pass_s(1)
    kit.call("GET", "/v1/health", certificate=terminal.certificate)
    assert kit.store.terminals()[0].last_seen_ms == kit.clock.ms
    kit.store.revoke(terminal.name)
    assert kit.call("GET", "/v1/health", certificate=terminal.certificate).code == "terminal-revoked"


def test_a_terminal_set_up_twice_from_one_image_is_told_on_the_page(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    for epoch in ("0" * 32, "1" * 32):
        assert "T0001 was set up twice" not in kit.call("GET", "/").body.decode()
        terminal.epoch, terminal.rows = epoch, []
        terminal.record({"number": 1})
        assert terminal.push(terminal.batch(1, 1)).status == 200
    assert "T0001 was set up twice" in kit.call("GET", "/").body.decode()


def test_a_place_with_a_sharp_name_stays_text_on_the_page(kit: GatewayKit) -> None:
    terminal = Terminal(kit, "00000000-0000-4000-8000-000000000001")
    token = kit.invite()
    kit.call("POST", "/v1/enrol", terminal.request(token, model="<script>alert(1)</script>"))
    page = kit.call("GET", "/").body.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_is_not_there_is_a_problem_too(kit: GatewayKit) -> None:
    assert kit.call("GET", "/v2").code == "not-found"
    wrong = kit.call("DELETE", "/v1/entries")
    assert (wrong.status, wrong.code) == (405, "method-not-allowed")
    assert {method.strip() for method in wrong.headers["allow"].split(",")} <= {"GET", "POST"}
    assert kit.call("GET", "/problems/nothing").code == "not-found"
    for code, (status, next_step) in CODES.items():
        answer = kit.call("GET", f"/problems/{code}")
        assert answer.json == {"code": code, "status": status, "next_step": next_step}


def test_the_contract_is_one_openapi_document(kit: GatewayKit) -> None:
    document = kit.call("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    found = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert found == {
        ("GET", "/v1/messages"),
        ("GET", "/v1/calls"),
        ("POST", "/v1/calls/{call}"),
        ("GET", "/v1/exchange/{topic}"),
        ("GET", "/v1/subscribers"),
        ("GET", "/v1/health"),
        ("GET", "/v1/ca"),
        ("POST", "/v1/enrol"),
        ("POST", "/v1/entries"),
        ("GET", "/v1/entries"),
        ("POST", "/v1/nonce"),
        ("POST", "/v1/lookups"),
        ("GET", "/v1/catalogue"),
        ("GET", "/v1/configuration"),
        ("GET", "/v1/directory"),
        ("GET", "/v1/public/{subject}"),
        ("POST", "/v1/card-status"),
        ("POST", "/v1/card-losses"),
        ("GET", "/v1/queues/{office}"),
        ("POST", "/v1/queues/{office}/{matter}/call"),
        ("PUT", "/v1/queues/{office}/{matter}"),
        ("POST", "/v1/hsm"),
        ("POST", "/v1/verdicts"),
        ("GET", "/v1/verdicts"),
        ("GET", "/v1/alarms"),
        ("GET", "/v1/days"),
        ("GET", "/v1/proofs/{case}"),
        ("GET", "/v1/agencies/{agency}/steps"),
        ("POST", "/v1/agencies/{agency}/steps"),
        ("POST", "/v1/agencies/{agency}/claims"),
        ("GET", "/v1/cases/events"),
        ("POST", "/v1/cases/days"),
        ("GET", "/v1/fleet"),
        ("GET", "/v1/fleet/{terminal}/orders"),
        ("POST", "/v1/fleet/{terminal}/orders"),
        ("GET", "/metrics"),
        ("POST", "/v1/simpleenroll"),
        ("POST", "/v1/simplereenroll"),
        ("POST", "/v1/heartbeat"),
        ("POST", "/v1/handovers"),
        ("POST", "/v1/handovers/withdraw"),
        ("POST", "/v1/sign-ins"),
        ("POST", "/v1/sign-ins/look"),
        ("POST", "/v1/sign-ins/lookups"),
        ("POST", "/v1/sign-ins/ask"),
        ("POST", "/v1/sign-ins/take-back"),
        ("POST", "/v1/sign-ins/end"),
        ("GET", "/v1/package"),
        ("GET", "/v1/package/{digest}"),
        ("GET", "/problems/{code}"),
    }
    assert "requestBody" in document["paths"]["/v1/enrol"]["post"]


def test_the_disk_refuses(kit: GatewayKit, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = kit.enrol()
    terminal.record({"number": 1})

    def refuse(*_: object) -> None:
        raise StoreFailed("the gateway's database refused")

    monkeypatch.setattr(kit.store, "append", refuse)
    answer = terminal.push(terminal.batch(1, 1))
    assert (answer.status, answer.code) == (503, "gateway-store-failed")
    assert "retry-after" in answer.headers


def test_a_machine_without_postgresql_s_driver_keeps_sqlite_and_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal's package has no psycopg: a module that is None in `sys.modules` cannot be imported."""
    monkeypatch.delitem(sys.modules, "provisioning.gateway.storage.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnsupported, match="psycopg"):
        open_store(tmp_path, "postgresql://kiosk@/kiosk")
    open_store(tmp_path, "").close()


def test_a_database_that_is_not_spoken_not_there_or_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreUnsupported, match="mysql: not supported"):
        open_store(tmp_path, "mysql://localhost/kiosk")
    with pytest.raises(StoreFailed) as refused:
        open_store(tmp_path, f"postgresql://kiosk:secret@/kiosk?host={tmp_path}")
    assert "secret" not in str(refused.value)
    (tmp_path / "gateway.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(StoreFailed):
        open_store(tmp_path, "")
