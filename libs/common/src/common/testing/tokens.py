"""Real signed tokens for tests: real Ed25519 keys in a real folder of trusted keys."""

from pathlib import Path

from common.auth import SESSION_ISSUER, ServiceKey, TokenVerifier
from common.ids import new_id


class TokenMint:
    """Keys of the ``access`` service and of machine clients, and the tokens they sign.

    ``folder`` becomes the ``trusted_keys_dir`` of the applications under test.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._keys: dict[str, ServiceKey] = {}
        self.key(SESSION_ISSUER)

    def key(self, issuer: str) -> ServiceKey:
        """Return the key of an issuer, made and published at first use."""
        if issuer not in self._keys:
            key = ServiceKey.generate(issuer)
            key.publish(self.folder)
            self._keys[issuer] = key
        return self._keys[issuer]

    def key_file(self, issuer: str) -> Path:
        """Return the path of the issuer's private key, as a service's settings want it."""
        path = self.folder.parent / f"{self.folder.name}-private-{issuer}.json"
        if not path.exists():
            self.key(issuer).save(path)
        return path

    def session(self, agent_id: str, *, epoch: int = 0, ttl: int = 900) -> str:
        """Return an agent's session token, as ``access`` would issue it after a log-in."""
        claims = {"sub": agent_id, "typ": "session", "sid": str(new_id()), "epoch": epoch}
        return self.key(SESSION_ISSUER).sign(claims, ttl=ttl)

    def service(self, name: str, *scopes: str, ttl: int = 300) -> str:
        """Return a machine token of service ``name``."""
        return self.key(name).token(frozenset(scopes), ttl=ttl)

    def client(self, name: str, *scopes: str, communes: tuple[str, ...], ttl: int = 60) -> str:
        """Return the token of an outside machine, as ``access`` gives it for the machine's secret."""
        claims = {"sub": name, "typ": "client", "scope": " ".join(scopes), "communes": " ".join(communes)}
        return self.key(SESSION_ISSUER).sign(claims, ttl=ttl)

    def client_headers(self, name: str, *scopes: str, communes: tuple[str, ...]) -> dict[str, str]:
        """Return request headers that speak for an outside machine."""
        return {"Authorization": f"Bearer {self.client(name, *scopes, communes=communes)}"}

    def agent_headers(self, agent_id: str, *, epoch: int = 0) -> dict[str, str]:
        """Return request headers that speak for an agent."""
        return {"Authorization": f"Bearer {self.session(agent_id, epoch=epoch)}"}

    def service_headers(self, name: str, *scopes: str) -> dict[str, str]:
        """Return request headers that speak for a machine."""
        return {"Authorization": f"Bearer {self.service(name, *scopes)}"}

    @property
    def verifier(self) -> TokenVerifier:
        """Return a verifier that trusts these keys."""
        return TokenVerifier(self.folder)
