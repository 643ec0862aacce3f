"""A PostgreSQL server of our own: on loopback, in a temporary folder, with a password that nobody else knows."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .pipes import exact

USER = "loader"
SECONDS = 60
# Stops the server when its standard input ends, which happens whatever way this process does.
WHILE_READ = '"$@" & server=$!; cat > /dev/null; kill -INT $server; wait $server'
INSTALL = "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql"


@dataclass(frozen=True)
class Server:
    """A server that is running."""

    programs: Path
    """Folder of psql."""
    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    user: str = USER

    def create(self, database: str) -> Database:
        """A new, empty database."""
        Database(self, "postgres").execute(f'CREATE DATABASE "{database}"')
        return Database(self, database)


@dataclass(frozen=True)
class Database:
    """One database of the server."""

    server: Server
    name: str

    def execute(self, sql: str) -> str:
        """Run SQL by psql, in a session whose time zone is UTC; gives what it prints."""
        at = ("-h", self.server.host, "-p", str(self.server.port), "-U", self.server.user, "-d", self.name)
        done = subprocess.run(
            [str(self.server.programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *at, "-c", sql],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            env={**os.environ, "PGPASSWORD": self.server.password, "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, as PostgreSQL turns them into JSON."""
        found: list[dict[str, Any]] = exact(
            self.execute(f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) AS q")  # noqa: S608 - our own queries
        )
        return found


@contextmanager
def serving() -> Iterator[Server]:
    """A server from entering to leaving; also stopped when this process is killed."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="tap-incident-postgres-"))
    server = Server(programs, _free_port(), secrets.token_hex(16))
    secret = folder / "password"
    try:
        secret.touch(0o600)
        secret.write_text(server.password)
        account = _account()
        for path in (folder, secret) if account else ():
            os.chown(path, account["user"], account["group"])
        _initdb(programs, folder, account)
        with _running(server, folder, account):
            yield server
    finally:
        shutil.rmtree(folder)


def _initdb(programs: Path, folder: Path, account: dict[str, Any]) -> None:
    arguments = ["-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256", "--pwfile", str(folder / "password")]
    done = subprocess.run(
        [str(programs / "initdb"), *arguments, "-E", "UTF8", "--locale", "C", "--no-sync"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        **account,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def _running(server: Server, folder: Path, account: dict[str, Any]) -> Iterator[None]:
    settings = {"listen_addresses": server.host, "port": server.port, "unix_socket_directories": folder, "fsync": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = ["/bin/sh", "-c", WHILE_READ, "sh", str(server.programs / "postgres"), "-D", str(folder / "data")]
    log = folder / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [*command, *options], cwd=folder, stdin=subprocess.PIPE, stdout=out, stderr=out, **account
        ) as process,
    ):
        assert process.stdin is not None
        try:
            _until_ready(server, log)
            yield
        finally:
            process.stdin.close()
            process.wait(SECONDS)


def _until_ready(server: Server, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    command = [str(server.programs / "pg_isready"), "-q", "-h", server.host, "-p", str(server.port)]
    while subprocess.run(command, check=False, timeout=SECONDS).returncode:
        assert time.monotonic() < deadline, f"PostgreSQL does not start:\n{log.read_text()}"
        time.sleep(0.1)


def _programs() -> Path:
    """The folder with PostgreSQL's programs, of the newest version; as root on Debian, installed if need be."""
    found = _installed()
    if found is None and os.getuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["/bin/sh", "-c", INSTALL], check=True, timeout=5 * SECONDS, stdin=subprocess.DEVNULL)
        found = _installed()
    assert found, "There is no PostgreSQL: install Debian's package postgresql, or put initdb and postgres on PATH"
    return found


def _installed() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    needed = ("initdb", "postgres", "psql", "pg_isready")
    return next((folder for folder in folders if all((folder / name).exists() for name in needed)), None)


def _account() -> dict[str, Any]:
    """For subprocess: whom the server runs as. PostgreSQL refuses to run as root."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
