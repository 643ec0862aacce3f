"""`make matrix`: what dist/ holds, installed on each Python that it is for, and tested there.

Each Python has an environment of its own under .matrix/, with everything from the package index as a user gets it. The
tests are those in tests/unit: only they are copied there, so they import the installed package. The others run the
same code in whole syncs, or are about the checkout: for those one Python will do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tap_incident.about import about

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / ".matrix"
NEEDED = ("__init__.py", "conftest.py", "fake_api", "support", "unit")
OF_THE_CHECKOUT = ("fake_api", "test_about.py")
"""In tests/unit: what is about the checkout rather than the package."""
STEP_SECONDS = 600


class Failed(Exception):
    """A step went wrong; the text is what it printed."""


def main() -> int:
    """Try every version, say what came of each; 1 if one failed, or if none is here."""
    codes = {}
    for version in about()["supported_python_versions"] or ():
        python = interpreter(version)
        if python is None:
            print(f"{version}  MISSING: neither python{version} on PATH nor ~/.pyenv/versions/{version}.*", flush=True)
            continue
        began = time.monotonic()
        try:
            told, codes[version] = tried(version, python), 0
        except Failed as failure:
            print(failure)
            told, codes[version] = "FAILED: see above", 1
        print(f"{version}  {told}; {time.monotonic() - began:.0f} s with its installation", flush=True)
    return max(codes.values(), default=1)


def interpreter(version: str) -> str | None:
    """A Python of this version that runs: on PATH, or one of pyenv's."""
    candidates = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for candidate in filter(None, candidates):
        # A shim of pyenv may be there for a version that is not switched on: it fails.
        probe = subprocess.run([str(candidate), "-c", "import venv"], capture_output=True, check=False)
        if probe.returncode == 0:
            return str(candidate)
    return None


def tried(version: str, python: str) -> str:
    """Install the sdist and then the wheel, check the command each time, and run the tests; gives pytest's summary."""
    folder = FOLDER / version
    shutil.rmtree(folder, ignore_errors=True)
    ran(python, "-m", "venv", str(folder / "venv"))
    scripts = folder / "venv" / "bin"
    pip = (str(scripts / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    (sdist,), (wheel,) = (list((REPOSITORY / "dist").glob(kind)) for kind in ("*.tar.gz", "*.whl"))
    ran(*pip, str(sdist))
    check(scripts)
    ran(*pip, "--force-reinstall", "--no-deps", str(wheel))
    ran(*pip, f"{wheel}[test]")
    check(scripts)
    copied(folder / "work")
    found = ran(str(scripts / "python"), "-c", "import tap_incident; print(tap_incident.__file__)", cwd=folder / "work")
    if not found.startswith(str(folder / "venv")):
        raise Failed(f"the tests would import {found.strip()}")
    return ran(str(scripts / "python"), "-m", "pytest", cwd=folder / "work").splitlines()[-1]


def check(scripts: Path) -> None:
    """The installed command says its version, its catalog and what it is."""
    tap = str(scripts / "tap-incident")
    told = json.loads(ran(tap, "--about", "--format=json"))
    if ran(tap, "--version").split() != ["tap-incident", told["version"]] or told != about():
        raise Failed(f"{tap}: another version than the checkout's, make setup may mend it")
    catalog = json.loads(ran(tap, "--discover"))
    if {entry["stream"] for entry in catalog["streams"]} != {stream["name"] for stream in told["streams"]}:
        raise Failed(f"{tap} --discover: not the streams that --about tells")


def copied(folder: Path) -> None:
    """tests/unit with what it needs, and no package beside it."""
    tests = folder / "tests"
    for name in NEEDED:
        source = REPOSITORY / "tests" / name
        left_out = shutil.ignore_patterns("__pycache__", *(OF_THE_CHECKOUT if name == "unit" else ()))
        if source.is_dir():
            shutil.copytree(source, tests / name, ignore=left_out)
        else:
            tests.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tests)
    shutil.copytree(REPOSITORY / "schemas", folder / "schemas")
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


def ran(*command: str, cwd: Path = REPOSITORY) -> str:
    """What the command prints; raises Failed with all that it said if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=STEP_SECONDS, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
