"""Serves a made-up organisation until interrupted: python -m tests.fake_api --incidents 200 --port 8000."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timezone
from threading import Event

from . import FakeApi, organisation


def main() -> None:
    """Prints the URL, then serves."""
    parser = ArgumentParser(prog="python -m tests.fake_api", description="A stand-in for the incident.io API.")
    parser.add_argument("--incidents", type=int, default=20)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="secret-key")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer takes")
    parser.add_argument("--rate", type=float, help="requests a minute")
    args = parser.parse_args()
    org = organisation(args.incidents, now=datetime.now(timezone.utc))
    with FakeApi(org, key=args.key, latency=args.latency, rate_per_minute=args.rate, port=args.port) as api:
        print(api.url, flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
