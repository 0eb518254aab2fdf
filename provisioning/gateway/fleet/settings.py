"""`fleet.toml` in the gateway's folder: where alerts go, and in which waves a new version is rolled out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from provisioning.gateway.authority import AuthorityError

SETTINGS_FILE = "fleet.toml"


class FleetSettingsInvalid(AuthorityError):
    """`fleet.toml` cannot be used; names the key."""

    code = "fleet-settings-invalid"


@dataclass(frozen=True)
class Waves:
    """How a new catalogue or configuration reaches terminals. `percent` (100,): all at once."""

    percent: tuple[int, ...] = (100,)
    each_min: int = 60
    """A wave is watched for so long before the next."""
    halt_percent: int = 5
    """More than this share of a wave with something new the matter halts the roll-out."""


@dataclass(frozen=True)
class FleetSettings:
    """Without the file: no webhook, and every version to all at once."""

    webhook: str = ""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    """Trusted for the webhook instead of the system's authorities."""
    waves: Waves = field(default_factory=Waves)


def load_settings(folder: Path) -> FleetSettings:
    """Read the file. Raises `FleetSettingsInvalid`."""
    path = folder / SETTINGS_FILE
    if not path.exists():
        return FleetSettings()
    try:
        raw = cast("dict[str, object]", tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: {error}") from error
    hook, waves = _table(raw, "webhook", {"url", "token_file", "ca_file"}), _table(
        raw, "rollout", {"percent", "each_min", "halt_percent"}
    )  # fmt: skip
    unknown = set(raw) - {"webhook", "rollout"}
    if unknown:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: there is no {min(unknown)}; only webhook and rollout")
    url = str(hook.get("url", ""))
    if hook and not url.startswith(("https://", "http://127.0.0.1")):
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: webhook.url is an https:// address")
    return FleetSettings(url, _secret(folder, hook), str(hook.get("ca_file", "")), _waves(waves))


def _table(raw: dict[str, object], name: str, known: set[str]) -> dict[str, object]:
    table = raw.get(name, {})
    if not isinstance(table, dict) or set(cast("dict[str, object]", table)) - known:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: {name}: a table of {', '.join(sorted(known))}")
    return cast("dict[str, object]", table)


def _waves(table: dict[str, object]) -> Waves:
    if not table:
        return Waves()
    given = table.get("percent", [1, 10, 100])
    percent = tuple(cast("list[int]", given)) if isinstance(given, list) else ()
    each, halt = table.get("each_min", 60), table.get("halt_percent", 5)
    whole = all(type(item) is int for item in (*percent, each, halt))
    if not whole or not percent or percent[-1] != 100 or sorted({*percent}) != [*percent] or percent[0] < 1:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: rollout.percent: whole numbers that grow from 1 up to 100")
    if not 1 <= cast("int", each) <= 10_080 or not 0 <= cast("int", halt) <= 100:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: rollout: each_min 1 to 10080, halt_percent 0 to 100")
    return Waves(percent, cast("int", each), cast("int", halt))


def _secret(folder: Path, hook: dict[str, object]) -> str:
    name = str(hook.get("token_file", ""))
    if not name:
        return ""
    try:
        return (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FleetSettingsInvalid(f"{SETTINGS_FILE}: webhook.token_file cannot be read") from error
