"""The servers that `bench_gateway` measures, each a process of its own: `python -m tests.bench.gateway_servers MODE …`.

`bare` is what anybody would write first: uvicorn, one route, rows from CBOR into PostgreSQL with COPY, commit, answer.
`plain` is the gateway without TLS; the terminal's certificate comes in a header instead. `tls` is the gateway as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cbor2
import psycopg
import uvicorn

from provisioning.gateway import authority
from provisioning.gateway.serve import City, listen, open_gateway, run
from provisioning.gateway.server import create_app
from provisioning.gateway.storage.open import open_store
from provisioning.gateway.web.common import Gateway
from provisioning.gateway.web.slots import SlotLimits

ASSETS = Path(__file__).resolve().parents[2] / "assets"
NOW_MS = 1_795_000_000_000
COLUMNS = "seq, id, created_ms, boot_id, mono_ms, key_id, body, chain"


def bare(url: str, port: int) -> None:
    """No signature, no chain, no terminal, no conflict: the ceiling."""
    connection = psycopg.connect(url)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS bare (position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, terminal TEXT, seq"
        " BIGINT, id TEXT, created_ms BIGINT, boot_id TEXT, mono_ms BIGINT, key_id TEXT, body BYTEA, chain BYTEA,"
        " UNIQUE (terminal, seq))"
    )
    connection.commit()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        batch = cbor2.loads(bytes(body))
        with connection.cursor() as cursor, cursor.copy(f"COPY bare (terminal, {COLUMNS}) FROM STDIN") as copy:  # type: ignore[arg-type]
            for row in batch["rows"]:
                copy.write_row((batch["terminal"], *row))
        connection.commit()
        answer = cbor2.dumps({"acked_through": batch["rows"][-1][0]})
        headers = [(b"content-type", b"application/cbor"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    _uvicorn(app, port)


def plain(gateway: Gateway, port: int) -> None:
    """The gateway's application; `X-Certificate` (hexadecimal) stands for the client certificate."""
    inner = create_app(gateway)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]).get(b"x-certificate")
        state = {} if given is None else {"client_certificate": bytes.fromhex(given.decode())}
        await inner({**scope, "state": state}, receive, send)

    _uvicorn(app, port)


def _uvicorn(app: Any, port: int) -> None:
    listener = listen("127.0.0.1", port)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", loop="asyncio", log_config=None,
                            access_log=False, timeout_keep_alive=75)  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    mode, folder, url, waiting = sys.argv[1:5]
    if mode == "bare":
        bare(url, 0)
        return
    keys = authority.load(Path(folder))
    store = open_store(Path(folder), url)
    limits = SlotLimits(waiting=int(waiting)) if int(waiting) else SlotLimits()
    city = City(ASSETS / "city", people=50)
    gateway = open_gateway(keys, store, ASSETS / "services", city, lambda: NOW_MS, lambda _event, _facts: None, limits)
    if mode == "plain":
        plain(gateway, 0)
    else:
        run(gateway, listen("127.0.0.1", 0), lambda url: print(f"ready {url}", flush=True))


if __name__ == "__main__":
    main()
