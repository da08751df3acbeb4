"""Where things stand in the data folder of one town."""

from dataclasses import dataclass
from pathlib import Path

COMMAND_LINE = "vigie-cli"
"""Identity of this command towards the services; its key never leaves the data folder."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and files under the data folder. Nothing outside it is written, but caches of the package tools."""

    root: Path

    @property
    def credentials(self) -> Path:
        """Every generated secret, mode 600."""
        return self.root / "credentials.json"

    @property
    def ports(self) -> Path:
        """Ports chosen at the first start, kept so that addresses stay the same."""
        return self.root / "ports.json"

    @property
    def lock(self) -> Path:
        """Locked while a supervisor runs on this folder."""
        return self.root / "supervisor.lock"

    @property
    def state(self) -> Path:
        """What the supervisor knows, for ``vigie status``."""
        return self.root / "supervisor.json"

    @property
    def logs(self) -> Path:
        """One log per component."""
        return self.root / "logs"

    @property
    def keys(self) -> Path:
        """Private keys of the services, mode 600 each."""
        return self.root / "keys"

    def private_key(self, issuer: str) -> Path:
        """Private JWK of a service, or of this command."""
        return self.keys / f"{issuer}.jwk.json"

    @property
    def trusted_keys(self) -> Path:
        """Public keys, ``<issuer>.jwks.json``."""
        return self.root / "trusted-keys"

    @property
    def spool(self) -> Path:
        """Recorded segments not yet in the object store."""
        return self.root / "spool"

    def spool_of(self, node_id: str) -> Path:
        """The spool of a further media node: no two nodes share one."""
        return self.root / f"spool-{node_id}"

    @property
    def stamps(self) -> Path:
        """Marks of what was done to the databases; they stand beside them, so that they go together."""
        return self.root / "postgres" / "stamps"

    @property
    def seed_plan(self) -> Path:
        """Seed commands and the environments they need, mode 600; for ``vigie seed``."""
        return self.root / "seed-plan.json"

    def folder(self, component: str) -> Path:
        """Return a component's own folder."""
        return self.root / component

    def prepare(self) -> None:
        """Create the folders, readable by their owner only."""
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)  # x for PostgreSQL's own account, no more
        (self.root / "postgres").mkdir(mode=0o711, exist_ok=True)
        for folder in (self.logs, self.keys, self.trusted_keys, self.spool, self.stamps):
            folder.mkdir(mode=0o700, exist_ok=True)
