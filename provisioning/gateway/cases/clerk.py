"""The clerk who reads accepted entries: applications become cases, supplements and ratings go to the case they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provisioning.gateway.authority import Authority, CardAuthorities
from provisioning.gateway.cases.engine import Engine, Opening
from provisioning.gateway.cases.plans import Plans
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.certificates.desk import Applicant, CertificateDesk
from provisioning.gateway.handover.window import PHONE
from provisioning.gateway.offices.desks import Answers, answers_of
from provisioning.gateway.offices.intake import Filed
from provisioning.gateway.offices.proof import proven

MY_CASES = "case"
"""The field by which an entry names the case it is about, with `do` as what is wanted."""
LINK = "id.link"
NOT_REPRESENTED = "not-representative"
_COLLECTED = frozenset({"office", "print"})
_MAX_NUMBER = 40
_TERMINAL = len("T0001")


def case_number(typed: str) -> str:
    """A case's number as it is kept: a terminal's letter pad has no dash."""
    text = typed.strip().upper()
    return text if "-" in text else f"{text[:_TERMINAL]}-{text[_TERMINAL:]}"


class CaseClerk:
    """A handler of the intake. Raises `StoreFailed`; an entry that is no case is left alone."""

    def __init__(
        self,
        engine: Engine,
        plans: Plans,
        catalogue: CatalogueSource,
        authority: Authority,
        cards: CardAuthorities,
        certificates: CertificateDesk,
        held: Callable[[str, str], Mapping[str, object] | None],
    ) -> None:
        self._engine = engine
        self._plans = plans
        self._catalogue = catalogue
        self._authority = authority
        self._cards = cards
        self._certificates = certificates
        self._held = held
        """What the city holds of an id number, by subject."""

    def __call__(self, filed: Filed) -> None:
        """Work one entry into the cases."""
        document = filed.document
        match document.get("kind"):
            case "rating":
                score = document.get("score")
                if isinstance(score, int):
                    self._engine.rate(str(document.get("number", "")), None, filed.key, score)
            case "printed":
                self._certificates.printed(str(document.get("number", "")), filed.received_ms)
            case "application":
                self._application(filed)
            case _:
                return

    def _application(self, filed: Filed) -> None:
        answers = answers_of(filed.document)
        applicant = self._applicant(filed, answers)
        person = b"" if applicant is None else self._authority.pseudonym(applicant.id_number)
        if MY_CASES in answers and "do" in answers:
            self._about_a_case(filed, answers, person)
            return
        service = self._catalogue.current().parsed.services.get(str(filed.document.get("service")))
        plan = None if service is None else self._plans.of(service)
        number = filed.document.get("number")
        if service is None or plan is None or not isinstance(number, str) or not 0 < len(number) <= _MAX_NUMBER:
            return
        collects = plan.claim or answers.get("get") in _COLLECTED
        promised = service.promised.n if service.promised is not None and service.promised.unit == "wd" else plan.days
        self._engine.open(
            Opening(number, person, service.id, service.agency, filed.terminal, filed.epoch, filed.seq, filed.id,
                    filed.received_ms, promised, plan, collects, applicant)
        )  # fmt: skip
        company = str(filed.document.get("company", ""))
        if service.represents is not None and company and not self._stands_for(applicant, company):
            self._engine.turn_away(number, NOT_REPRESENTED)

    def _stands_for(self, applicant: Applicant | None, company: str) -> bool:
        """Whether the register links this company's number to whoever handed in: their word is not enough."""
        link = None if applicant is None else self._held(applicant.id_number, LINK)
        numbers = (link or {}).get("uscc")
        return isinstance(numbers, list) and company in numbers

    def _about_a_case(self, filed: Filed, held: Answers, person: bytes) -> None:
        number = case_number(held[MY_CASES])
        match held["do"]:
            case "supplement":
                self._engine.supplement(number, person, filed.key)
            case "withdraw":
                self._engine.withdraw(number, person, filed.key)
            case "evaluate":
                score = held.get("score", "")
                self._engine.rate(number, person, filed.key, int(score) if score in set("12345") else 0)
            case _:
                return

    def _applicant(self, filed: Filed, answers: Answers) -> Applicant | None:
        """Whoever proved to be there; None where nobody did: such a case is nobody's to see."""
        proof = proven(filed.document, self._cards, min(filed.created_ms, filed.received_ms),
                       by_phone=filed.terminal == PHONE)  # fmt: skip
        return None if proof is None else Applicant(proof.id_number, answers)
