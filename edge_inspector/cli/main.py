"""`edge-inspector`: imports only the command that was asked for, so that workers start fast and load what they need."""

from __future__ import annotations

import importlib
import os
import sys

import typer

from edge_inspector.domain.disk_refusal import disk_refusal
from edge_inspector.domain.errors import AlreadyRunningError, EdgeInspectorError

EXIT_ERROR = 1
EXIT_ALREADY_RUNNING = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells do

COMMANDS = {  # name: module of this folder, and its function or group of commands
    "run": ("run", "run"),
    "status": ("status", "status"),
    "ack": ("ack", "ack"),
    "trigger": ("trigger", "trigger"),
    "lot": ("lot", "lot"),
    "recipe": ("recipe", "recipe"),
    "stop": ("stop", "stop"),
    "init": ("init", "init"),
    "check": ("check", "check"),
    "schema": ("schema", "schema"),
    "parts": ("parts", "app"),
    "demo": ("demo", "demo"),
    "play": ("demo", "play"),
    "belt": ("belt", "belt"),
    "train": ("train", "train"),
    "engines": ("engines", "app"),
    "dataset": ("dataset", "app"),
    "worker": ("worker", "app"),
    "version": ("version", "version"),
}


def build_app(only: str = "") -> typer.Typer:
    """Return the command line, with the command `only` when there is one of that name, else with all of them."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Inspection daemon for small parts on a line: several cameras, one verdict, and nothing passes uninspected.",
    )
    app.callback()(_no_options)
    for name in [only] if only in COMMANDS else COMMANDS:
        module, attribute = COMMANDS[name]
        command = getattr(importlib.import_module(f"edge_inspector.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _no_options() -> None:
    """Makes the app a group even with one command registered."""


def main() -> None:
    """Run the command line; a person's mistakes end with a sentence, not with a traceback."""
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="edge-inspector")
    except SystemExit as end:  # how typer ends, always
        sys.exit(_exit_code(end))
    except EdgeInspectorError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_ALREADY_RUNNING if isinstance(error, AlreadyRunningError) else EXIT_ERROR)
    except OSError as error:
        told = disk_refusal(error)
        if told is None:
            raise
        print(told, file=sys.stderr)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        print("interrupted; what was kept before stays", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _exit_code(end: SystemExit) -> str | int | None:
    """Return the code to exit with: 0 where whoever reads the output had enough, as in `| head`.

    typer and rich make an exit with code 1 of a closed pipe, unless all was still held back when the command was done.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains at its end
    cause: BaseException | None = end
    while cause is not None and not isinstance(cause, BrokenPipeError):
        cause = cause.__context__
    return end.code if cause is None else 0


if __name__ == "__main__":
    main()
