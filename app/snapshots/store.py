"""The snapshot store: directories that are whole, or we say what is wrong with them."""

import hashlib
import json
from pathlib import Path

from app.errors import DomainError
from app.settings import get_settings
from app.tables import Snapshot


class SnapshotIncomplete(DomainError):
    status = 422


def directory_of(snapshot: Snapshot) -> Path:
    assert snapshot.directory is not None, "the initial policy is the base itself"
    return (get_settings().snapshots_dir / snapshot.directory).resolve()


def verify(directory: Path) -> None:
    """A snapshot is whole, or we say what is wrong with it: every file of its manifest has the hash written there."""
    manifest = directory / "manifest.json"
    try:
        files = json.loads(manifest.read_text())["files"].items()
    except FileNotFoundError:
        raise SnapshotIncomplete(f"{manifest} does not exist.") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SnapshotIncomplete(f"{manifest} is not the manifest of a snapshot.") from None
    for name, expected in files:
        path = directory / name
        if not path.is_file():
            raise SnapshotIncomplete(f"{path} is missing; the snapshot is incomplete.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise SnapshotIncomplete(f"{path} is truncated or was changed: its hash is not the manifest's.")


def bytes_of(snapshot: Snapshot) -> int | None:
    """On disk; None for the initial policy, and where the directory is gone."""
    if snapshot.directory is None:
        return None
    directory = directory_of(snapshot)
    files = [path for path in directory.rglob("*") if path.is_file()] if directory.is_dir() else []
    return sum(path.stat().st_size for path in files) or None
