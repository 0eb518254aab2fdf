"""Outbox, sync service and a gateway in memory, with everything between them going wrong in every order.

Nothing that was recorded is lost, nothing arrives twice, and nothing is acknowledged that the gateway does not hold.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from offline_cache import state
from offline_cache.errors import Unavailable
from offline_cache.messages import encode_batch, sign1
from offline_cache.sync import SyncService
from tests.outbox_bench import CablelessClient, FakeClock, enrol, note, writer
from tests.outbox_gateway import ModelGateway, Refusal

FAULTS = [
    "none",
    "request lost",
    "answer lost",
    "answer cut",
    "answer flipped",
    "answer of before",
    "other epoch",
    "forged",
]


class Delivery(RuleBasedStateMachine):
    """One terminal and one gateway."""

    gateway_type: type[ModelGateway] = ModelGateway

    @initialize()
    def switch_on(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="outbox-"))
        self.folder = self.root / "state"
        self.clock = FakeClock()
        self.gateway = self.gateway_type()
        self.recorded: dict[int, str] = {}
        self.answers: list[bytes] = []
        self.rolled_back = False
        self.app = writer(self.folder, self.clock)
        self.joined = None
        self.outbox = state.open_reader(self.folder, clock=self.clock)

    def _start_sync(self) -> None:
        self.client = CablelessClient(self.joined, self.gateway)
        self.service = SyncService(
            self.outbox, self.client, state_dir=self.folder, clock=self.clock, random=lambda: 0.5
        )

    @precondition(lambda self: self.joined is None)
    @rule()
    def the_terminal_joins(self) -> None:
        self.joined = enrol(self.folder, self.gateway)
        self._start_sync()

    @rule(count=st.integers(1, 4))
    def citizens_submit(self, count: int) -> None:
        for _ in range(count):
            done = self.app.append(lambda seq, _id: {"n": seq, "text": "x" * 50})
            assert done.seq not in self.recorded
            self.recorded[done.seq] = done.id

    @rule()
    def the_app_restarts(self) -> None:
        self.app.close()
        self.app = writer(self.folder, self.clock)

    @precondition(lambda self: self.joined is not None)
    @rule()
    def the_sync_service_restarts(self) -> None:
        self.outbox.close()
        self.outbox = state.open_reader(self.folder, clock=self.clock)
        self._start_sync()

    @precondition(lambda self: self.joined is not None)
    @rule(limit=st.sampled_from([1, 2, 7, 500]))
    def the_gateway_takes_only_so_many(self, limit: int) -> None:
        self.gateway.max_rows = limit

    @precondition(lambda self: self.joined is not None)
    @rule(fault=st.sampled_from(FAULTS))
    def the_service_sends(self, fault: str) -> None:
        def lose() -> None:
            if fault == "request lost":
                raise Unavailable("cut")

        def garble(answer: bytes) -> bytes:
            self.answers.append(answer)
            return self._garbled(fault, answer)

        self.client.before, self.client.reply = lose, garble
        step = self.service.step()
        assert step.kind != "stop", step
        self.clock.advance(step.wait_s)

    def _garbled(self, fault: str, answer: bytes) -> bytes:
        meta = self.outbox.meta()
        if fault == "answer lost":
            raise Unavailable("cut")
        if fault == "answer cut":
            return answer[:-7]
        if fault == "answer flipped":
            return answer[:30] + bytes([answer[30] ^ 1]) + answer[31:]
        if fault == "answer of before":
            return self.answers[0]
        if fault == "other epoch":
            return self.gateway.ack("T0001", "0" * 32, len(self.recorded), bytes(32))
        if fault == "forged":
            return ModelGateway().ack("T0001", meta.epoch, len(self.recorded), bytes(32))
        return answer

    @precondition(lambda self: self.joined is not None)
    @rule(times=st.integers(1, 2))
    def the_network_delivers_an_old_request_again(self, times: int) -> None:
        batch = self.outbox.batch(3, from_seq=1)
        if batch is None:
            return
        for _ in range(times):
            # a gateway that takes fewer rows refuses the old request as it did before
            with contextlib.suppress(Refusal):
                self.gateway.accept(sign1(encode_batch(batch), self.joined.private_key))

    @precondition(lambda self: self.joined is not None and self.gateway.lines)
    @rule(keep=st.integers(0, 5))
    def the_office_restores_a_backup(self, keep: int) -> None:
        (line,) = self.gateway.lines.values()
        if keep < len(line.rows):
            del line.rows[keep:]
            self.rolled_back = True

    def _held(self) -> list[tuple[int, str]]:
        return [(row[0], row[1]) for line in self.gateway.lines.values() for row in line.rows]

    @invariant()
    def what_arrived_is_a_beginning_of_what_was_recorded(self) -> None:
        held = self._held()
        assert held == [(seq, self.recorded[seq]) for seq in range(1, len(held) + 1)]

    @invariant()
    def nothing_is_acknowledged_that_the_gateway_never_held(self) -> None:
        if not self.rolled_back:
            assert self.outbox.acked_seq() <= len(self._held())

    def teardown(self) -> None:
        if not hasattr(self, "app"):
            return
        try:
            self._everything_arrives()
        finally:
            self.app.close()
            self.outbox.close()
            shutil.rmtree(self.root)

    def _everything_arrives(self) -> None:
        if self.joined is None:
            self.the_terminal_joins()
        note(self.app)  # a rolled-back gateway is noticed with the next entry
        self.recorded[self.outbox.last_seq()] = self.app.batch(from_seq=self.outbox.last_seq()).rows[0].id
        self.client.before, self.client.reply = None, None
        for _ in range(20 + len(self.recorded)):
            drained = self.service.drain_once()
            if drained.pending == 0 and drained.problem is None:
                break
        assert self.outbox.verify().last_seq == len(self.recorded)
        assert self._held() == sorted(self.recorded.items())
        assert [document["n"] for *_, document in self.gateway.documents()] == sorted(self.recorded)
        assert self.outbox.acked_seq() == len(self.recorded)


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
class TestDeliveryForLong(Delivery.TestCase):
    settings = settings(
        max_examples=1000, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


class ForgetfulGateway(ModelGateway):
    """A mutant: acknowledges a batch before it stores it, and loses every third."""

    def accept(self, body: bytes) -> bytes:
        answer = super().accept(body)
        if self.pushes % 3 == 0:
            for line in self.lines.values():
                del line.rows[-1:]
        return answer


def test_the_checks_above_catch_a_gateway_that_forgets() -> None:
    class Forgetful(Delivery):
        gateway_type = ForgetfulGateway

    case = Forgetful.TestCase
    case.settings = settings(
        max_examples=200,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=False,
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):
        case("runTest").runTest()
