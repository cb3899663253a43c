"""Which snapshots are loaded, by name. They come and go while others are being served: a response that has begun keeps
the adapter it began with.

The set is not kept anywhere: deployments are the desired state, and reconcile() loads them again after a restart.
"""

import threading
from pathlib import Path
from typing import Any, NamedTuple

from inference.forward import PM, Adapter, read_adapter
from inference.wire import INITIAL, Model, Refused, UnknownModel
from models import snapshot
from models.preference_model import Together, load_head, member_directories
from models.run import BadInput


class Loaded(NamedTuple):
    directory: Path
    manifest: bytes
    """As written: it has the hashes of all files."""
    model: Adapter | PM
    """A policy's adapter, or a PM."""


class Snapshots:
    """The snapshots on one base."""

    def __init__(self, causal_lm: Any, source: str, base_hash: str) -> None:
        self._causal_lm, self._source, self._base_hash = causal_lm, source, base_hash
        self._loaded: dict[str, Loaded] = {}
        self._changing = threading.Lock()

    def models(self) -> list[Model]:
        """The base, policies and PMs, for /v1/models."""
        loaded = [Model(name, str(it.directory), INITIAL) for name, it in list(self._loaded.items())]
        return [Model(INITIAL, self._source, None), *loaded]

    def policy(self, name: str) -> Adapter | None:
        """The adapter of a policy; None for the initial one."""
        if name == INITIAL:
            return None
        loaded = self._find(name)
        if isinstance(loaded.model, PM):
            raise Refused(f"{name} is a PM: it scores (/pooling) and does not respond.")
        return loaded.model

    def pm(self, name: str) -> PM:
        """A PM, or an ensemble of them."""
        loaded = None if name == INITIAL else self._find(name)
        if loaded is None or not isinstance(loaded.model, PM):
            raise Refused(f"{name} is a policy: it responds (/v1/chat/completions) and does not score.")
        return loaded.model

    def load(self, name: str, directory: Path) -> None:
        """Load a snapshot directory under a name; Refused in one sentence, and nothing changed, if it is no whole
        snapshot of this base. A loaded name with the same files is fine."""
        if name == INITIAL:
            raise Refused(f"{INITIAL} is the name of the base; load the snapshot under another one.")
        with self._changing:
            try:
                found = snapshot.load(directory, base_hash=self._base_hash)
                manifest = (directory / "manifest.json").read_bytes()
                before = self._loaded.get(name)
                if before is not None and before.manifest == manifest:
                    return
                if before is not None:
                    raise Refused(f"{name} is loaded already, from other files ({before.directory}).")
                is_pm = found.manifest.kind == "pm"
                model = self._read_pm(directory) if is_pm else read_adapter(directory, self._causal_lm)
                self._loaded[name] = Loaded(directory, manifest, model)
            except BadInput as error:
                raise Refused(str(error)) from None

    def unload(self, name: str) -> None:
        """Forget a snapshot; responses under way end with it."""
        if name == INITIAL:
            raise Refused(f"{INITIAL} is the base; it is not unloaded.")
        with self._changing:
            self._find(name)
            del self._loaded[name]

    def _read_pm(self, directory: Path) -> PM:
        device = self._causal_lm.device
        paths = member_directories(directory)
        members = [(read_adapter(path, self._causal_lm), load_head(path).to(device)) for path in paths]
        return PM(members, Together.read(directory) or (lambda scores: scores[0]))

    def _find(self, name: str) -> Loaded:
        if name not in self._loaded:
            raise UnknownModel(name)
        return self._loaded[name]
