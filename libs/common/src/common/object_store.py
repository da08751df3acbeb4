"""The object store: S3 through the minio SDK, off the event loop.

The SDK is synchronous, so every call runs in a thread of a pool of its own; ``max_in_flight`` bounds it.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE, CopySource
from minio.credentials.credentials import Credentials
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention

from common.streamed_put import ASK_FOR_SUM, SUM_HEADER, StreamedPut, fingerprints_of, sum_of

_T = TypeVar("_T")
_CHUNK = 256 * 1024
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket"})
_BAD_REQUEST = 400


class ObjectStoreError(Exception):
    """The store did not do what was asked; the message names bucket and key, never a credential."""


class ObjectMissing(ObjectStoreError):
    """There is no such object or bucket."""


class VerificationFailed(ObjectStoreError):
    """What the store holds, or was about to get, is not what was meant."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as stored. ``sha256`` in hex, ``size`` in bytes."""

    bucket: str
    key: str
    size: int
    sha256: str


class ObjectStore:
    """Buckets and objects of one S3 endpoint (``host:port``).

    ``checks_sums``: whether it compares what it gets with a SHA-256 sent along; None: found out at the first file.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        *,
        secure: bool = False,
        max_in_flight: int = 16,
        checks_sums: bool | None = None,
    ) -> None:
        pool = urllib3.PoolManager(
            maxsize=max_in_flight,
            blocksize=_CHUNK,
            timeout=urllib3.Timeout(connect=5, read=60),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        self._client = Minio(
            endpoint=endpoint, access_key=access_key, secret_key=secret_key, secure=secure, http_client=pool
        )
        self._put = StreamedPut(self._client, pool, Credentials(access_key, secret_key))
        self._threads = ThreadPoolExecutor(max_in_flight, thread_name_prefix="s3")
        self._known_buckets: set[str] = set()
        self._checks_sums = checks_sums

    async def _call(self, function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        def run() -> _T:
            try:
                return function(*args, **kwargs)
            except S3Error as error:
                kind = ObjectMissing if error.code in _MISSING else ObjectStoreError
                raise kind(f"{error.code}: {error.message}") from error
            except urllib3.exceptions.HTTPError as error:
                raise ObjectStoreError(f"object store unreachable: {type(error).__name__}") from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def ping(self) -> None:
        """Ask whether the store answers; raises ObjectStoreError."""
        await self._call(self._client.bucket_exists, bucket_name="vigie-readiness")

    async def ensure_bucket(self, bucket: str, *, object_lock: bool = False) -> None:
        """Make a bucket if it is not there."""
        if bucket in self._known_buckets:
            return
        if not await self._call(self._client.bucket_exists, bucket_name=bucket):
            try:
                await self._call(self._client.make_bucket, bucket_name=bucket, object_lock=object_lock)
            except ObjectStoreError as error:
                if "BucketAlreadyOwnedByYou" not in str(error) and "BucketAlreadyExists" not in str(error):
                    raise
        self._known_buckets.add(bucket)

    async def put_file_verified(self, bucket: str, key: str, path: Path, *, sha256: str | None = None) -> StoredObject:
        """Upload a file and ask the store what it holds; raises VerificationFailed when they differ.

        ``sha256``, in hex, is what the file must have, by whoever wrote it; None: computed before the upload, of what
        the disk gives. It is kept as object metadata. Afterwards the size is compared with what the store reports, and
        so is the SHA-256 that it checked (``x-amz-checksum-sha256``), or, with a store that does not prove to check it,
        the MD5 (ETag of a single-part upload). The signed SHA-256 of the request is no proof: SeaweedFS 4.48 stores a
        body that does not match it.

        Raises ObjectMissing when the bucket went, empty, since ``ensure_bucket``: which makes it anew if asked again.
        """
        try:
            return await self._put_and_compare(bucket, key, path, sha256)
        except ObjectMissing:
            self._known_buckets.discard(bucket)
            raise

    async def _put_and_compare(self, bucket: str, key: str, path: Path, sha256: str | None) -> StoredObject:
        if self._checks_sums is None:
            self._checks_sums = await self._call(self._put.checks_sums, bucket)
        checks_sums = self._checks_sums
        if checks_sums and sha256 is not None:
            digest, md5 = sha256, ""
        else:
            digest, md5 = await asyncio.to_thread(fingerprints_of, path, with_md5=not checks_sums)
            if sha256 not in {None, digest}:
                raise VerificationFailed(f"{bucket}/{key}: to be sent with sha256 {sha256}, the disk gives {digest}")
        kind = "video/mp4" if path.suffix == ".mp4" else "application/octet-stream"
        kept = {"Content-Type": kind, "x-amz-meta-sha256": digest}
        sums = {SUM_HEADER: sum_of(digest)} if checks_sums else {}
        try:
            size = await self._call(self._put.send, bucket, key, path, sha256=digest, headers=kept | sums)
        except ObjectStoreError as error:
            if _is_bad_request(error.__cause__):  # stores name a wrong sum in different words
                raise VerificationFailed(f"{bucket}/{key}: refused as sha256 {digest}: {error}") from error
            raise
        held = await self._call(
            self._client.stat_object, bucket_name=bucket, object_name=key, extra_headers=dict(ASK_FOR_SUM)
        )
        etag = held.etag or ""
        told = (held.metadata or {}).get(SUM_HEADER)
        same = told == sum_of(digest) if checks_sums else "-" in etag or etag == md5  # with "-": no MD5 of the whole
        if held.size != size or not same:
            raise VerificationFailed(
                f"{bucket}/{key}: sent {size} bytes sha256 {digest}, holds {held.size}, ETag {etag}"
            )
        return StoredObject(bucket, key, size, digest)

    async def put_bytes(self, bucket: str, key: str, content: bytes, *, content_type: str) -> None:
        """Store a small object from memory."""
        await self._call(
            self._client.put_object,
            bucket_name=bucket,
            object_name=key,
            data=io.BytesIO(content),
            length=len(content),
            content_type=content_type,
        )

    async def get_range(self, bucket: str, key: str, start: int = 0, length: int = 0) -> bytes:
        """Read ``length`` bytes from ``start`` (0 = to the end); raises ObjectMissing."""

        def read() -> bytes:
            response = self._client.get_object(bucket_name=bucket, object_name=key, offset=start, length=length)
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

        return await self._call(read)

    async def stream(self, bucket: str, key: str) -> AsyncIterator[bytes]:
        """Yield an object in chunks; raises ObjectMissing before the first."""
        response = await self._call(self._client.get_object, bucket_name=bucket, object_name=key)
        try:
            while chunk := await self._call(response.read, _CHUNK):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    async def size(self, bucket: str, key: str) -> int:
        """Return an object's size in bytes; raises ObjectMissing."""
        held = await self._call(self._client.stat_object, bucket_name=bucket, object_name=key)
        return int(held.size or 0)

    async def exists(self, bucket: str, key: str) -> bool:
        """Tell whether an object is there."""
        try:
            await self.size(bucket, key)
        except ObjectMissing:
            return False
        return True

    async def list_keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return every key below ``prefix``; raises ObjectMissing when there is no such bucket."""

        def listing() -> list[str]:
            found = self._client.list_objects(bucket_name=bucket, prefix=prefix, recursive=True)
            return [item.object_name for item in found if item.object_name]

        return await self._call(listing)

    async def list_buckets(self) -> list[str]:
        """Return the names of every bucket this identity sees."""
        return [bucket.name for bucket in await self._call(self._client.list_buckets)]

    async def remove_many(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects; raises ObjectStoreError naming the first one that the store refused to delete."""

        def remove() -> list[str]:
            errors = self._client.remove_objects(
                bucket_name=bucket, delete_object_list=[DeleteObject(key) for key in keys]
            )
            return [f"{bucket}/{error.name}: {error.code}" for error in errors]

        refused = await self._call(remove)
        if refused:
            raise ObjectStoreError(f"{len(refused)} objects not deleted, first {refused[0]}")

    async def remove_all_versions(self, bucket: str, key: str) -> None:
        """Delete every version of an object; raises ObjectStoreError when the store refuses one (a lock still runs).

        An object or a bucket that is not there counts as deleted.
        """

        def remove() -> list[str]:
            versions = self._client.list_objects(bucket_name=bucket, prefix=key, recursive=True, include_version=True)
            errors = self._client.remove_objects(
                bucket_name=bucket,
                delete_object_list=[DeleteObject(key, held.version_id) for held in versions if held.object_name == key],
            )
            return [str(error.code) for error in errors]

        try:
            refused = await self._call(remove)
        except ObjectMissing:
            return
        if refused:
            raise ObjectStoreError(f"{bucket}/{key}: {len(refused)} versions not deleted, first {refused[0]}")

    async def remove_bucket(self, bucket: str) -> None:
        """Delete an empty bucket; a bucket that is not there counts as deleted."""
        self._known_buckets.discard(bucket)
        try:
            await self._call(self._client.remove_bucket, bucket_name=bucket)
        except ObjectMissing:
            return

    async def copy(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Copy an object on the server, (bucket, key) to (bucket, key)."""
        await self._call(
            self._client.copy_object,
            bucket_name=target[0],
            object_name=target[1],
            source=CopySource(bucket_name=source[0], object_name=source[1]),
        )

    async def lock_until(self, bucket: str, key: str, until: datetime) -> None:
        """Put COMPLIANCE retention on an object of an object-lock bucket."""
        await self._call(
            self._client.set_object_retention,
            bucket_name=bucket,
            object_name=key,
            config=Retention(COMPLIANCE, until),
        )

    async def probe_worm(self, bucket: str) -> None:
        """Prove that Object Lock really refuses a delete; raises ObjectStoreError when it does not.

        Some servers accept ``object_lock=True`` and ignore it: evidence must never rest on such a one. The
        probe object stays locked for one minute.
        """
        await self.ensure_bucket(bucket, object_lock=True)
        key = f"worm-probe/{uuid4()}"
        await self.put_bytes(bucket, key, b"worm", content_type="text/plain")
        held = await self._call(self._client.stat_object, bucket_name=bucket, object_name=key)
        await self.lock_until(bucket, key, datetime.now(UTC) + timedelta(minutes=1))
        try:
            await self._call(
                self._client.remove_object, bucket_name=bucket, object_name=key, version_id=held.version_id
            )
        except ObjectStoreError:
            return
        raise ObjectStoreError(f"bucket {bucket} accepts object lock but lets a locked object be deleted")


def _is_bad_request(cause: BaseException | None) -> bool:
    return isinstance(cause, S3Error) and cause.response.status == _BAD_REQUEST
