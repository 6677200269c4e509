"""Responses from files: an answer of any size, made before it is sent, and never in memory as a whole."""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO, cast

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from features.storage.temporary import temporary_folder_error
from serving.access.response import FILE

IN_MEMORY = 1024 * 1024
"""Bytes up to which a file stays in memory."""


class StoredFile(Response):
    """A response whose body was stored; the guard sends it in blocks and closes the file."""

    def __init__(self, file: BinaryIO, *, media_type: str, headers: Mapping[str, str]) -> None:
        self.file, self.count = file, file.tell()
        file.seek(0)
        super().__init__(media_type=media_type, headers={**headers, "content-length": str(self.count)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's
        """Answer with the file."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": FILE, "file": self.file, "count": self.count})


def stored(blocks: Iterable[bytes]) -> BinaryIO:
    """Return a file with blocks of bytes, as `stored_by` does."""

    def write(file: BinaryIO) -> None:
        for block in blocks:  # `writelines` would move to the disk after the last one alone
            file.write(block)

    return stored_by(write)


def stored_by(write: Callable[[BinaryIO], None]) -> BinaryIO:
    """Return a file with what is written, open at its end; it has no name, and is gone when it is closed.

    Raises `OutputError` where the disk refuses.
    """
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115  the guard closes it
    try:
        write(file)
    except OSError as error:
        file.close()
        raise temporary_folder_error(str(error)) from error
    return file
