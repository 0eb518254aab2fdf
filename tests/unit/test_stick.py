"""A stick is let in for staff and turned out again: by root's program, and as the touchscreen asks for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kiosk.upkeep import stick as asking
from provisioning import stick
from provisioning.stick import KEEP_S, MOUNT, WAIT_S, Device, Machine, Refused, choose, main

PLAIN = "08:06:50"
KEYBOARD = "03:01:01"
READER = '3: allow id 076b:3031 serial "" name "Reader" hash "a" via-port "1-1" with-interface 0b:00:00'


class Cut(BaseException):
    """The program is ended here."""


@dataclasses.dataclass
class Hole:
    """A machine with USB holes: what USBGuard, the kernel, blkid and systemd say of what is plugged in."""

    folder: Path
    sticks: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict[str, tuple[str, ...]])
    """Port -> interfaces."""
    kinds: dict[str, str] = dataclasses.field(default_factory=lambda: {"/dev/sda1": "vfat"})
    """Node -> file system."""
    guarded: bool = True
    connect: str = "hotplug"
    refuse: str = ""
    """The program that fails."""
    cut_at: int = 0
    """Which program is the last one: this process is killed when it is called."""
    allowed: set[str] = dataclasses.field(default_factory=set[str])
    ran: list[tuple[str, ...]] = dataclasses.field(default_factory=list[tuple[str, ...]])
    waited_s: float = 0
    plugged_in: Callable[[float], None] = lambda _waited_s: None

    def __post_init__(self) -> None:
        (self.folder / "usb").mkdir()
        (self.folder / "mounts").write_text("/dev/nvme0n1p2 / ext4 rw 0 0\n")

    def plug(self, port: str, *interfaces: str) -> None:
        self.sticks[port] = interfaces or (PLAIN,)
        if not self.guarded:
            self.show(port)

    def show(self, port: str) -> None:
        """The kernel's folders of a device that may speak: its interfaces, its disk with two partitions."""
        letter = "abcdef"[sorted(self.sticks).index(port)]
        device = self.folder / "usb" / port
        for number, interface in enumerate(self.sticks[port]):
            part = device / f"{port}:1.{number}"
            part.mkdir(parents=True)
            names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
            for name, value in zip(names, interface.split(":"), strict=True):
                (part / name).write_text(value + "\n")
        disk = device / f"{port}:1.0/host6/target6:0:0/6:0:0:0/block/sd{letter}"
        for number in (2, 1):
            (disk / f"sd{letter}{number}").mkdir(parents=True)
            (disk / f"sd{letter}{number}/partition").write_text(f"{number}\n")
        (disk / "size").write_text("1024\n")
        (device / "removable").write_text("fixed\n" if self.connect == "hardwired" else "removable\n")

    def run(self, command: Sequence[str]) -> tuple[int, str]:
        words = tuple(command)
        self.ran.append(words)
        if self.cut_at == len(self.ran):
            raise Cut
        if self.refuse and self.refuse in words:
            return 1, ""
        match words[:2]:
            case ("usbguard", "list-devices"):
                return (0, self.listed()) if self.guarded else (1, "")
            case ("usbguard", "allow-device"):
                port = sorted(self.sticks)[int(words[2]) - 10]
                self.allowed.add(port)
                self.show(port)
            case ("usbguard", "block-device"):
                self.allowed.discard(sorted(self.sticks)[int(words[2]) - 10])
            case ("blkid", _):
                kind = self.kinds.get(words[-1], "")
                return (0, kind + "\n") if kind else (2, "")
            case ("systemd-mount", _):
                self.mounted(words[-2], words[-1])
            case ("systemctl", "stop"):
                lines = (self.folder / "mounts").read_text().splitlines(keepends=True)
                (self.folder / "mounts").write_text("".join(one for one in lines if "/media/kiosk" not in one))
            case _:
                assert words == ("sync",)
        return 0, ""

    def mounted(self, node: str, where: str) -> None:
        with (self.folder / "mounts").open("a") as mounts:
            mounts.write(f"{node} {where} vfat rw 0 0\n")

    def listed(self) -> str:
        lines = [READER, "not a line"]
        for number, port in enumerate(sorted(self.sticks), 10):
            target = "allow" if port in self.allowed else "block"
            classes = "{ " + " ".join(self.sticks[port]) + " }"
            lines.append(
                f'{number}: {target} id 0781:5567 serial "x" name "y" hash "z" via-port "{port}" '
                f'with-interface {classes} with-connect-type "{self.connect}"'
            )
        return "\n".join(lines) + "\n"

    def pause(self, seconds: float) -> None:
        self.waited_s += seconds
        self.plugged_in(self.waited_s)

    def machine(self) -> Machine:
        return Machine(usb=self.folder / "usb", mounts=self.folder / "mounts", note=self.folder / "note", run=self.run,
                       owner=lambda: (998, 997), pause=self.pause)  # fmt: skip

    def did(self, *names: str) -> list[tuple[str, ...]]:
        return [one for one in self.ran if one[0] in names]

    def nothing_is_in(self) -> bool:
        return not self.allowed and "/media/kiosk" not in (self.folder / "mounts").read_text()


@pytest.fixture
def hole(tmp_path: Path) -> Hole:
    return Hole(tmp_path)


# --------------------------------------------------------------------------------------------- root's program


def test_one_stick_is_let_in_mounted_for_the_terminal_s_user_and_turned_out_again(hole: Hole) -> None:
    hole.plug("1-4.2")
    assert main(["in"], hole.machine()) == 0
    assert hole.waited_s == KEEP_S, "no stick stays in for longer"
    assert not hole.nothing_is_in()
    assert main(["out"], hole.machine()) == 0
    assert hole.nothing_is_in()
    probe, mount = hole.did("blkid")[-1], hole.did("systemd-mount")[0]
    assert probe[-1] == "/dev/sda1"
    assert mount[-2:] == ("/dev/sda1", "/media/kiosk")
    assert {"--type=vfat", "--options=nosuid,nodev,noexec,nosymfollow,uid=998,gid=997,umask=0077"} <= set(mount)
    assert [one[:2] for one in hole.did("usbguard", "systemd-mount", "systemctl", "sync")] == [
        ("usbguard", "list-devices"), ("usbguard", "allow-device"), ("systemd-mount", "--quiet"), ("sync",),
        ("systemctl", "stop"), ("usbguard", "block-device"),
    ]  # fmt: skip
    assert hole.did("systemctl") == [("systemctl", "stop", MOUNT)]
    main(["out"], hole.machine())
    assert len(hole.did("usbguard")) == 3, "once is enough"


def test_a_file_system_with_owners_keeps_them(hole: Hole) -> None:
    hole.kinds = {"/dev/sda1": "ntfs", "/dev/sda": "ext4"}
    hole.plug("1-2")
    assert main(["in"], hole.machine()) == 0
    assert "--options=nosuid,nodev,noexec,nosymfollow" in hole.did("systemd-mount")[0]
    assert hole.did("systemd-mount")[0][-2] == "/dev/sda"


def test_where_usbguard_is_not_at_work_the_kernel_tells_and_nothing_is_blocked(hole: Hole) -> None:
    hole.guarded = False
    hole.plug("2-1")
    assert main(["in"], hole.machine()) == 0
    assert main(["out"], hole.machine()) == 0
    assert {one[1] for one in hole.did("usbguard")} == {"list-devices"}
    assert hole.nothing_is_in()


def test_a_stick_that_the_owner_s_own_rule_allows_stays_allowed(hole: Hole) -> None:
    hole.plug("1-2")
    hole.allowed.add("1-2")
    hole.show("1-2")
    assert main(["in"], hole.machine()) == 0
    main(["out"], hole.machine())
    assert {one[1] for one in hole.did("usbguard")} == {"list-devices"}


def test_a_disk_that_the_machine_runs_from_and_an_inner_card_slot_are_no_sticks(hole: Hole) -> None:
    hole.plug("1-2")
    hole.allowed.add("1-2")
    hole.show("1-2")
    hole.mounted("/dev/sda2", "/")
    assert main(["in"], hole.machine()) == asking.EXITS["stick-missing"]
    hole.plug("1-3")
    hole.connect = "hardwired"
    assert main(["in"], hole.machine()) == asking.EXITS["stick-missing"]
    hole.guarded = False
    hole.show("1-3")
    assert main(["in"], hole.machine()) == asking.EXITS["stick-missing"]


def test_a_stick_that_is_plugged_in_this_moment_is_met(hole: Hole) -> None:
    hole.plugged_in = lambda waited_s: hole.plug("1-2") if 1 < waited_s < 2 and not hole.sticks else None
    assert main(["in"], hole.machine()) == 0


Told = tuple[str, Callable[[Hole], None]]
REFUSED: dict[str, Told] = {
    "nothing is plugged in": ("stick-missing", lambda _hole: None),
    "two sticks": ("stick-ambiguous", lambda hole: (hole.plug("1-2"), hole.plug("1-3"), None)[-1]),
    "a keyboard in a stick's case": ("stick-unreadable", lambda hole: hole.plug("1-2", PLAIN, KEYBOARD)),
    "an unknown file system": ("stick-unreadable", lambda hole: (hole.kinds.clear(), hole.plug("1-2"))[-1]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_let_in_ends_with_its_code_and_undone(
    hole: Hole, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, set_up = REFUSED[why]
    set_up(hole)
    assert main(["in"], hole.machine()) == asking.EXITS[code]
    assert capsys.readouterr().err.startswith(f"{code}: ")
    assert hole.waited_s < WAIT_S
    assert not hole.did("systemd-mount")
    main(["out"], hole.machine())
    assert hole.nothing_is_in()


def test_only_storage_without_anything_else_is_ever_let_in(hole: Hole) -> None:
    hole.plug("1-2", PLAIN, KEYBOARD)
    main(["in"], hole.machine())
    assert hole.allowed == set()
    with pytest.raises(Refused, match="03:01:01"):
        choose([Device("1", "1-2", (KEYBOARD, PLAIN))])


@pytest.mark.parametrize("program", ["allow-device", "systemd-mount"])
def test_a_program_that_fails_is_told_and_undone(hole: Hole, program: str) -> None:
    hole.plug("1-2")
    hole.refuse = program
    assert main(["in"], hole.machine()) == asking.EXITS["stick-unreadable"]
    main(["out"], hole.machine())
    assert hole.nothing_is_in()


def test_a_stick_whose_disk_never_comes_is_not_waited_for_for_ever(hole: Hole, monkeypatch: pytest.MonkeyPatch) -> None:
    hole.plug("1-2")
    monkeypatch.setattr(hole, "show", lambda _port: None)
    assert main(["in"], hole.machine()) == asking.EXITS["stick-unreadable"]
    assert WAIT_S <= hole.waited_s < WAIT_S + 1


def test_killed_before_any_of_its_programs_it_leaves_nothing_in(tmp_path: Path) -> None:
    whole = 5
    for at in range(1, whole):
        folder = tmp_path / str(at)
        folder.mkdir()
        hole = Hole(folder, cut_at=at)
        hole.plug("1-2")
        with pytest.raises(Cut):
            main(["in"], hole.machine())
        assert main(["out"], hole.machine()) == 0
        assert hole.nothing_is_in(), hole.ran
    (tmp_path / "whole").mkdir()
    hole = Hole(tmp_path / "whole", cut_at=whole)
    hole.plug("1-2")
    assert main(["in"], hole.machine()) == 0, "every program of it was cut above"


def test_a_stick_that_does_not_go_out_is_told(hole: Hole, capsys: pytest.CaptureFixture[str]) -> None:
    hole.plug("1-2")
    main(["in"], hole.machine())
    hole.refuse = "stop"
    assert main(["out"], hole.machine()) == 1
    assert "still mounted" in capsys.readouterr().err
    assert hole.allowed == set(), "it is blocked all the same"


def test_empty_slots_of_a_card_reader_are_no_disks(hole: Hole) -> None:
    hole.guarded = False
    hole.plug("1-2")
    for size in hole.folder.rglob("size"):
        size.write_text("0\n")
    assert main(["in"], hole.machine()) == asking.EXITS["stick-unreadable"]


def test_a_program_that_is_not_there_has_failed_and_one_that_is_there_says_something() -> None:
    for one in (stick.run, asking.run):
        assert one(["/no/such/program"]) == (127, "")
        assert one(["echo", "said"]) == (0, "said\n")


# --------------------------------------------------------------------------------------- the touchscreen asks


class Manager:
    """systemd, as far as the touchscreen asks it."""

    def __init__(self, code: int = 0, status: int = 0) -> None:
        self.code = code
        self.status = status
        self.asked: list[str] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        assert command[-1] == "kiosk-stick.service"
        verb = next(word for word in command[1:] if not word.startswith("-"))
        self.asked.append(verb)
        return (0, f"{self.status}\n") if verb == "show" else (self.code if verb == "start" else 0, "")


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stick is mounted."""
    folder = tmp_path / "media/kiosk"
    folder.mkdir(parents=True)
    monkeypatch.setattr("kiosk.upkeep.stick.os.path.ismount", lambda path: path == folder)
    return folder


def test_a_task_has_the_stick_let_in_and_out_again_whatever_becomes_of_it(media: Path) -> None:
    systemd = Manager()
    with asking.plugged([media.parent], systemd) as found:
        assert (found, systemd.asked) == (media, ["start"])
    assert systemd.asked == ["start", "stop"]
    with pytest.raises(ZeroDivisionError), asking.plugged([media.parent], systemd):
        raise ZeroDivisionError
    assert systemd.asked == ["start", "stop"] * 2


@pytest.mark.parametrize(("code", "raised"), [("stick-unreadable", asking.StickUnusable),
                                              ("stick-ambiguous", asking.StickAmbiguous)])  # fmt: skip
def test_what_the_unit_ends_with_is_told(media: Path, code: str, raised: type[Exception]) -> None:
    systemd = Manager(1, asking.EXITS[code])
    with pytest.raises(raised), asking.plugged([media.parent], systemd):
        pass
    assert raised.code == code  # pyright: ignore
    assert systemd.asked == ["start", "show", "stop"]


def test_without_a_stick_or_without_the_unit_what_is_mounted_already_counts(media: Path, tmp_path: Path) -> None:
    for systemd in (Manager(1, asking.EXITS["stick-missing"]), Manager(1, 0), Manager(5), Manager(127)):
        with asking.plugged([media.parent], systemd) as found:
            assert found == media
        with asking.plugged([tmp_path / "nowhere"], systemd) as found:
            assert found is None


def test_a_stick_that_is_let_in_but_may_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(asking.StickUnusable), asking.plugged([tmp_path / "nowhere"], Manager()):
        pass


def test_each_code_has_a_status_of_its_own_that_is_nobody_else_s() -> None:
    """systemd's own begin at 200, Python's and the shell's are 1, 2 and 126 on."""
    assert set(asking.EXITS) == {asking.StickMissing.code, asking.StickUnusable.code, asking.StickAmbiguous.code}
    assert len(set(asking.EXITS.values())) == len(asking.EXITS)
    assert all(2 < status < 126 for status in asking.EXITS.values())
