"""Serves the sample organisation until interrupted: python -m tests.fake_api --incidents 5000 --change 20."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import suppress
from datetime import date, datetime, time, timezone
from threading import Event

from . import KEY, FakeApi, sample_organisation
from .facts import ENDPOINTS


def main() -> None:
    """Prints the lines with which a shell makes the tap read it, then serves."""
    now = datetime.now(timezone.utc)
    parser = ArgumentParser(prog="python -m tests.fake_api", description="A stand-in for the incident.io API.")
    parser.add_argument("--incidents", type=int, default=200, help="how many there are (200)")
    parser.add_argument("--change", type=int, default=0, metavar="N", help="incidents that change at each start (0)")
    parser.add_argument("--today", type=date.fromisoformat, default=now.date(), help="the present, as 2026-11-30")
    deny = parser.add_argument("--deny", action="append", default=[], help="a permission that the key lacks")
    deny.metavar, deny.choices = "SCOPE", sorted({endpoint.scope for endpoint in ENDPOINTS if endpoint.scope})
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer takes (0)")
    parser.add_argument("--rate", type=float, help="requests a minute (no limit)")
    parser.add_argument("--port", type=int, default=8765, help="where it listens (8765; 0: any free one)")
    args = parser.parse_args()
    org = sample_organisation(args.incidents, now=datetime.combine(args.today, time(), timezone.utc))
    org.change(args.change, now)
    try:
        api = FakeApi(org, denied=args.deny, latency=args.latency, rate_per_minute=args.rate, port=args.port)
    except OSError as error:
        parser.error(f"port {args.port}: {error.strerror}; name another one with --port")
    with api:
        print(f"export INCIDENT_ENDPOINT={api.url}\nexport INCIDENT_API_KEY={KEY}")
        print(f"# Serving {args.incidents} incidents until you press Ctrl-C.", flush=True)
        with suppress(KeyboardInterrupt):
            Event().wait()


if __name__ == "__main__":
    main()
