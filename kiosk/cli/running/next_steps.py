"""The one next step behind a failure of a command, by its code. The message says what happened; this says what to do.

A code whose messages name the step themselves is not here. All of them leave a state from which the same command goes
on: `tests/unit/test_mishaps.py` holds that, one mishap after the other.
"""

from __future__ import annotations

from collections.abc import Mapping

NEXT: Mapping[str, str] = {
    "gateway-unavailable": "Look at the cable, the router and the address; then run the same command again.",
    "untrusted": "Compare the address and the authority's hash with the operator; then run the same command again.",
    "not-authorised": "The gateway does not know this terminal any more: ask the operator; then run: kiosk enrol",
    "ca-mismatch": "Compare the hash with what `kiosk gateway init` printed; nothing was sent. Then the same command.",
    "token-invalid": "Ask for another one (kiosk gateway invite), and run the same command with it; the key stays.",
    "storage-failed": "Make room, or plug in and mount what is missing; then run the same command again.",
    "storage-damaged": "Look at the disk (kiosk doctor); what was recorded is set aside, not erased.",
    "enrolment-damaged": "Run: kiosk enrol; what was recorded here is kept.",
    "malformed": "Correct what is named, in the option, in the file or in site.toml; then run the same command again.",
    "bad-signature": "Have it written again where it came from; nothing of it was taken.",
    "state-denied": "Run the same command with sudo; on a terminal it then works as the terminal's own user.",
    "settings-invalid": "Correct that in the settings file (settings.md names every key); then the same command again.",
    "reader-absent": "Look at the reader's USB cable; then run: systemctl restart pcscd, and the same command again.",
    "port-busy": "End the program that holds it (a printer is the terminal's: systemctl stop kiosk), or name another.",
    "file-not-found": "Look at its name and at its rights; then run the same command again.",
    "file-not-written": "Name a place that is there and that has room; then run the same command again.",
    "gateway-folder": "Name the folder that `kiosk gateway init DIR` made, and look at its rights.",
    "receipt-unreadable": "Give the whole code, KR1: to its end, between quotation marks, or a picture of the paper.",
    "picture-unreadable": "Photograph the paper flat and name that file, PNG or JPEG; or give the code itself, KR1:….",
    "input-unreadable": "Look at its name and at its rights, or give - for standard input.",
    "document-invalid": "Correct the lines that are named, and append them alone.",
    "key-unreadable": "Name terminal.crt of its state folder or its public key, or give --gateway-dir.",
    "key-invalid": "Name the file with what `kiosk gateway public-key` printed.",
    "proof-invalid": "Do not accept it as it is: ask the gateway for it again (`kiosk gateway prove`).",
    "package-invalid": "Name the file that `make deb` wrote; nothing was published.",
    "unknown-terminal": "Its name stands at /fleet and on its own screen; look whether it is this gateway's.",
    "gateway-store-failed": "Look whether the database runs, and whether --database names it; then the same command.",
    "card-trace-invalid": "Name a file that `kiosk card record --out FILE` wrote.",
    "service-definition-invalid": "Correct what is named, as docs/services.md says; then run the same command again.",
    "already-enrolled": "Nothing more has to be done where that is right; `kiosk doctor` looks whether it answers.",
    "fonts-missing": "Install the package again; in a checkout run: make setup, then the same command again.",
    "receipt-invalid": "Correct what is named; docs/printing.md says what a document holds.",
    "no-readiness": "Bring the terminal into service at its screen; a medium brings its site.toml.",
    "no-request": "Run kiosk enrol --stick at the terminal first, with this stick.",
    "bundle-unwritable": "Name a folder or a stick with room (--to DIR).",
    "file-unwritable": "Name a folder with room.",
}
