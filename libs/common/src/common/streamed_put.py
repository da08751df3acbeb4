"""A PUT to S3 whose body is read from the file as it is sent: the SDK reads a whole part into memory, and hashes it.

The SDK still says where an object is, and signs (``minio.signer``); the hash that the signature covers is the caller's.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import S3Error
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow

_OK = 200
_FAILED_UNSAID = "the store said no more"


class StreamedPut:
    """Sends files of up to 5 GiB, each in one request. Synchronous."""

    def __init__(self, client: Minio, http: urllib3.PoolManager, credentials: Credentials) -> None:
        self._client = client
        self._http = http
        self._credentials = credentials

    def send(self, bucket: str, key: str, path: Path, *, sha256: str, headers: Mapping[str, str]) -> None:
        """Put a file.

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
                "Content-Length": str(path.stat().st_size),
                "x-amz-content-sha256": sha256,
                "x-amz-date": to_amz_date(date),
            },
            credentials=self._credentials,
            content_sha256=sha256,
            date=date,
        )
        with path.open("rb") as body:
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
