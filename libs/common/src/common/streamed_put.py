"""A PUT to S3 whose body is read from the file as it is sent: the SDK reads a whole part into memory, and hashes it.

The SDK still says where an object is, and signs (``minio.signer``); the hash that the signature covers is the caller's.
"""

import base64
import contextlib
import hashlib
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, cast
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import S3Error
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow

SUM_HEADER = "x-amz-checksum-sha256"
ASK_FOR_SUM = {"x-amz-checksum-mode": "ENABLED"}
_OK, _BAD = 200, 400
_CHUNK = 256 * 1024
_FAILED_UNSAID = "the store said no more"


def sum_of(sha256: str) -> str:
    """Return a SHA-256 in hex as S3 writes it (base64)."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


class StreamedPut:
    """Sends files of up to 5 GiB, each in one request. Synchronous."""

    def __init__(self, client: Minio, http: urllib3.PoolManager, credentials: Credentials) -> None:
        self._client = client
        self._http = http
        self._credentials = credentials

    def send(self, bucket: str, key: str, path: Path, *, sha256: str, headers: Mapping[str, str]) -> int:
        """Put a file; returns how many bytes it is.

        Args:
            bucket: where to.
            key: as what.
            path: the file; it must not change meanwhile.
            sha256: of the file, hex.
            headers: what is kept with the object: its type, its metadata.

        Raises:
            S3Error: the store refused it.
            urllib3.exceptions.HTTPError: the store is away.
        """
        size = path.stat().st_size
        with path.open("rb") as body:
            self._put(bucket, key, body, size, sha256, headers)
        return size

    def checks_sums(self, bucket: str) -> bool:
        """Find out whether the store compares what it gets with a SHA-256 sent along, and tells the sum afterwards.

        Some servers ignore the header, or might keep it unseen: then its word would prove nothing. Raises as ``send``.
        """
        key, content = f"checksum-probe/{uuid4()}", b"vigie"
        right, wrong = (hashlib.sha256(one).hexdigest() for one in (content, b"other"))

        def takes(told: str) -> bool:
            try:
                self._put(bucket, key, io.BytesIO(content), len(content), right, {SUM_HEADER: sum_of(told)})
            except S3Error as refused:
                if refused.response.status != _BAD:
                    raise
                return False
            return True

        checked = not takes(wrong) and takes(right)
        if checked:
            held = self._client.stat_object(bucket, key, extra_headers=dict(ASK_FOR_SUM))
            checked = (held.metadata or {}).get(SUM_HEADER) == sum_of(right)
        with contextlib.suppress(S3Error):  # a few bytes stay where this process may not delete
            self._client.remove_object(bucket, key)
        return checked

    def _put(self, bucket: str, key: str, body: IO[bytes], size: int, sha256: str, headers: Mapping[str, str]) -> None:
        presigned = urlsplit(self._client.get_presigned_url("PUT", bucket, key, expires=timedelta(minutes=1)))
        region = parse_qs(presigned.query)["X-Amz-Credential"][0].split("/")[2]
        date = utcnow()
        signed = sign_v4_s3(
            method="PUT",
            url=presigned._replace(query=""),
            region=region,
            headers={
                **headers,
                "Host": presigned.netloc,
                "Content-Length": str(size),
                "x-amz-content-sha256": sha256,
                "x-amz-date": to_amz_date(date),
            },
            credentials=self._credentials,
            content_sha256=sha256,
            date=date,
        )
        answer = self._http.urlopen(
            "PUT",
            presigned._replace(query="").geturl(),
            body=body,
            headers={name: cast("str", value) for name, value in signed.items()},
        )
        if answer.status == _OK:
            return
        if "xml" in answer.headers.get("content-type", ""):
            raise S3Error.fromxml(answer)
        raise S3Error(answer, f"HTTP {answer.status}", _FAILED_UNSAID, key, None, None, bucket, key)


def fingerprints_of(path: Path, *, with_md5: bool) -> tuple[str, str]:
    """Return SHA-256 and MD5 (what an ETag is; empty unless asked for) of a file, reading it once."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            if with_md5:
                md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest() if with_md5 else ""
