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


def write_file(path: Path, data: bytes) -> None:
    """Put `data` into a file of our own making, new or in place of the old. Raises NotWritten."""
    target = Path(os.path.realpath(path))
    try:
        _put(target, data, target.stat() if target.exists() else None)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}") from error


def _put(target: Path, data: bytes, status: os.stat_result | None) -> None:
    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if status is None:
            # mkstemp lets nobody else read the file, whatever the umask says.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
        else:
            _own_as(status, temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _own_as(status: os.stat_result, path: str) -> None:
    if hasattr(os, "chown"):
        # Only root may give a file away; anyone else owns what is written.
        with contextlib.suppress(OSError):
            os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))
