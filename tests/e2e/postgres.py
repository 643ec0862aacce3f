"""A PostgreSQL server of our own: on loopback, in a temporary folder, with a password that nobody else knows."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .loaders import exact, output

SECONDS = 60
ENCODING = ("-E", "UTF8", "--locale", "C", "--no-sync")
INSTALL = "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql"


@dataclass(frozen=True)
class Server:
    """A server that is running."""

    programs: Path
    """Folder of psql."""
    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    user: str = "loader"

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
        command = [str(self.server.programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *at, "-c", sql]
        environ = {**os.environ, "PGPASSWORD": self.server.password, "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"}
        return output(*command, env=environ)

    def rows(self, sql: str, schema: str = "public") -> list[dict[str, Any]]:
        """The rows of a query with the tables of a schema, as PostgreSQL turns them into JSON."""
        query = f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) AS q"  # noqa: S608 - our own queries
        found: list[dict[str, Any]] = exact(self.execute(f"SET search_path TO {schema}; {query}"))
        return found


@contextmanager
def serving() -> Iterator[Server]:
    """A server from entering to leaving."""
    programs, account = _programs(), _account()
    folder = Path(tempfile.mkdtemp(prefix="tap-incident-postgres-"))
    server, secret, data = Server(programs, _free_port(), secrets.token_hex(16)), folder / "password", folder / "data"
    secret.touch(0o600)
    secret.write_text(server.password)
    for path in (folder, secret) if account else ():
        os.chown(path, account["user"], account["group"])
    safe = ("-A", "scram-sha-256", "--pwfile", secret)
    output(programs / "initdb", "-D", data, "-U", server.user, *safe, *ENCODING, cwd=folder, **account)
    options = f"-h {server.host} -p {server.port} -k {folder} -c fsync=off"
    output(programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options, cwd=folder, **account)
    try:
        yield server
    finally:
        output(programs / "pg_ctl", "stop", "-m", "immediate", "-D", data, cwd=folder, **account)
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder with PostgreSQL's programs, of the newest version; as root on Debian, installed if need be."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if folders:
        return folders[-1]
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    assert os.getuid() == 0, "There is no PostgreSQL: install Debian's package postgresql, or put initdb on PATH"
    subprocess.run(["/bin/sh", "-c", INSTALL], check=True, timeout=5 * SECONDS, stdin=subprocess.DEVNULL)
    return next(Path("/usr/lib/postgresql").glob("*/bin"))


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
