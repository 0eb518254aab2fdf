"""The habits of the project, held: locks, sizes, names, what may be committed, what a text promises."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from tests import pure, repository
from tests.repository import ROOT, name

LOCKS = ("requirements.lock", "requirements-dev.lock")
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_MODULES_IN_FOLDER = 12
MAX_FILE_BYTES = 1024 * 1024
TEXTS = tuple(path for path in repository.files() if path.suffix == ".md")


def _normal(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _locked(lock: str) -> dict[str, str]:
    """Return name -> version of every requirement in a lock."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    pins = [line.split(" ")[0] for line in lines if line and not line.startswith((" ", "#"))]
    return {_normal(pin): pin.partition("==")[2] for pin in pins}


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


# -------------------------------------------------------------------------------------------------------- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_pinned_with_hashes_and_nothing_else(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    entry = re.compile(r"[a-z0-9.-]+==[A-Za-z0-9.+!]+( ;[^\n]*?)?( +--hash=sha256:[0-9a-f]{64})+ *")
    assert [line[:60] for line in lines if not entry.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"://|--index|--find-links|@ ", (ROOT / lock).read_text("utf-8"))


def test_the_locks_hold_what_pyproject_asks_for_and_agree() -> None:
    project = _project()
    runtime, dev = _locked(LOCKS[0]), _locked(LOCKS[1])
    wanted = {_normal(item) for item in project["project"]["dependencies"]}
    tools = {_normal(item) for item in project["dependency-groups"]["dev"]}
    assert wanted <= runtime.keys()
    assert wanted | tools <= dev.keys()
    assert {item: dev.get(item) for item in runtime} == runtime


def test_the_receipt_library_is_python_escpos_and_not_its_stale_namesake() -> None:
    assert all("escpos" not in _locked(lock) for lock in LOCKS)


# ------------------------------------------------------------------------------------------- what is committed


def test_no_file_names_a_folder_of_one_machine() -> None:
    path = re.compile(r"(?:^|[^A-Za-z0-9_.-])/(?:work|farm|root|Users|home/\w+)/")
    assert [name(file) for file in repository.files() if path.search(_text_of(file))] == []


def test_no_file_names_a_registry() -> None:
    hosts = [
        ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("deb", "debian"))
    ]
    found = [name(file) for file in repository.files() if any(host in _text_of(file) for host in hosts)]
    assert found == []


def test_nothing_big_and_no_font_is_committed() -> None:
    assert [name(file) for file in repository.files() if file.stat().st_size > MAX_FILE_BYTES] == []
    assert [
        name(file) for file in repository.files() if file.suffix in {".ttf", ".otf", ".ttc", ".woff", ".woff2"}
    ] == []


def test_the_licence_is_apache() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")[:400]
    assert _project()["project"]["license"] == "Apache-2.0"


# ------------------------------------------------------------------------------------------------------- code


def test_package_files_are_empty() -> None:
    packages = [path for path in repository.modules() if path.name == "__init__.py"]
    assert packages
    assert [name(path) for path in packages if path.read_bytes().strip()] == []


def test_modules_are_short() -> None:
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in repository.modules()}
    assert {path: lines for path, lines in long.items() if lines > MAX_MODULE_LINES} == {}


def test_functions_are_short() -> None:
    long: dict[str, int] = {}
    for path in repository.modules():
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    long[f"{name(path)}:{node.name}"] = lines
    assert long == {}


def test_a_folder_holds_few_modules() -> None:
    folders = Counter(name(path.parent) for path in repository.shipped() if path.name != "__init__.py")
    assert {folder: count for folder, count in folders.items() if count > MAX_MODULES_IN_FOLDER} == {}


def test_nothing_is_left_unfinished_or_swallowed() -> None:
    found: list[str] = []
    for path in repository.shipped():
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(repository.tree(path)):
            unfinished = isinstance(node, ast.Name) and node.id == "NotImplementedError"
            if unfinished or (isinstance(node, ast.ExceptHandler) and _swallows(node, lines)):
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def _swallows(handler: ast.ExceptHandler, lines: list[str]) -> bool:
    """A handler that only passes has to name narrow errors, and say why nothing need be done."""
    if not all(isinstance(item, ast.Pass) for item in handler.body):
        return False
    broad = handler.type is None or bool({"Exception", "BaseException"} & set(ast.unparse(handler.type).split()))
    return broad or not any("#" in line for line in lines[handler.lineno - 1 : handler.end_lineno])


# ---------------------------------------------------------------------------------------------- who imports what


def _clock_reads(tree: ast.Module) -> list[int]:
    """Return the lines that call `datetime.now`, `date.today` and their like, by any path to the class."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    asked = [func for func in calls if isinstance(func, ast.Attribute) and func.attr in {"now", "today", "utcnow"}]
    return [func.lineno for func in asked if ast.unparse(func.value).split(".")[-1] in {"date", "datetime"}]


def test_a_pure_module_reads_no_clock_and_touches_no_device() -> None:
    found: list[str] = []
    for path in pure.pure_files():
        impure = {item.split(".")[0] for item in repository.imports(path)} & pure.IMPURE_IMPORTS
        found += [f"{name(path)} imports {item}" for item in impure]
        found += [f"{name(path)}:{line} reads the clock" for line in _clock_reads(repository.tree(path))]
    assert found == []


def test_import_contracts_name_every_pure_module() -> None:
    contracts = _project()["tool"]["importlinter"]["contracts"]
    (contract,) = [item for item in contracts if item["name"] == "pure modules touch nothing"]
    assert set(contract["source_modules"]) == {item.removesuffix(".py").replace("/", ".") for item in pure.PURE}


def test_no_module_imports_itself_round_a_circle() -> None:
    """Inside a function, or only for its types, an import counts like any other."""
    files = {name(path).removesuffix(".py").replace("/", "."): path for path in repository.shipped()}
    arrows = {module: repository.imports(path) & files.keys() for module, path in files.items()}
    circle: list[str] = []
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("kivy", ("kiosk/ui/",)),
        ("smartcard", ("drivers/readers/pcsc",)),
        ("serial", ("drivers/printers/serial_printer.py", "drivers/readers/sdt_serial.py")),
        ("escpos", ("drivers/printers/",)),
        ("drivers.sim", ("drivers/sim/", "kiosk/__main__.py", "kiosk/cli/", "kiosk/bench/")),
    ],
)
def test_a_library_is_imported_only_where_it_lives(library: str, homes: tuple[str, ...]) -> None:
    importers = repository.importers(library)
    assert importers, f"nothing imports {library}: the check has lost its object"
    assert {path for path in importers if not path.startswith(homes)} == set()


# --------------------------------------------------------------------------------------------- what texts promise


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_every_make_command_that_a_text_names_exists(path: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", path.read_text("utf-8")))
    assert named - _targets() == set()


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|<img[^>]* src=\"([^\"]+)\"", path.read_text("utf-8"))
    inside = [link for pair in links for link in pair if link and "://" not in link]
    assert [link for link in inside if not (path.parent / link).exists()] == []


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert {name(path) for path in decisions if len(path.read_text("utf-8").splitlines()) > 20} == set()


def test_continuous_integration_runs_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "make test" in script
    assert "`make test`" in (ROOT / "README.md").read_text("utf-8")
    assert {"lint", "types", "contracts"} <= set(re.findall(r"[a-z-]+", script)) & _targets()
