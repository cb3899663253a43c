"""A file that is there as a whole or not at all."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from app.errors import DomainError

Sink = BinaryIO | gzip.GzipFile
"""What one writes bytes to."""
LEVEL = 6  # the default, 9, takes three times as long for a hundredth less


class NotWritten(DomainError):
    """The disk or the path is to blame; the file that was there before, if any, is untouched."""

    status = 507


@contextmanager
def whole_file(path: Path) -> Iterator[Sink]:
    """Written beside its place, renamed into it; compressed when the name ends in .gz (each time to the same bytes)."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0) as zipped:
                    yield zipped
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise NotWritten(f"{path} was not written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            partial.unlink()
