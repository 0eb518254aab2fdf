"""`kiosk gateway enrol-stick`: answers the requests of terminals that have no network."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail
from kiosk.cli.gateway.common import DatabaseOption, DirOption, failing, now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provisioning.gateway.authority import Authority
    from provisioning.gateway.enrolment.carried import Published
    from provisioning.gateway.store import Store


def enrol_stick(
    stick: Annotated[Path, typer.Argument(metavar="STICK", help="The folder with what `kiosk enrol --stick` wrote.")],
    folder: DirOption,
    url: Annotated[str, typer.Option("--gateway", metavar="URL", help="Where the terminals find this gateway.")],
    office: Annotated[str, typer.Option(help="The office where they stand, of assets/city/offices.toml.")],
    label: Annotated[str, typer.Option(help="What a terminal is called there.")] = "1 号机",
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Admit every terminal whose request is on the stick, and write the signed answers beside the requests.

    Compare the six characters with the terminal's before you carry the answer back.
    """
    from importlib import resources

    from offline_cache.disk.files import PUBLIC, write_atomic
    from offline_cache.errors import CacheError
    from offline_cache.wire.fleet.carried import ANSWER, REQUEST
    from provisioning.gateway import authority
    from provisioning.gateway.enrolment import carried
    from provisioning.gateway.enrolment.bindings import Bindings
    from provisioning.gateway.storage.open import open_store

    with failing(as_json=as_json), resources.as_file(resources.files("assets")) as assets:
        keys = authority.load(folder)
        with closing(open_store(folder, database)) as store:
            site = _site(assets, keys, office, label, as_json=as_json)
            bindings = Bindings(store, keys, now_ms)
            published = _published(assets, keys, store)
            try:
                requests = _requests(stick)
                answered = carried.answer_requests(requests, bindings, keys, url.rstrip("/"), site, published)
                for one in answered:
                    if one.content:
                        write_atomic(stick / one.file.replace(REQUEST, ANSWER), one.content, PUBLIC)
            except CacheError as error:
                fail(error.code, str(error), as_json=as_json)
            except OSError as error:
                fail("storage-failed", f"{stick}: {error.strerror}", as_json=as_json)
    for one in answered:
        emit({"file": one.file, "code": one.code, "terminal": one.terminal, "problem": one.problem}, as_json=as_json)
    if not any(one.terminal for one in answered):
        fail("no-request", f"no request on {stick} could be answered", as_json=as_json)


def _requests(stick: Path) -> dict[str, bytes]:
    """Name -> content. Raises `OSError`, `StorageFailed`."""
    from offline_cache.disk.files import read_limited
    from offline_cache.wire.fleet.carried import REQUEST
    from offline_cache.wire.fleet.joining import MAX_JOIN_BYTES

    files = [one for one in stick.iterdir() if one.name.endswith(REQUEST) and not one.name.startswith(".")]
    return {one.name: read_limited(one, MAX_JOIN_BYTES) or b"" for one in files}


def _site(assets: Path, keys: Authority, office: str, label: str, *, as_json: bool) -> dict[str, str]:
    from offline_cache.messages import json_object
    from provisioning.gateway.city.published import Publisher
    from provisioning.gateway.enrolment.page import site_of
    from provisioning.gateway.fleet.pages.places import Places

    places = Places()
    publisher = Publisher(keys.folder, assets / "city", assets / "services", keys.signing_key)
    places.read("-", lambda: json_object(publisher.directory_content()))
    if office not in places.offices:
        fail("no-office", f"there is no office {office!r}; there are {', '.join(places.offices)}", as_json=as_json)
    return site_of(places.offices[office], label[:20])


def _published(assets: Path, keys: Authority, store: Store) -> Published:
    from provisioning.gateway.catalogue import CatalogueSource
    from provisioning.gateway.city.published import Publisher

    city, services = assets / "city", assets / "services"
    publisher = Publisher(keys.folder, city, services, keys.signing_key)
    sources = (services, city / "catalogue.toml", city / "codes.toml")
    catalogue = CatalogueSource(sources, keys.signing_key, store.catalogue_number)

    def of(terminal: str) -> Mapping[str, tuple[str, bytes]]:
        parts = {"catalogue": catalogue.current(), "configuration": publisher.configuration(terminal),
                 "directory": publisher.directory()}  # fmt: skip
        return {name: (part.etag, part.signed) for name, part in parts.items()}

    return of
