"""Random sequences of runs, for as long as wanted: python -m tests.soak --seconds 600. With --seed only: that one."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from itertools import count

from tests.soak.sequences import play
from tests.soak.steps import made_up


def main() -> int:
    """Print each failure with its seed and its steps, and the figures at the end. 1 if anything was found."""
    parser = ArgumentParser(prog="python -m tests.soak", description="Random sequences of runs against a model.")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long; without it, only the sequence of --seed")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first sequence")
    args = parser.parse_args()
    # Nothing is sent anywhere but to loopback.
    os.environ["no_proxy"] = "127.0.0.1"
    figures, failures, begin = Counter[str](), 0, time.monotonic()
    for seed in count(args.seed):
        sequence = made_up(seed)
        found = play(sequence, figures)
        if found:
            failures += 1
            print(f"\nseed {seed}, found after {time.monotonic() - begin:.0f} s, after step {found.step + 1}:")
            print(*(f"  {difference}" for difference in found.differences[:5]), *sequence.steps, sep="\n")
            print(f"To replay: python -m tests.soak --seed {seed}", flush=True)
        if time.monotonic() >= begin + args.seconds:
            break
    comes_to = ", ".join(f"{number:,} {name}" for name, number in figures.items())
    seconds = time.monotonic() - begin
    print(f"Seeds {args.seed} to {seed}: {comes_to}, {failures:,} sequences with differences, {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
