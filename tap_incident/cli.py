"""The command line: arguments, exit codes, signals, and the last line on stderr after an error."""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from tap_incident import about
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadOutput, Stopped, TapError
from tap_incident.inputs import config_of, selection_of, state_of
from tap_incident.log_lines import log_lines
from tap_incident.logs import clean_logs
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.output import Output, output_errors, standard_output
from tap_incident.protocol.selection import Selection
from tap_incident.settings import VERSION
from tap_incident.signals import signals_caught
from tap_incident.streams import BY_NAME
from tap_incident.sync.check import RETRY_SECONDS, check
from tap_incident.sync.fanout import Workers
from tap_incident.sync.identity import check_key
from tap_incident.sync.run import sync
from tap_incident.sync.sample import write_sample

LOGGER = logging.getLogger(__name__)

_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
_SWITCH_SECONDS = 0.02


Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class _Process:
    """What the command line gives to a run."""

    args: argparse.Namespace
    out: Output | None
    stop: threading.Event
    clock: Clock
    secrets: list[str]
    """They are masked in the log."""


def main(argv: Sequence[str] | None = None, *, clock: Clock = _utc_now) -> int:
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
    stop = threading.Event()
    with clean_logs() as secrets, log_lines(os.environ, BY_NAME), signals_caught(stop) as caught:
        code = _exit_code(_Process(args, standard_output(), stop, clock, secrets), caught)
        if caught:
            resume = "Stopped by %s. Run again with the last state to resume from there"
            LOGGER.warning(resume if code else "Stopped by %s when everything was written", caught[0].name)
    # Only now: a signal may have come until the handlers were removed.
    return 128 + caught[0] if caught else code


def _exit_code(process: _Process, caught: list[signal.Signals]) -> int:
    """Run, and log what went wrong. 0: all was read. 1: not."""
    try:
        _run(process)
        return 0
    except BrokenPipeError:
        return 1  # The target has ended, and says why itself.
    except TapError as error:
        _flush(process.out)
        if not (caught and isinstance(error, Stopped)):
            LOGGER.critical("%s", f"{error}. {error.advice}".strip().removesuffix("."))
        return 1
    except Exception as error:
        _flush(process.out)
        LOGGER.exception("Unexpected error:")
        LOGGER.critical("A mistake in the tap (%s): please report it with the lines above", type(error).__name__)
        return 1


def _flush(out: Output | None) -> None:
    """Flush stdout. An error here was logged before, or is about to be."""
    with suppress(OSError, ValueError):
        if out is not None:
            out.flush()


def command() -> None:
    """`main` as a process."""
    _open_standard_descriptors()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Before and after the run, SIGINT ends the process as SIGTERM does, not with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    with suppress(OSError, AttributeError, TypeError):  # TypeError: Windows has no process-wide library handle.
        # By default glibc keeps freed memory in a heap per thread, and so several copies of the largest page. A page's
        # texts get memory of their own, which goes back at once: between small objects, they would leave holes.
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 16 * 1024)
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
    add("--test", action="store_true", help="write SCHEMA and a few records of each selected stream, but no STATE")
    add("--about", action="store_true", help="print name, version, capabilities, settings and streams, and exit")
    add("--format", choices=list(about.FORMATS), help="output format of --about (default: text)")
    add("--version", action="version", version=f"tap-incident {VERSION}", help="print the version, and exit")
    return parser


def _run(process: _Process) -> None:
    args, out, stop = process.args, process.out, process.stop
    if out is None:
        raise BadOutput("The messages can't be written: stdout is closed")
    if args.about:
        _print(out, about.FORMATS[args.format or "text"]())
        return
    config = config_of(args, os.environ, key_needed=not args.discover, secrets=process.secrets)
    if args.discover:
        if config.api_key:
            check_key(Client(config, stop=stop).identity())
        catalog = discover(config.replication_method, exclude_personal_data=config.exclude_personal_data)
        _print(out, json.dumps(catalog, indent=2))
        return
    selection = selection_of(args, config)
    if args.check or args.test:
        _try(process, out, config, selection)
        return
    state = state_of(args)
    client = Client(config, stop=stop)
    with Workers(config.max_concurrency, stop) as workers:
        sync(selection, config, state, client=client, workers=workers, writer=Writer(out), now=process.clock())


def _try(process: _Process, out: Output, config: Config, selection: Selection) -> None:
    """--check and --test: read a row or a few of each stream."""
    seconds = min(config.request_timeout, RETRY_SECONDS)
    client = Client(
        replace(config, request_timeout=seconds), stop=process.stop, answer_seconds=seconds, retry_seconds=RETRY_SECONDS
    )
    if process.args.test:
        write_sample(selection, config, client, Writer(out), process.clock())
        return
    with Workers(config.max_concurrency, process.stop) as workers:
        for line in check(selection, config, client, workers, process.clock()):
            _print(out, line)


def _print(out: Output, text: str) -> None:
    with output_errors():
        out.write(text + "\n")
        out.flush()
