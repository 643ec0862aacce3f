"""Serves an organisation until interrupted: python -m tests.fake_api --incidents 200 --port 8000."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timezone
from threading import Event

from . import FakeApi, organisation, sample_organisation


def main() -> None:
    """Prints the lines with which a shell makes the tap read it, then serves."""
    parser = ArgumentParser(prog="python -m tests.fake_api", description="A stand-in for the incident.io API.")
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--awkward", action="store_true", help="serve the tests' organisation instead of the sample")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="secret-key")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer takes")
    parser.add_argument("--rate", type=float, help="requests a minute")
    args = parser.parse_args()
    make = organisation if args.awkward else sample_organisation
    org = make(args.incidents, now=datetime.now(timezone.utc))
    with FakeApi(org, key=args.key, latency=args.latency, rate_per_minute=args.rate, port=args.port) as api:
        print(f"export INCIDENT_ENDPOINT={api.url}\nexport INCIDENT_API_KEY={args.key}")
        print(f"# Serving {args.incidents} incidents until you press Ctrl-C.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
