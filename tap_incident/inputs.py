"""What the user gives to a run by options of the command line: settings, selection and state."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

from tap_incident.config import ENVIRONMENT, Config, load
from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file, read_file, readable_by_others
from tap_incident.protocol.selection import Selection, select, unknown
from tap_incident.protocol.state import State, read_state

LOGGER = logging.getLogger(__name__)


def config_of(args: argparse.Namespace, environ: Mapping[str, str], *, key_needed: bool, secrets: list[str]) -> Config:
    """The settings from the files of --config and from the environment. Adds the API key to `secrets`.

    Raises BadInput. Logs a WARNING if other accounts can read a file that holds the API key.
    """
    files = [(path, "" if path == ENVIRONMENT else read_file(path)) for path in args.config or ()]
    config = load(files, environ, key_needed=key_needed)
    secrets.append(config.api_key)
    with_key = [name for name, text in files if config.api_key and config.api_key in text]
    open_files = [name for name in with_key if readable_by_others(name)]
    made_by_meltano = [name for name in open_files if _is_made_by_meltano(name, environ)]
    text = "%s holds the API key, and others on this machine may read it: %s"
    for name in open_files:
        if name not in made_by_meltano:
            LOGGER.warning(text, name, "chmod 600 it")
    if made_by_meltano:
        LOGGER.info(text, made_by_meltano[0], "run Meltano under umask 077")
    return config


def _is_made_by_meltano(path: str, environ: Mapping[str, str]) -> bool:
    """True for a file in Meltano's own folder: it is made for each run, so its mode can't be changed in advance."""
    absolute = Path(path).absolute()
    moved = environ.get("MELTANO_SYS_DIR_ROOT")
    return ".meltano" in absolute.parts or (moved is not None and Path(moved).absolute() in absolute.parents)


def selection_of(args: argparse.Namespace, config: Config) -> Selection:
    """The streams and fields to read, by --catalog, --properties or the setting `streams`. Raises BadInput."""
    path = args.catalog if args.catalog is not None else args.properties
    if path is not None and config.streams:
        LOGGER.info("The setting streams is not used: %s selects the streams", path)
    source = path if path is not None else "The setting streams"
    selection = select(
        # A file that holds `null` is no catalog either.
        (parse_file(read_file(path), path) or {}) if path is not None else None,
        source=source,
        old_form=args.catalog is None,
        replication_method=config.replication_method,
        streams=config.streams,
        exclude_personal_data=config.exclude_personal_data,
    )
    if not selection:
        raise BadInput(f"{source} selects no stream: nothing to read")
    if config.start_date is not None and not any(selected.replication_key for selected in selection.values()):
        LOGGER.warning("start_date has no effect, because no selected stream is INCREMENTAL: see replication_method")
    return selection


def raise_unknown_streams(args: argparse.Namespace, config: Config) -> None:
    """Raise BadInput if the setting `streams` has names of no stream. Call it when the others were read."""
    names = unknown(config.streams) if args.catalog is None and args.properties is None else []
    if names:
        text = f"The setting streams: this tap has no stream {', '.join(names)}"
        raise BadInput(text, advice="Correct the setting. All other streams were taken")


def state_of(args: argparse.Namespace) -> State:
    """The state of --state; without it, the state of a first run. Raises BadInput."""
    return read_state(read_file(args.state), args.state) if args.state is not None else {}
