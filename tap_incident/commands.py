"""What the tap is asked to do: a sync, or a smaller task. Exit codes, and the last line on stderr after an error."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tap_incident import about
from tap_incident.api.client import Client
from tap_incident.assumptions.table import report
from tap_incident.check import RETRY_SECONDS, check
from tap_incident.config import Config
from tap_incident.errors import BadOutput, Stopped, TapError
from tap_incident.inputs import config_of, raise_unknown_streams, selection_of, state_of
from tap_incident.log_lines import log_lines
from tap_incident.logs import clean_logs
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.output import Output, output_errors, standard_output
from tap_incident.signals import signals_caught
from tap_incident.streams import BY_NAME
from tap_incident.sync.identity import check_key
from tap_incident.sync.run import sync

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Process:
    """What the command line gives to a run."""

    args: argparse.Namespace
    out: Output | None
    stop: threading.Event
    clock: Callable[[], datetime]
    secrets: list[str]
    """They are masked in the log."""


def run(args: argparse.Namespace, clock: Callable[[], datetime]) -> int:
    """Do what the arguments ask for, and return the exit code: see `cli.main`."""
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
            check_key(Client(config, stop=stop))
        catalog = discover(config.replication_method, exclude_personal_data=config.exclude_personal_data)
        _print(out, json.dumps(catalog, indent=2))
        return
    if args.assumptions:
        for line in report(_impatient(config, stop)):
            _print(out, line)
        return
    selection = selection_of(args, config)
    state = state_of(args)
    client = _impatient(config, stop) if args.check or args.test else Client(config, stop=stop)
    if args.check:
        for line in check(selection, config, client, process.clock()):
            _print(out, line)
        raise_unknown_streams(args, config)
        return
    sync(
        selection,
        config,
        state,
        client=client,
        stop=stop,
        writer=Writer(out, with_state=not args.test),
        now=process.clock(),
        sample=args.test,
    )
    raise_unknown_streams(args, config)


def _impatient(config: Config, stop: threading.Event) -> Client:
    """A client for --check and --test, which somebody waits for."""
    quick = replace(config, request_timeout=min(config.request_timeout, RETRY_SECONDS))
    return Client(quick, stop=stop, retry_seconds=RETRY_SECONDS)


def _print(out: Output, text: str) -> None:
    with output_errors():
        out.write(text + "\n")
        out.flush()
