"""Write a repaired file in place of the old one: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path


class NotWritten(Exception):
    """The file is as it was; the message says why it could not be written."""


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in place of the file's bytes, which must still be `before`.

    The new bytes go to a file of their own in the same folder, which then takes the old one's
    place, with its mode; behind a symbolic link it is the target that is replaced. Raises
    NotWritten.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise NotWritten("is not a regular file")
        target = Path(os.path.realpath(path))
        if not os.access(target, os.W_OK):
            raise NotWritten("is read-only")
        if target.read_bytes() != before:
            raise NotWritten("was changed by another program meanwhile")
        _put(target, after, status)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}") from error


def _put(target: Path, data: bytes, status: os.stat_result) -> None:
    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if hasattr(os, "chown"):
            # Only root may give a file away; anyone else owns what is written.
            with contextlib.suppress(OSError):
                os.chown(temporary, status.st_uid, status.st_gid)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
