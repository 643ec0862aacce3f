"""The command line: arguments, and the process around a run."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone

from tap_incident.settings import VERSION

_SWITCH_SECONDS = 0.02


def main(
    argv: Sequence[str] | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
) -> int:
    """Run the tap with these arguments (default: the arguments of the process) and return its exit code.

    `clock` is called once; `schedule_entries` is read for a window around that time.

    0: all was read. 1: failed; the last line on stderr says why and what to do. 130, 143: SIGINT or SIGTERM came during
    the run, with or without an error. Source: Singer spec, section "Running and developing taps".
    """
    parser = _parser()
    args = parser.parse_args(argv)
    ways = [f"--{each}" for each in ("about", "check", "discover", "test") if getattr(args, each)]
    if len(ways) > 1:
        parser.error(f"arguments {', '.join(ways)}: only one of them")
    if args.format and not args.about:
        parser.error("argument --format: only with --about")
    if args.assumptions and not args.check:
        parser.error("argument --assumptions: only with --check")
    # Only now: --help and --version need none of it, and it takes most of the time of a short run.
    from tap_incident.commands import run  # noqa: PLC0415

    return run(args, clock)


def command() -> None:
    """`main` as a process."""
    _open_standard_descriptors()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Before and after the run, SIGINT ends the process as SIGTERM does, not with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The default of 5 ms interrupts the writer so often that the switches take 6 % of a run with many answers.
    sys.setswitchinterval(_SWITCH_SECONDS)
    code = main()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    # Not sys.exit: it would wait for threads that hang in a slow answer, and flush into a broken pipe.
    os._exit(code)


def _open_standard_descriptors() -> None:
    """Open the null device as each of stdin, stdout and stderr that is closed.

    Otherwise a connection or a temporary file would get its number, and what a library writes to stderr.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tap-incident",
        description="Singer tap for incident.io: writes SCHEMA, RECORD and STATE messages to stdout.",
        epilog="First: tap-incident --discover > catalog.json. Then: tap-incident --config config.json "
        "--catalog catalog.json | target-... The exit code is 0 when everything selected was read, "
        "1 when not (the last line on stderr says why), 130 or 143 when SIGINT or SIGTERM came during the run, "
        "with or without an error.",
    )
    add = parser.add_argument
    config = "settings as JSON, or ENV for the environment; may be repeated, later ones win"
    add("-c", "--config", metavar="FILE", action="append", help=config)
    add("-d", "--discover", action="store_true", help="print the catalog of all streams and fields, and exit")
    add("--catalog", metavar="FILE", help="catalog with your selection; without one, the default streams are read")
    add("-p", "--properties", metavar="FILE", help="older form of --catalog, with `selected` inside the schemas")
    add("-s", "--state", metavar="FILE", help="state of the last run; an interrupted sync resumes from there")
    add("--check", action="store_true", help="try the key: print what it may read and what a first run costs, and exit")
    add(
        "--assumptions",
        action="store_true",
        help="with --check: print what is true of what the tap believes of the API",
    )
    add("--test", action="store_true", help="write SCHEMA and a few records of each selected stream, but no STATE")
    add("--about", action="store_true", help="print name, version, capabilities, settings and streams, and exit")
    add("--format", choices=("text", "json", "markdown"), help="output format of --about (default: text)")
    add("--version", action="version", version=f"tap-incident {VERSION}", help="print the version, and exit")
    return parser
