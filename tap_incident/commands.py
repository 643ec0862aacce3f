"""What the tap is asked to do: a sync, or a smaller task. Exit codes, and the last line on stderr after an error."""

from __future__ import annotations

import argparse
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from tap_incident import about
from tap_incident.api.client import Client
from tap_incident.api.identity import check_key
from tap_incident.assumptions.table import report
from tap_incident.check import RETRY_SECONDS, check
from tap_incident.config import Config
from tap_incident.errors import BadOutput, Stopped, TapError
from tap_incident.inputs import config_of, raise_unknown_streams, selection_of, state_of
from tap_incident.logs import clean_logs, log_lines
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.output import Output, output_errors, standard_output
from tap_incident.signals import signals_caught
from tap_incident.streams import BY_NAME
from tap_incident.sync.run import sync

LOGGER = logging.getLogger(__name__)


def run(args: argparse.Namespace, clock: Callable[[], datetime]) -> int:
    """Do what the arguments ask for, and return the exit code: see `cli.main`."""
    code, stop = 0, threading.Event()
    with clean_logs() as secrets, log_lines(os.environ, BY_NAME), signals_caught(stop) as caught:
        out = standard_output()
        try:
            _run(args, out, stop, clock, secrets)
        except BrokenPipeError:
            code = 1  # The target has ended, and says why itself.
        except Exception as error:
            code = 1
            # An error of stdout was logged before, or is about to be.
            with suppress(OSError, ValueError):
                if out is not None:
                    out.flush()
            _log(error, was_stopped=bool(caught))
        if caught:
            resume = "Stopped by %s. Run again with the last state to resume from there"
            LOGGER.warning(resume if code else "Stopped by %s when everything was written", caught[0].name)
    # Only now: a signal may have come until the handlers were removed.
    return 128 + caught[0] if caught else code


def _log(error: Exception, *, was_stopped: bool) -> None:
    """Log what ended the run, except that a signal stopped it."""
    if not isinstance(error, TapError):
        LOGGER.exception("Unexpected error:")
        LOGGER.critical("A mistake in the tap (%s): please report it with the lines above", type(error).__name__)
    elif not (was_stopped and isinstance(error, Stopped)):
        LOGGER.critical("%s", f"{error}. {error.advice}".strip().removesuffix("."))


def _run(
    args: argparse.Namespace,
    out: Output | None,
    stop: threading.Event,
    clock: Callable[[], datetime],
    secrets: list[str],
) -> None:
    if out is None:
        raise BadOutput("The messages can't be written: stdout is closed")
    if args.about:
        _print(out, [about.FORMATS[args.format or "text"]()])
        return
    config = config_of(args, os.environ, key_needed=not args.discover, secrets=secrets)
    if args.discover:
        if config.api_key:
            check_key(Client(config, stop=stop))
        catalog = discover(config.replication_method, exclude_personal_data=config.exclude_personal_data)
        _print(out, [json.dumps(catalog, indent=2)])
        return
    if args.assumptions:
        _print(out, report(_impatient(config, stop)))
        return
    selection = selection_of(args, config)
    state = state_of(args)
    client = _impatient(config, stop) if args.check or args.test else Client(config, stop=stop)
    if args.check:
        _print(out, check(selection, config, client, clock()))
    else:
        writer = Writer(out, with_state=not args.test)
        sync(selection, config, state, client=client, stop=stop, writer=writer, now=clock(), sample=args.test)
    raise_unknown_streams(args, config)


def _impatient(config: Config, stop: threading.Event) -> Client:
    """A client for --check and --test, which somebody waits for."""
    quick = replace(config, request_timeout=min(config.request_timeout, RETRY_SECONDS))
    return Client(quick, stop=stop, retry_seconds=RETRY_SECONDS)


def _print(out: Output, lines: Iterable[str]) -> None:
    for line in lines:
        with output_errors():
            out.write(line + "\n")
            out.flush()
