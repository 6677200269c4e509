"""Recognise a full disk in an error of any library."""

import errno
import os

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DISK_FULL_MESSAGES = (*map(os.strerror, DISK_FULL_ERRNOS), "database or disk is full")
"""The messages of the system and of SQLite."""


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether a full disk, a quota or a limit on the size of files caused an error."""
    while error:
        if getattr(error, "errno", None) in DISK_FULL_ERRNOS:
            return True
        if any(message in str(error) for message in DISK_FULL_MESSAGES):
            return True
        error = error.__cause__ or error.__context__
    return False
