"""The command line: parse, call, print. Nothing heavy is imported before a command runs, so that --help is instant.

Exit codes: 0 done; 1 there is something to look at (findings, a residual, a broken seal); 2 the input cannot be used,
or the command line is wrong; 3 a setting is wrong or missing; 4 something did not answer, trying again is right;
5 stored evidence is not what was recorded.
"""

from __future__ import annotations

import os
import sys

import typer

from regreport.cli.approvals import register as add_approvals
from regreport.cli.controls import register as add_controls
from regreport.cli.corrections import register as add_corrections
from regreport.cli.days import register as add_days
from regreport.cli.evidence import register as add_evidence
from regreport.cli.exits import exit_code_of
from regreport.cli.files import register as add_files
from regreport.cli.messages import register as add_messages
from regreport.cli.options import THREADS_VARIABLE
from regreport.cli.persons import register as add_persons
from regreport.cli.records import register as add_records
from regreport.cli.signing import register as add_signing
from regreport.cli.workspaces import register as add_workspaces

app = typer.Typer(
    name="regreport",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Regulatory reports: generate, validate, deliver, confirm, and prove it. Exit codes: 0 done, 1 something to "
    "look at, 2 unusable input, 3 configuration, 4 try again, 5 evidence broken.",
)
REGISTERS = (
    add_workspaces,
    add_days,
    add_records,
    add_corrections,
    add_approvals,
    add_signing,
    add_messages,
    add_controls,
    add_files,
    add_evidence,
    add_persons,
)
for add in REGISTERS:
    add(app)


def main() -> None:
    """Run the command line; what went wrong is one line on standard error and an exit code, never a traceback."""
    os.environ.setdefault(THREADS_VARIABLE, "1")
    try:
        app(prog_name="regreport")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        print(f"regreport: {_one_line(error)}", file=sys.stderr)
        sys.exit(code)


def _one_line(error: Exception) -> str:
    """What went wrong on one line, and nothing in it (a parser's words, a name from outside) can drive the terminal."""
    from regreport.cli.printing import visible

    return visible(" ".join(str(error).split()))
