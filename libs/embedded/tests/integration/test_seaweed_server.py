"""SeaweedFS: objects survive kill -9, keys are held to their buckets, locked objects stay."""

import datetime as dt
import io
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention

from embedded.ports import LOOPBACK
from embedded.seaweedfs import S3Credentials, SeaweedServer

pytestmark = pytest.mark.integration

FOOTAGE, EVIDENCE = "vigie-95598-20261122", "vigie-evidence-95598"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    with SeaweedServer(tmp_path_factory.mktemp("weed")) as running:
        yield running


def client(server: SeaweedServer, credentials: S3Credentials) -> Minio:
    return Minio(server.endpoint, access_key=credentials.access_key, secret_key=credentials.secret_key, secure=False)


def put(store: Minio, bucket: str, key: str, content: bytes, retention: Retention | None = None) -> str | None:
    return store.put_object(bucket, key, io.BytesIO(content), len(content), retention=retention).version_id


def read(store: Minio, bucket: str, key: str) -> bytes:
    answer = store.get_object(bucket, key)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def test_hundreds_of_buckets_survive_kill_and_restart(tmp_path: Path) -> None:
    """300 buckets with one object each; SeaweedFS as delivered runs out of volumes long before."""
    with SeaweedServer(tmp_path / "weed") as server:
        store = client(server, server.recorder)
        buckets = [f"vigie-95{number % 16:03d}-202611{number // 16:02d}" for number in range(300)]
        for bucket in buckets:
            store.make_bucket(bucket)
        with ThreadPoolExecutor(16) as writers:  # a bucket's first object waits 0.2 s for its first volume
            list(writers.map(lambda bucket: put(store, bucket, "cam-1/10/a.mp4", bucket.encode() * 100), buckets))
        server.kill()
        server.start()
        assert {found.name for found in store.list_buckets()} == set(buckets)
        for bucket in buckets:
            assert read(store, bucket, "cam-1/10/a.mp4") == bucket.encode() * 100
        for bucket in buckets[:20]:
            store.remove_bucket(bucket)  # not empty: expiry drops a day at once
        assert len(store.list_buckets()) == 280


def test_a_locked_object_stays_for_everybody(server: SeaweedServer) -> None:
    evidence = client(server, server.evidence)
    evidence.make_bucket(EVIDENCE, object_lock=True)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    version = put(evidence, EVIDENCE, "held.mp4", b"proof", Retention(COMPLIANCE, until))
    for store in (evidence, client(server, server.platform)):
        with pytest.raises(S3Error):
            store.remove_object(EVIDENCE, "held.mp4", version_id=version)
        assert list(store.remove_objects(EVIDENCE, [DeleteObject("held.mp4", version_id=version)]))
        with pytest.raises(S3Error):
            store.remove_bucket(EVIDENCE)
        with pytest.raises(S3Error):
            store.set_object_retention(EVIDENCE, "held.mp4", Retention(COMPLIANCE, until - dt.timedelta(hours=23)))
    assert read(evidence, EVIDENCE, "held.mp4") == b"proof"


def test_a_legal_hold_refuses_a_delete_until_lifted(server: SeaweedServer) -> None:
    evidence, bucket = client(server, server.evidence), "vigie-evidence-95210"
    evidence.make_bucket(bucket, object_lock=True)
    version = put(evidence, bucket, "held.mp4", b"proof")
    evidence.enable_object_legal_hold(bucket, "held.mp4", version_id=version)
    with pytest.raises(S3Error):
        evidence.remove_object(bucket, "held.mp4", version_id=version)
    evidence.disable_object_legal_hold(bucket, "held.mp4", version_id=version)
    evidence.remove_object(bucket, "held.mp4", version_id=version)
    assert not list(evidence.list_objects(bucket, include_version=True))


def test_the_recorder_sees_footage_only(server: SeaweedServer) -> None:
    recorder, evidence = client(server, server.recorder), client(server, server.evidence)
    recorder.make_bucket(FOOTAGE)
    put(recorder, FOOTAGE, "a.mp4", b"a")
    evidence.make_bucket("vigie-evidence-95428", object_lock=True)
    put(evidence, "vigie-evidence-95428", "b.mp4", b"b")
    assert read(evidence, FOOTAGE, "a.mp4") == b"a"
    for refused in (
        lambda: read(recorder, "vigie-evidence-95428", "b.mp4"),
        lambda: put(recorder, "vigie-evidence-95428", "c.mp4", b"c"),
        lambda: recorder.remove_bucket("vigie-evidence-95428"),
        lambda: recorder.make_bucket("somebody-elses"),
    ):
        with pytest.raises(S3Error, match="AccessDenied"):
            refused()


def test_wrong_and_missing_keys_are_refused(server: SeaweedServer) -> None:
    wrong = client(server, S3Credentials(server.platform.access_key, "guess"))
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        wrong.list_buckets()
    with pytest.raises(S3Error, match="InvalidAccessKeyId"):
        client(server, S3Credentials("NOBODY", "guess")).list_buckets()
    with pytest.raises(S3Error, match="AccessDenied"):
        Minio(server.endpoint, secure=False).list_buckets()


def test_a_put_does_not_create_a_bucket(server: SeaweedServer) -> None:
    with pytest.raises(S3Error, match="NoSuchBucket"):
        put(client(server, server.platform), "vigie-95000-20261122", "a", b"a")


def test_the_back_doors_are_shut(server: SeaweedServer) -> None:
    """WORM holds at the S3 gateway only, so the filer must refuse plain HTTP and gRPC without our certificate."""
    for method in ("GET", "DELETE", "PUT"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(f"http://{LOOPBACK}:{server.ports.filer}/buckets/{EVIDENCE}/", method=method),
                timeout=5,
            )
        assert refused.value.code == 401
    anonymous = ssl.create_default_context(cafile=str(server.folder / "tls" / "ca.crt"))
    anonymous.check_hostname = False
    member = ssl.create_default_context(cafile=str(server.folder / "tls" / "ca.crt"))
    member.check_hostname = False
    member.load_cert_chain(server.folder / "tls" / "node.crt", server.folder / "tls" / "node.key")
    grpc_ports = [port + 10_000 for port in (server.ports.master, server.ports.volume, server.ports.filer)]
    for port in grpc_ports:
        assert speaks_http2(member, port)
        assert not speaks_http2(anonymous, port)


def speaks_http2(context: ssl.SSLContext, port: int) -> bool:
    """Complete a TLS handshake and send HTTP/2's preface; a server that wants a certificate hangs up instead."""
    context.set_alpn_protocols(["h2"])
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    with socket.create_connection((LOOPBACK, port)) as raw:
        raw.settimeout(5)
        try:
            with context.wrap_socket(raw) as secured:
                secured.sendall(preface)
                return secured.recv(9)[3:4] == b"\x04"  # the server's SETTINGS frame
        except (ssl.SSLError, ConnectionError):
            return False


def test_secrets_are_readable_by_their_owner_only(server: SeaweedServer) -> None:
    for name in ("keys.json", "s3.json", "security.toml", "tls/node.key"):
        assert (server.folder / name).stat().st_mode & 0o777 == 0o600
