"""A full disk, told by whatever library met it."""

import errno
import os

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SAID = (*map(os.strerror, NO_ROOM), "database or disk is full")
"""How the system and SQLite say it."""


def lacks_room(error: BaseException | None) -> bool:
    """Whether a disk without room, or a limit on the size of files, is behind an error."""
    while error:
        if getattr(error, "errno", None) in NO_ROOM or any(words in str(error) for words in SAID):
            return True
        error = error.__cause__ or error.__context__
    return False
