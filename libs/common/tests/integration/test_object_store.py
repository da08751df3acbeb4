"""The object store on a real SeaweedFS: verified uploads, ranges, Object Lock that really locks."""

import hashlib
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import S3Error

from common.object_store import ObjectMissing, ObjectStore, ObjectStoreError, VerificationFailed
from common.streamed_put import SUM_HEADER, StreamedPut, sum_of
from common.testing.servers import Servers

pytestmark = pytest.mark.integration
BUCKET = "vigie-95598-20261122"


async def test_what_is_stored_is_what_was_sent(object_store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(range(256)) * 4096)
    await object_store.ensure_bucket(BUCKET)
    stored = await object_store.put_file_verified(BUCKET, "cam/00/a.mp4", path)
    assert stored.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert await object_store.size(BUCKET, "cam/00/a.mp4") == path.stat().st_size
    assert await object_store.get_range(BUCKET, "cam/00/a.mp4", 10, 5) == bytes(range(10, 15))
    assert b"".join([chunk async for chunk in object_store.stream(BUCKET, "cam/00/a.mp4")]) == path.read_bytes()
    assert await object_store.list_keys(BUCKET, "cam/") == ["cam/00/a.mp4"]


@pytest.mark.parametrize("key", ["cam/00/é à +&=?#%2F.mp4", "cam/00/~(x)'!*;:@,$.mp4", "cam/vide.bin"])
async def test_a_file_may_have_any_name_and_be_empty(object_store: ObjectStore, tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"" if key.endswith("vide.bin") else b"pictures")
    await object_store.ensure_bucket(BUCKET)
    stored = await object_store.put_file_verified(BUCKET, key, path)
    assert stored.size == path.stat().st_size
    assert key in await object_store.list_keys(BUCKET)
    assert b"".join([chunk async for chunk in object_store.stream(BUCKET, key)]) == path.read_bytes()
    await object_store.remove_many(BUCKET, [key])


async def test_a_file_is_sent_without_being_read_into_memory(object_store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(bytes(32 * 1024 * 1024))
    await object_store.ensure_bucket(BUCKET)
    tracemalloc.start()
    try:
        await object_store.put_file_verified(BUCKET, "long.mp4", path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert await object_store.size(BUCKET, "long.mp4") == 32 * 1024 * 1024


async def test_a_file_for_a_bucket_that_is_not_there_or_not_ours_is_refused(
    object_store: ObjectStore, servers: Servers, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"pictures")
    stranger = ObjectStore(servers.seaweed.endpoint, "nobody", "not-the-secret")
    await object_store.ensure_bucket(BUCKET)
    with pytest.raises(ObjectStoreError) as refused:
        await stranger.put_file_verified(BUCKET, "theirs.mp4", path)
    assert "not-the-secret" not in str(refused.value)
    assert not await object_store.exists(BUCKET, "theirs.mp4")


async def test_a_store_is_trusted_to_check_sums_only_if_it_refuses_a_wrong_one(
    object_store: ObjectStore, servers: Servers, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"pictures")
    await object_store.ensure_bucket(BUCKET)
    account = (servers.seaweed.access_key, servers.seaweed.secret_key)
    client = Minio(servers.seaweed.endpoint, *account, secure=False)
    sender = StreamedPut(client, urllib3.PoolManager(), Credentials(*account))
    assert sender.checks_sums(BUCKET)
    assert await object_store.list_keys(BUCKET, "checksum-probe/") == []
    right = hashlib.sha256(b"pictures").hexdigest()
    with pytest.raises(S3Error, match="BadDigest"):
        sender.send(BUCKET, "wrong.mp4", path, sha256=right, headers={SUM_HEADER: sum_of("00" * 32)})
    assert not await object_store.exists(BUCKET, "wrong.mp4")


@pytest.mark.parametrize("checks_sums", [True, False])
async def test_what_the_store_holds_is_compared_with_what_was_meant(
    servers: Servers, tmp_path: Path, *, checks_sums: bool
) -> None:
    """With a store that checks sums, and with one that only tells an MD5."""
    seaweed = servers.seaweed
    store = ObjectStore(seaweed.endpoint, seaweed.access_key, seaweed.secret_key, checks_sums=checks_sums)
    path = tmp_path / "a.mp4"
    path.write_bytes(b"pictures")
    meant, other = (hashlib.sha256(one).hexdigest() for one in (b"pictures", b"PICTURES"))
    await store.ensure_bucket(BUCKET)
    for told in (None, meant):
        stored = await store.put_file_verified(BUCKET, "meant.mp4", path, sha256=told)
        assert (stored.sha256, stored.size) == (meant, 8)
    with pytest.raises(VerificationFailed):
        await store.put_file_verified(BUCKET, "other.mp4", path, sha256=other)
    assert not await store.exists(BUCKET, "other.mp4")


@pytest.mark.parametrize("checks_sums", [True, False])
async def test_other_bytes_than_were_meant_are_found_when_they_arrive(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, checks_sums: bool
) -> None:
    """The line between us and the store alters them: by a store that checks sums, and by one that only tells an MD5."""
    seaweed = servers.seaweed
    store = ObjectStore(seaweed.endpoint, seaweed.access_key, seaweed.secret_key, checks_sums=checks_sums)
    path, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    path.write_bytes(b"pictures")
    other.write_bytes(b"PICTURES")
    await store.ensure_bucket(BUCKET)
    send = StreamedPut.send
    monkeypatch.setattr(
        StreamedPut, "send", lambda put, bucket, key, _path, **more: send(put, bucket, key, other, **more)
    )
    with pytest.raises(VerificationFailed):
        await store.put_file_verified(BUCKET, "altered.mp4", path)


async def test_a_bucket_that_somebody_else_removed_is_made_anew(
    object_store: ObjectStore, servers: Servers, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"pictures")
    bucket = "vigie-95598-20260820"
    await object_store.ensure_bucket(bucket)
    sweeper = ObjectStore(servers.seaweed.endpoint, servers.seaweed.access_key, servers.seaweed.secret_key)
    await sweeper.remove_bucket(bucket)
    with pytest.raises(ObjectMissing):
        await object_store.put_file_verified(bucket, "a.mp4", path)
    await object_store.ensure_bucket(bucket)
    assert (await object_store.put_file_verified(bucket, "a.mp4", path)).size == 8


async def test_deleting_is_idempotent_and_a_missing_object_is_said_to_be_missing(object_store: ObjectStore) -> None:
    await object_store.ensure_bucket(BUCKET)
    await object_store.put_bytes(BUCKET, "x", b"x", content_type="text/plain")
    await object_store.remove_many(BUCKET, ["x", "never-there"])
    await object_store.remove_many(BUCKET, ["x"])
    with pytest.raises(ObjectMissing):
        await object_store.get_range(BUCKET, "x")
    await object_store.remove_bucket(BUCKET)
    await object_store.remove_bucket(BUCKET)
    assert BUCKET not in await object_store.list_buckets()


async def test_a_locked_object_cannot_be_deleted(servers: Servers) -> None:
    seaweed = servers.seaweed
    evidence = ObjectStore(seaweed.endpoint, seaweed.evidence.access_key, seaweed.evidence.secret_key)
    await evidence.probe_worm("vigie-evidence-probe")
    await evidence.ensure_bucket("vigie-evidence-95598", object_lock=True)
    await evidence.put_bytes("vigie-evidence-95598", "e", b"evidence", content_type="text/plain")
    await evidence.lock_until("vigie-evidence-95598", "e", datetime.now(UTC) + timedelta(minutes=5))
    assert await evidence.get_range("vigie-evidence-95598", "e") == b"evidence"


async def test_every_version_of_an_object_goes_and_only_of_that_one(servers: Servers) -> None:
    seaweed = servers.seaweed
    evidence = ObjectStore(seaweed.endpoint, seaweed.evidence.access_key, seaweed.evidence.secret_key)
    bucket = "vigie-evidence-95210"
    await evidence.remove_all_versions(bucket, "e")
    await evidence.ensure_bucket(bucket, object_lock=True)
    for key in ("e", "e", "e2", "locked"):
        await evidence.put_bytes(bucket, key, b"evidence", content_type="text/plain")
    await evidence.lock_until(bucket, "locked", datetime.now(UTC) + timedelta(minutes=5))
    await evidence.remove_all_versions(bucket, "e")
    await evidence.remove_all_versions(bucket, "e")
    assert await evidence.list_keys(bucket) == ["e2", "locked"]
    with pytest.raises(ObjectStoreError):
        await evidence.remove_all_versions(bucket, "locked")
    assert await evidence.exists(bucket, "locked")


async def test_the_worm_probe_refuses_a_bucket_without_lock(servers: Servers) -> None:
    seaweed = servers.seaweed
    store = ObjectStore(seaweed.endpoint, seaweed.access_key, seaweed.secret_key)
    await store.ensure_bucket("vigie-evidence-unlocked", object_lock=False)
    with pytest.raises(ObjectStoreError):
        await store.probe_worm("vigie-evidence-unlocked")


async def test_a_wrong_key_is_refused_without_showing_it(servers: Servers) -> None:
    stranger = ObjectStore(servers.seaweed.endpoint, "nobody", "not-the-secret")
    with pytest.raises(ObjectStoreError) as refused:
        await stranger.list_buckets()
    assert "not-the-secret" not in str(refused.value)
