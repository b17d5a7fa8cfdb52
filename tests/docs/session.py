"""A terminal for the pages: commands in one folder, one after the other, as a reader types them.

`regreport` runs inside this process through its own entry point, which costs no start; everything else is bash.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

CLOCK = "2026-11-25T10:00:00Z"
OURS = re.compile(r"^((?:[A-Z_]+=\S+ )*)regreport\b([^|>]*)(.*)$")
"""Assignments, what is said to regreport, and where its output goes."""


class Session:
    """One reader. `made_demo` is a finished demo with what it printed, since every demo is the same."""

    def __init__(self, folder: Path, made_demo: tuple[Path, str]) -> None:
        self.folder = folder
        self.demo, self.demo_words = made_demo
        self.env = {"REGREPORT_CLOCK": CLOCK, "REGREPORT_ACTOR": "ana", "LC_ALL": "C.UTF-8"}

    def run(self, line: str) -> tuple[int, str]:
        """(exit code, everything printed)."""
        if line.startswith("cd "):
            self.folder = (self.folder / line[3:].strip()).resolve()
            return (0, "") if self.folder.is_dir() else (1, f"no folder {self.folder}")
        if line.startswith("export "):
            name, _, value = line[7:].strip().partition("=")
            self.env[name] = value.strip("'\"")
            return 0, ""
        if line == "make demo":
            line = "regreport demo demo-out"
        ours = OURS.match(line)
        if ours is None:
            return self._bash(line, "")
        before, said, after = ours.groups()
        env = dict(part.split("=", 1) for part in shlex.split(before))
        words = self._words(said)
        if words[:1] == ["demo"]:
            code, out, err = self._demo(words[1] if len(words) > 1 else "demo-out")
        else:
            code, out, err = self._ours(words, env)
        if after:
            _, out = self._bash(f"cat {after}", out)
        return code, err + out

    def _words(self, said: str) -> list[str]:
        """The words after the shell has read them: quotes, variables and stars."""
        script = f"set -- {said}; [ $# -eq 0 ] || printf '%s\\0' \"$@\""
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env={**os.environ, **self.env}, capture_output=True, check=True
        )
        return done.stdout.decode().split("\0")[:-1]

    def _bash(self, line: str, given: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={**os.environ, **self.env},
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def _demo(self, name: str) -> tuple[int, str, str]:
        target = self.folder / name
        subprocess.run(["rm", "-rf", str(target)], check=True)
        subprocess.run(["cp", "-a", str(self.demo), str(target)], check=True)
        return 0, self.demo_words.replace("demo-out", name), ""

    def _ours(self, words: list[str], env: dict[str, str]) -> tuple[int, str, str]:
        from regreport.__main__ import main

        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with (
            patch.dict(os.environ, {**self.env, **env}),
            patch.object(sys, "argv", ["regreport", *words]),
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
            contextlib.suppress(BrokenPipeError),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code
        return int(str(code or 0)), out.getvalue(), err.getvalue()
