"""PostgreSQL from Debian's package, with one role and one database for Slipway.

The superuser comes in through a socket that root and the server's own user alone can reach; over the network there is
the role `slipway`, by its password. Nothing is synced to disk: a bed's data may be lost.
"""

from pathlib import Path
from typing import Final

from tests.bed.places import ADDRESS, POSTGRES_PORT, Places
from tests.bed.service import Service, own, succeeds
from tests.bed.services.programs import as_nobody, run

PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
ROLE: Final = "slipway"
DATABASE: Final = "slipway"
PASSWORD: Final = "demo-postgres"  # a made-up password of a test bed
URL: Final = f"postgresql://{ROLE}:{PASSWORD}@{ADDRESS}:{POSTGRES_PORT}/{DATABASE}"
SETTINGS: Final = {
    "listen_addresses": ADDRESS,
    "port": str(POSTGRES_PORT),
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "logging_collector": "off",
}
_ACCESS: Final = f"""\
local all all trust
host {DATABASE} {ROLE} all scram-sha-256
"""
_MAKE_ROLE: Final = f"create role {ROLE} login password '{PASSWORD}'"
_MAKE_DATABASE: Final = f"create database {DATABASE} owner {ROLE}"


def service(places: Places) -> Service:
    """Describe PostgreSQL, listening in the bed's network namespace."""
    folder = places.run / "postgres"
    return Service(
        name="postgres",
        command=lambda: [str(PROGRAMS / "postgres"), "-D", str(folder / "data"), *_options(folder)],
        prepare=lambda: _prepare(folder),
        is_ready=lambda: succeeds([str(PROGRAMS / "pg_isready"), "--quiet", f"--dbname={URL}"]),
        settle=lambda: _settle(folder),
        directory=folder,
        as_nobody=True,
        patience_seconds=60,
        # It waits for its clients to leave, and the bot does not know that it should.
        stop_seconds=3,
    )


def _options(folder: Path) -> list[str]:
    settings = {**SETTINGS, "unix_socket_directories": str(folder), "hba_file": str(folder / "access.conf")}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "access.conf").write_text(_ACCESS, encoding="utf-8")
    own(folder)
    if not (folder / "data").is_dir():
        _make_cluster(folder)
    for mark in (folder / "data" / "postmaster.pid", folder / f".s.PGSQL.{POSTGRES_PORT}.lock"):
        _forget_killed(mark)


def _forget_killed(file: Path) -> None:
    """Remove the mark of a server that was killed, which PostgreSQL heeds while anything of nobody's has that pid."""
    if not file.is_file():
        return
    command = Path("/proc", file.read_text(encoding="utf-8").split()[0], "cmdline")
    # It is empty for a dead process that its parent did not look after yet.
    if not command.is_file() or str(PROGRAMS / "postgres").encode() not in command.read_bytes():
        file.unlink()


def _make_cluster(folder: Path) -> None:
    """Make the data beside its place and move it there, so that one that was interrupted is made anew."""
    scratch = folder / "data.new"
    run(["rm", "-rf", str(scratch)])
    command = [str(PROGRAMS / "initdb"), f"--pgdata={scratch}", "--username=postgres", "--auth=trust"]
    run([*as_nobody(), *command, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], folder=folder)
    scratch.rename(folder / "data")


def _settle(folder: Path) -> None:
    if ROLE not in _sql(folder, "select rolname from pg_roles").split():
        _sql(folder, _MAKE_ROLE)
    if DATABASE not in _sql(folder, "select datname from pg_database").split():
        _sql(folder, _MAKE_DATABASE)


def _sql(folder: Path, statement: str) -> str:
    """Carry one statement out as the superuser and return its rows, bare."""
    where = [f"--host={folder}", f"--port={POSTGRES_PORT}", "--username=postgres", "--dbname=postgres"]
    command = [str(PROGRAMS / "psql"), *where, "--no-psqlrc", "--tuples-only", "--no-align", f"--command={statement}"]
    return run(command, folder=folder).strip()
