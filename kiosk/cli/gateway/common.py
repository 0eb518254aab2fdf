"""What the commands of the gateway share: where it is, what time it is there, and how a refusal ends a command."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import fail

if TYPE_CHECKING:
    from provisioning.gateway.authority import Authority
    from provisioning.gateway.storage.open import SqlStore

DirOption = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The gateway's folder (made by init).")]
DatabaseOption = Annotated[str, typer.Option("--database", metavar="URL", help="Default: SQLite in the folder.")]


def now_ms() -> int:
    """Return the wall clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@contextmanager
def failing(*, as_json: bool) -> Generator[None]:
    """End the command with the code of anything that the gateway's parts refuse."""
    from kiosk.personas import PersonasInvalid
    from provisioning.gateway.appointments.offices import OfficesInvalid
    from provisioning.gateway.authority import AuthorityError
    from provisioning.gateway.cases.plans import PlansInvalid
    from provisioning.gateway.cases.workdays import CalendarInvalid
    from provisioning.gateway.catalogue import CatalogueInvalid
    from provisioning.gateway.certificates.templates import CertificatesInvalid
    from provisioning.gateway.city.people import CityTooLarge
    from provisioning.gateway.city.seed import SeedInvalid
    from provisioning.gateway.messages.carriers import CarrierError
    from provisioning.gateway.messages.texts import MessagesInvalid
    from provisioning.gateway.serve import PortBusy
    from provisioning.gateway.store import StoreError

    city = (CityTooLarge, SeedInvalid, PersonasInvalid, CatalogueInvalid, MessagesInvalid, OfficesInvalid,
            CertificatesInvalid)  # fmt: skip
    cases = (PlansInvalid, CalendarInvalid)
    try:
        yield
    except (AuthorityError, StoreError, CarrierError, PortBusy, *city, *cases) as error:
        fail(error.code, str(error), as_json=as_json)
    except FileExistsError as error:
        fail("gateway-folder", f"{error.filename} is a file; a folder is wanted", as_json=as_json)
    except OSError as error:
        fail("gateway-folder", f"{error.filename}: {error.strerror}", as_json=as_json)


@contextmanager
def opened(folder: Path, database: str, *, as_json: bool) -> Generator[tuple[Authority, SqlStore]]:
    """Give the gateway's authority and its store, which is closed at the end; refusals end the command."""
    from provisioning.gateway import authority
    from provisioning.gateway.storage.open import open_store

    with failing(as_json=as_json):
        keys = authority.load(folder)
        with closing(open_store(folder, database)) as store:
            yield keys, store
