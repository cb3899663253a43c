"""Where the files of exports lie: `exports/` in the data directory, which the web process and the worker share."""

import re
from pathlib import Path

from app.settings import get_settings
from app.tables import Export
from app.tranches.formats import FORMATS

_NAME = re.compile(r"\.?(?P<id>[0-9a-f]+)-(?P<attempt>\d+)\.")


def directory() -> Path:
    return get_settings().data_dir / "exports"


def path_of(export: Export) -> Path:
    """Each attempt has a file of its own, so that one that was thought dead spoils nothing."""
    return directory() / f"{export.id}-{export.attempt}{FORMATS[export.format].suffix}"


def of_whom(path: Path) -> tuple[str, int] | None:
    """The export and the attempt that a file, or its half-written beginning, belongs to."""
    found = _NAME.match(path.name)
    return (found["id"], int(found["attempt"])) if found else None
