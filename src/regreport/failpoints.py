"""Named places where a test can stop the product: before and after everything that it does to the outside.

    REGREPORT_FAILPOINT=deliver.after_send:kill        the process dies there, as if by kill -9
    REGREPORT_FAILPOINT=generate.before_batch:raise@2  an error is raised there, the second time it is reached
    REGREPORT_FAILPOINT=confirm.before_take:hang       it waits there for ever (`stop`: until it is continued)
    REGREPORT_FAILPOINT_TRACE=FILE                     every point is written there as it is reached

A name is `<step>.<before or after>_<effect>`: the step is the command or the step of the pipeline that runs; the effect
is a call of a port (`send`, `advance`), or an operation inside one (`send_rename`, `advance_commit`). `*` is any point.
The names are made as the code runs, from the few decorators below; no list is kept. Where neither variable is set when
this module is imported, every decorator gives back what it was given: nothing is left in the way.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import CodeType
from typing import Any, Final, ParamSpec, TypeVar, cast

from regreport.errors import ConfigurationError, Retryable

VARIABLE: Final = "REGREPORT_FAILPOINT"
TRACE_VARIABLE: Final = "REGREPORT_FAILPOINT_TRACE"
WATCHING: Final = any(os.environ.get(name) for name in (VARIABLE, TRACE_VARIABLE))
"""Whether anything is to happen at any point; read once, at import."""

MODES: Final = ("kill", "raise", "hang", "stop")
_FORM: Final = re.compile(rf"(?P<point>[a-z0-9_.-]+|\*):(?P<mode>{'|'.join(MODES)})(?:@(?P<hit>[1-9][0-9]*))?")
_OUTSIDE: Final = "outside"
"""The step where none is known: the library is used without the command line."""

P = ParamSpec("P")
R = TypeVar("R")


class FailpointReached(Retryable):
    """The failpoint that was asked for was reached in mode `raise`."""


class _Plan:
    """What the environment asks for, and what has been reached since."""

    def __init__(self) -> None:
        wanted = os.environ.get(VARIABLE, "")
        found = _FORM.fullmatch(wanted)
        if wanted and not found:
            raise ConfigurationError(
                f"{VARIABLE}={wanted!r} is not POINT:MODE or POINT:MODE@HIT; modes: {', '.join(MODES)}"
            )
        self.point: str = found["point"] if found else ""
        self.mode: str = found["mode"] if found else ""
        self.at = int((found and found["hit"]) or 1)
        self.hits: Counter[str] = Counter()
        trace = os.environ.get(TRACE_VARIABLE, "")
        self.trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if trace else None

    def reach(self, name: str) -> None:
        """One point: told to the trace, and acted on where it is the one asked for."""
        if self.trace is not None:
            os.write(self.trace, f"{name}\n".encode())
        counted = "*" if self.point == "*" else name
        self.hits[counted] += 1
        if counted == self.point and self.hits[counted] == self.at:
            _act(self.mode, name)


class _Place(threading.local):
    """Where a thread is: the calls of ports that it is inside of."""

    def __init__(self) -> None:
        self.calls: list[str] = []


_place: Final = _Place()
_steps: Final = [_OUTSIDE]
_plan: _Plan | None = None


def _act(mode: str, name: str) -> None:
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "raise":
        raise FailpointReached(f"failpoint {name} was reached, as {VARIABLE} asks for")
    elif mode == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    while mode == "hang":
        time.sleep(3600)


def _reach(side: str, effect: str) -> None:
    global _plan
    if _plan is None:
        _plan = _Plan()
    _plan.reach(f"{_steps[-1]}.{side}_{effect}")


@contextmanager
def _around(effect: str, *, call: bool = False) -> Iterator[None]:
    """Both points of an effect. Inside the call of a port, an operation bears the name of the call too."""
    calls = _place.calls
    name = effect if call or not calls else f"{calls[-1]}_{effect}"
    _reach("before", name)
    if call:
        calls.append(effect)
    try:
        yield
    finally:
        if call:
            calls.pop()
    _reach("after", name)


def during(step: str) -> AbstractContextManager[None]:
    """The step that runs inside the block, for the names of its points."""
    return _during(step) if WATCHING else nullcontext()


@contextmanager
def _during(step: str) -> Iterator[None]:
    _steps.append(step)
    try:
        yield
    finally:
        _steps.pop()


def effect(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function that is one operation on the outside: a rename, a flush."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        return _wrapped(function, name) if WATCHING else function

    return decorated


def _wrapped(function: Callable[P, R], name: str, *, call: bool = False) -> Callable[P, R]:
    def watched(*args: P.args, **named: P.kwargs) -> R:
        with _around(name, call=call):
            return function(*args, **named)

    return watched


def writes(manager: Callable[P, AbstractContextManager[R]]) -> Callable[P, AbstractContextManager[R]]:
    """Mark the context manager that every writing method of an adapter opens; the effect bears the method's name."""
    if not WATCHING:
        return manager

    def watched(*args: P.args, **named: P.kwargs) -> AbstractContextManager[R]:
        code: CodeType = sys._getframe(1).f_code
        return _inside(manager(*args, **named), code.co_name)

    return watched


@contextmanager
def _inside(manager: AbstractContextManager[R], name: str) -> Iterator[R]:
    with _around(name, call=True), manager as entered:
        yield entered


def watched(port: R, *calls: str, blocks: tuple[str, ...] = ()) -> R:
    """A port whose calls have a point on each side. `blocks`: calls that give a block, whose effect is at its end."""
    return cast("R", _Watched(port, calls, blocks)) if WATCHING else port


class _Watched:
    """A port as it is, but for the calls that are watched."""

    def __init__(self, port: object, calls: tuple[str, ...], blocks: tuple[str, ...]) -> None:
        self._port, self._calls, self._blocks = port, calls, blocks

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if name in self._blocks:
            return lambda *args, **named: _ending(member(*args, **named), name)
        return _wrapped(member, name, call=True) if name in self._calls else member


@contextmanager
def _ending(block: AbstractContextManager[R], name: str) -> Iterator[R]:
    """A block with a point on each side of its end."""
    entered = block.__enter__()
    try:
        yield entered
    except BaseException:
        if not block.__exit__(*sys.exc_info()):
            raise
    else:
        with _around(name, call=True):
            block.__exit__(None, None, None)


def watch(owner: object, method: str, name: str) -> None:
    """Mark a method of somebody else's object (a driver's commit) as one operation."""
    if WATCHING:
        setattr(owner, method, _wrapped(getattr(owner, method), name))
