"""Snapshots: weights we keep, register and may deploy. A directory with an adapter, for a PM its head, and a manifest
(docs/seams.md §3). It is whole or it is not there.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from models.run import BadInput, directory_atomically

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is and where it comes from."""

    name: str
    kind: Literal["pm", "policy"]
    base: dict[str, str]
    """`source` and `hash` of the base below the adapter."""
    system: str
    """The system message it was trained with."""
    parents: list[str] = field(default_factory=list)
    """Names of the snapshots it was made from (for a policy its PM)."""
    data_hash: str = ""
    """sha256 of the comparisons or prompts it was trained on."""
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    temperature: float | None = None
    """Divides a PM's score differences so that they are calibrated (models/calibration.py); None: not fitted."""
    reference_mean: float | None = None
    """A PM's mean score on a fixed set of responses (models/reference.py): less this, scores of PMs are comparable."""


class Snapshot(NamedTuple):
    directory: Path
    manifest: Manifest
    files: dict[str, str]
    """sha256 by file name: two snapshots with the same files are the same."""


def save(directory: Path, manifest: Manifest, write: Callable[[Path], None]) -> Snapshot:
    """Let `write` put the weights into a directory, add the manifest with their hashes, and move it into place."""
    with directory_atomically(directory) as unfinished:
        write(unfinished)
        weights = sorted(file for file in unfinished.rglob("*") if file.is_file())
        files = {file.relative_to(unfinished).as_posix(): _sha256(file) for file in weights}
        content = {"format": FORMAT, **dataclasses.asdict(manifest), "files": files}
        (unfinished / "manifest.json").write_text(json.dumps(content, indent=1) + "\n")
    return Snapshot(directory, manifest, files)


def load(directory: Path, kind: Literal["pm", "policy"] | None = None, base_hash: str | None = None) -> Snapshot:
    """Read the manifest and check that every file is whole. BadInput names what is missing, truncated or changed, a
    snapshot of another kind than `kind`, or one of another base than `base_hash`."""
    if not directory.is_dir():
        raise BadInput(f"There is no snapshot directory {directory}.")
    path = directory / "manifest.json"
    try:
        content = json.loads(path.read_text())
        files, version = content.pop("files"), content.pop("format")
        if version != FORMAT:
            raise BadInput(f"The snapshot {directory} has format {version}; this release reads format {FORMAT}.")
        manifest = Manifest(**content)
        hashes, source, own_hash = dict(files), manifest.base["source"], manifest.base["hash"]
    except FileNotFoundError:
        raise BadInput(f"The snapshot {directory} has no manifest.json.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"{path} is not a complete manifest.") from None
    needed = {
        "adapter_config.json",
        "adapter_model.safetensors",
        *(["head.safetensors"] if manifest.kind == "pm" else []),
    }
    for name in sorted(needed | set(hashes)):
        if not (directory / name).is_file():
            raise BadInput(f"The snapshot {directory} is incomplete: {name} is missing.")
        if _sha256(directory / name) != hashes.get(name):
            raise BadInput(f"The snapshot {directory} is damaged: {name} is truncated or was changed.")
    if kind and manifest.kind != kind:
        raise BadInput(f"The snapshot {directory} is a {manifest.kind}, but a {kind} is needed.")
    if base_hash and own_hash != base_hash:
        raise BadInput(
            f"The snapshot {directory} was trained on another base ({source}, hash {own_hash[:12]}) than the one "
            f"in use (hash {base_hash[:12]})."
        )
    return Snapshot(directory, manifest, hashes)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
