"""A failpoint: nothing at all where none is asked for; else the process ends, fails or waits exactly there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regreport import failpoints

PROGRAM = """
import os
from pathlib import Path
from regreport.failpoints import during, effect, watched, writes
from contextlib import contextmanager

@effect("rename")
def rename(): print("renamed", flush=True)

class Port:
    name = "port"
    def send(self): rename()
    @contextmanager
    def block(self):
        yield
        print("ended", flush=True)
    @writes
    @contextmanager
    def write(self):
        yield
    def advance(self):
        with self.write(): print("written", flush=True)

port = watched(Port(), "send", blocks=("block",))
assert port.name == "port"
with during("deliver"):
    port.send()
    with port.block(): pass
    port.advance()
    port.send()
"""
POINTS = [
    "before_send",
    "before_send_rename",
    "after_send_rename",
    "after_send",
    "before_block",
    "after_block",
    "before_advance",
    "after_advance",
    "before_send",
    "before_send_rename",
    "after_send_rename",
    "after_send",
]


def run(**variables: str) -> subprocess.CompletedProcess[str]:
    """The program with these variables in its environment."""
    env = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=env, check=False)


def test_nothing_is_left_in_the_way_where_none_is_asked_for() -> None:
    def one() -> None: ...

    assert failpoints.effect("one")(one) is one
    assert failpoints.watched(one, "send") is one
    assert failpoints.during("a") is not failpoints.during("b")
    with failpoints.during("deliver"):
        assert failpoints._steps == ["outside"]


def test_a_trace_names_every_point_in_order(tmp_path: Path) -> None:
    assert run(REGREPORT_FAILPOINT_TRACE=str(tmp_path / "trace")).returncode == 0
    assert (tmp_path / "trace").read_text().splitlines() == [f"deliver.{point}" for point in POINTS]


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("deliver.before_send", []),
        ("deliver.after_send_rename", ["renamed"]),
        ("deliver.before_block", ["renamed"]),
        ("deliver.after_block", ["renamed", "ended"]),
        ("deliver.after_advance", ["renamed", "ended", "written"]),
    ],
)
def test_the_process_dies_exactly_there(point: str, said: list[str]) -> None:
    done = run(REGREPORT_FAILPOINT=f"{point}:kill")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == said


def test_the_second_time_and_any_point(tmp_path: Path) -> None:
    second = run(REGREPORT_FAILPOINT="deliver.before_send:kill@2")
    assert second.stdout.split() == ["renamed", "ended", "written"]
    ninth = run(REGREPORT_FAILPOINT="*:kill@9")
    assert (ninth.returncode, ninth.stdout) == (second.returncode, second.stdout)


def test_an_error_can_be_raised_there() -> None:
    done = run(REGREPORT_FAILPOINT="deliver.after_send:raise")
    assert done.stdout.split() == ["renamed"]
    assert "FailpointReached: failpoint deliver.after_send was reached" in done.stderr


def test_it_can_wait_there_for_ever() -> None:
    env = {**os.environ, "REGREPORT_FAILPOINT": "deliver.before_block:hang"}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, env=env) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"renamed\n"
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
        waiting.kill()


@pytest.mark.parametrize(
    "wanted", ["deliver.after_send", "deliver.after_send:explode", "a:kill@0", "a:kill@x", ":kill"]
)
def test_what_cannot_be_understood_is_said(wanted: str) -> None:
    done = run(REGREPORT_FAILPOINT=wanted)
    assert done.returncode == 1
    assert "is not POINT:MODE or POINT:MODE@HIT; modes: kill, raise, hang, stop" in done.stderr
