"""The embedded identity provider: canaille, in a virtual environment of its own, at its own origin.

A site with Keycloak, ProConnect or an Active Directory behind one of them sets ``ACCESS_OIDC_ISSUER`` and never
starts this one.
"""

import asyncio
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from joserfc.jwk import RSAKey

from vigie_local.components import Process
from vigie_local.people import Person
from vigie_local.readiness import http_ok
from vigie_local.secret_files import Credentials, write_secret
from vigie_local.service_environment import process_environment

CLIENT_ID = "vigie"
_VERSION_STAMP = "schema-0.3.6"
_RSA_BITS = 3072


class IdentityProviderMissing(RuntimeError):
    """The identity provider's environment was not made."""

    def __init__(self, program: Path) -> None:
        super().__init__(f"le fournisseur d'identité n'est pas installé ({program} manque) ; lancer : make install")


class ProvisioningFailed(RuntimeError):
    """A canaille command did not succeed."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One canaille.

    Args:
        program: ``canaille`` of the provider's own environment.
        folder: its database and configuration.
        port: of its origin on the loopback; kept, since it is part of the issuer's name.
        public_origin: the platform's own origin, where browsers are sent back to.
        people: accounts made at the first start, all with the same ``password``; nobody when empty.
    """

    program: Path
    folder: Path
    port: int
    public_origin: str
    credentials: Credentials
    people: Sequence[Person]
    password: str

    @property
    def origin(self) -> str:
        """Origin and issuer."""
        return f"http://127.0.0.1:{self.port}"

    def as_process(self) -> Process:
        """Return the provider as a supervised process."""
        return Process(
            name="identity",
            title="Fournisseur d'identité (canaille)",
            command=lambda: [
                *(str(self.program), "run", "--bind", f"127.0.0.1:{self.port}", "--graceful-timeout", "2"),
            ],
            ready=http_ok(f"{self.origin}/.well-known/openid-configuration"),
            environment=self._environment,
            folder=lambda: self.folder,
            prepare=lambda: asyncio.to_thread(self.prepare),
        )

    def prepare(self) -> None:
        """Write the configuration; make the database, the client and the accounts at the first start."""
        if not self.program.exists():
            raise IdentityProviderMissing(self.program)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret(self._config_file, self._configuration())
        self._once(_VERSION_STAMP, lambda: self._canaille("db", "upgrade"))
        self._once("accounts", lambda: self._canaille("restore", stdin=json.dumps(self._first_content())))
        self._keep_client_at_origin()

    @property
    def _config_file(self) -> Path:
        return self.folder / "canaille.toml"

    def _environment(self) -> Mapping[str, str]:
        return process_environment() | {"CANAILLE_CONFIG": str(self._config_file), "HOME": str(self.folder)}

    def _configuration(self) -> str:
        """Write TOML by way of JSON strings, which are valid TOML strings."""
        signing_key = json.loads(self.credentials.get("oidc/signing-key", _new_signing_key))
        key = ", ".join(f"{name} = {json.dumps(value)}" for name, value in signing_key.items())
        lines = [
            f"SECRET_KEY = {json.dumps(self.credentials.get('oidc/session-secret'))}",
            # Seconds. canaille 0.3.6 renews auth_time when somebody switches to an account whose session it still
            # holds, without a password: it must not hold one for longer than a log-in takes.
            "PERMANENT_SESSION_LIFETIME = 300",
            f'SERVER_NAME = "127.0.0.1:{self.port}"',
            'PREFERRED_URL_SCHEME = "http"',
            "SESSION_COOKIE_NAME = 'identity_session'",
            "[CANAILLE]",
            'NAME = "Vigie"',
            'DATABASE = "sql"',
            'LANGUAGE = "fr"',
            'TIMEZONE = "Europe/Paris"',
            "ENABLE_REGISTRATION = false",
            "ENABLE_PASSWORD_RECOVERY = false",
            "ENABLE_INTRUDER_LOCKOUT = true",
            "[CANAILLE_SQL]",
            f"DATABASE_URI = {json.dumps(f'sqlite:///{self.folder}/identity.sqlite')}",
            "[CANAILLE_OIDC]",
            # The platform is ours: no consent page between log-in and map.
            'TRUSTED_DOMAINS = ["127.0.0.1"]',
            f"ACTIVE_JWKS = [{{{key}}}]",
        ]
        return "\n".join(lines) + "\n"

    def _first_content(self) -> dict[str, list[dict[str, object]]]:
        """Return the client and the accounts, in the form ``canaille restore`` reads."""
        client_key = str(uuid4())
        client: dict[str, object] = {
            "id": client_key,
            "audience": [client_key],  # else its ID tokens are for nobody
            "client_id": CLIENT_ID,
            "client_secret": self.credentials.get("oidc/client"),
            "client_name": "Vigie",
            "client_uri": self.public_origin,
            "redirect_uris": [self._redirect_uri],
            "post_logout_redirect_uris": [f"{self.public_origin}/"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": ["openid", "profile"],
            "token_endpoint_auth_method": "client_secret_basic",
        }
        return {"client": [client], "user": [self._account(person) for person in self.people]}

    @property
    def _redirect_uri(self) -> str:
        return f"{self.public_origin}/api/access/callback"

    def _account(self, person: Person) -> dict[str, object]:
        return {
            "id": str(uuid4()),
            "user_name": person.login,
            "password": self.password,
            "given_name": person.given_name,
            "family_name": person.family_name,
            "formatted_name": f"{person.given_name} {person.family_name}",
            "emails": [f"{person.login}@vigie.invalid"],
            "preferred_language": "fr",
        }

    def _keep_client_at_origin(self) -> None:
        """Tell the provider when the platform moved to another port."""
        stamp = self.folder / "client-origin"
        if stamp.exists() and stamp.read_text() != self.public_origin:
            self._canaille(
                *("set", "client", CLIENT_ID, "--redirect-uris", self._redirect_uri),
                *("--client-uri", self.public_origin, "--post-logout-redirect-uris", f"{self.public_origin}/"),
            )
        stamp.write_text(self.public_origin)

    def _once(self, name: str, action: Callable[[], None]) -> None:
        stamp = self.folder / f"{name}.done"
        if not stamp.exists():
            action()
            stamp.touch()

    def _canaille(self, *arguments: str, stdin: str = "") -> None:
        done = subprocess.run(
            [str(self.program), *arguments],
            input=stdin,
            text=True,
            capture_output=True,
            cwd=self.folder,
            env=dict(self._environment()),
            check=False,
        )
        if done.returncode != 0:
            raise ProvisioningFailed(f"canaille {' '.join(arguments[:2])} : {done.stderr.strip().splitlines()[-1:]}")


def _new_signing_key() -> str:
    key = RSAKey.generate_key(_RSA_BITS, {"kid": f"identity-{uuid4().hex[:8]}", "use": "sig"})
    return json.dumps(key.as_dict(private=True))
