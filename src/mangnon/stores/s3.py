"""A bucket of S3, or of a server that speaks its protocol. An object is whole or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.exceptions
import s3fs
from fsspec.asyn import sync

from mangnon.stores.connection import Connection
from mangnon.stores.store import BLOCK, Entry, Listing, NotReadable, Store, StoreFailure, local_copy, one_line

CONNECT, ANSWER = 10, 30  # seconds that a server has for it
# s3fs tries what the network spoiled again; what stays a failure fails the task, which Airflow tries again.
TIMES = 3
BROKEN = s3fs.core.S3_RETRYABLE_ERRORS  # how a connection breaks


class Bucket(Store):
    """The objects whose keys begin with a prefix. Without credentials here, those of the environment are used."""

    def __init__(self, bucket: str, prefix: str, connection: Connection) -> None:
        region = connection.get("region_name")
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = s3fs.S3FileSystem(
            key=connection.login,
            secret=connection.password,
            endpoint_url=connection.get("endpoint_url"),
            client_kwargs={"region_name": region} if region else {},
            config_kwargs={
                "connect_timeout": CONNECT, "read_timeout": ANSWER, "retries": {"total_max_attempts": 1},
            },
            use_listings_cache=False,
            skip_instance_cache=True,
        )  # fmt: skip
        self._client.retries = TIMES
        self._origin = connection.origin

    def is_there(self) -> bool:
        """Returns whether the bucket is there."""
        with self._plain("cannot be asked"):
            try:
                self._client.call_s3("head_bucket", Bucket=self._bucket)
            except FileNotFoundError:
                return False
            return True

    def look(self) -> Listing:
        """Returns every object; a thousand cost one request."""
        with self._plain("cannot be listed"):
            objects = self._objects(self._prefix)
        # A key that ends with a slash stands for a folder in the consoles of some servers.
        found = [self._entry(item) for item in objects if not item["Key"].endswith("/")]
        return Listing(sorted(found, key=lambda entry: entry.path))

    def look_again(self, path: str) -> Entry | None:
        """Returns the object as it is now."""
        with self._plain("cannot be asked"):
            try:
                found = self._client.call_s3("head_object", Bucket=self._bucket, Key=self._prefix + path)
            except FileNotFoundError:
                return None
        return Entry(path, found["ContentLength"], found["ETag"].strip('"'), None)

    def names(self, folder: str) -> list[str]:
        """Returns the names of the objects right below a prefix."""
        prefix = f"{self._prefix}{folder}/"
        with self._plain("cannot be listed"):
            keys = [item["Key"].removeprefix(prefix) for item in self._objects(prefix)]
        return [key for key in keys if key and "/" not in key]

    def exists(self, path: str) -> bool:
        """Returns whether there is an object with that key."""
        return self.look_again(path) is not None

    def fetch(self, path: str, target: Path) -> None:
        """Copies an object to a local file."""
        with self._plain("cannot be read"):
            try:
                answer = self._client.call_s3("get_object", Bucket=self._bucket, Key=self._prefix + path)
            except FileNotFoundError as error:
                raise NotReadable("it is gone") from error
            except PermissionError as error:
                raise NotReadable(f"it may not be read: {one_line(error)}") from error
            body = answer["Body"]
            try:
                with local_copy(target) as copy:
                    while block := sync(self._client.loop, body.read, BLOCK, timeout=ANSWER):
                        copy.write(block)
            finally:
                body.close()
        if target.stat().st_size != answer["ContentLength"]:
            raise StoreFailure(f"{self.name}: the connection ended in the middle of a file; try again")

    def put(self, source: Path, path: str) -> None:
        """Uploads a file: its object is there once the server has all of it."""
        with self._plain("cannot be written"):
            self._client.put_file(str(source), f"{self._bucket}/{self._prefix}{path}")

    def remove(self, path: str) -> None:
        """Deletes an object, if it is there."""
        with self._plain("cannot be changed"):
            self._client.call_s3("delete_object", Bucket=self._bucket, Key=self._prefix + path)

    def _objects(self, prefix: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            page = self._client.call_s3("list_objects_v2", Bucket=self._bucket, Prefix=prefix, **more)
            found += page.get("Contents", [])
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _entry(self, item: dict[str, Any]) -> Entry:
        return Entry(item["Key"].removeprefix(self._prefix), item["Size"], item["ETag"].strip('"'), None)

    @contextmanager
    def _plain(self, what: str) -> Iterator[None]:
        try:
            yield
        except StoreFailure:
            raise
        except FileNotFoundError as error:
            raise StoreFailure(f"{self.name} {what}: there is no bucket {self._bucket}") from error
        except (PermissionError, botocore.exceptions.NoCredentialsError) as error:
            raise StoreFailure(
                f"{self.name} {what}: the server refuses the credentials ({one_line(error)}) of {self._origin}; "
                "correct them (docs/sources/s3.md)"
            ) from error
        except (OSError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, *BROKEN) as error:
            raise StoreFailure(f"{self.name} {what}: {one_line(error)}") from error
