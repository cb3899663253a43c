"""Sampling responses by a server that speaks vLLM's HTTP API, while this process trains.

Token ids go in and come out, so nothing is tokenised twice, and the policy's adapter is handed over after every step,
as PEFT's two files in a directory that the server can read. Each version has a name of its own, made of its weights:
under one name for all, vLLM may go on with keys and values that an earlier version left in its prefix cache (issue
42125), and after `load_inplace` reads the files again and again (pull request 41482).

Needs vLLM 0.10.2 or newer (`return_token_ids`), with `--enable-lora` and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True.
"""

import hashlib
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from models.backbone import Backbone
from models.dialogue import Renderer
from models.processes import ALONE, Processes
from models.run import BadInput, Interrupted, directory_atomically
from models.sampling import Response, Sampler

PLAIN = {
    "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0,
    "presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0,
}  # fmt: skip
"""What models/sampling.py does by itself. All of it is said: what is left out, vLLM takes from the base's own
`generation_config.json`."""

PATIENCE = httpx.Timeout(600.0, connect=10.0)  # seconds: a response waits for those before it


class RemoteSampler(Sampler):
    """Samples with the adapter that the backbone uses, on a server that has the same base."""

    def __init__(
        self,
        url: str,
        backbone: Backbone,
        tokenizer: Any,
        renderer: Renderer,
        directory: Path,
        longest: int,
        processes: Processes = ALONE,
    ) -> None:
        """Adapters are written to `directory`, which the server sees under the same path. `longest` counts the tokens
        of a prompt and its response together. BadInput if nobody answers, or cannot read as many."""
        super().__init__(backbone, tokenizer, renderer)
        self._url, self._directory, self._processes = url.rstrip("/"), directory.resolve(), processes
        # A connection each: the server closes what idles between steps, perhaps just when it is used again.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        transport = httpx.HTTPTransport(limits=limits, retries=2)
        self._server = httpx.Client(base_url=self._url, timeout=PATIENCE, transport=transport)
        self._name = ""
        for base in (model for model in self._models() if not model.get("parent")):
            room = base.get("max_model_len") or longest
            if room < longest:
                raise BadInput(
                    f"The server at {self._url} reads {room} tokens, but a prompt and its response may have {longest}: "
                    f"start it with --max-model-len {longest}."
                )

    def prepare(self) -> None:
        """Hand over the adapter in use, once for all processes, and take back the one before."""
        name, problem = "", None
        if self._processes.leads:
            try:
                name = self._hand_over()
            except (BadInput, Interrupted) as error:
                problem = error
        name, problem = self._processes.gather((name, problem))[0]
        if problem:
            raise problem
        self._name = name

    def close(self) -> None:
        """Leave the server as it was found."""
        if self._processes.leads:
            self._take_back(except_for="")
        self._server.close()

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[Sequence[int]],
        max_tokens: int,
        batch_size: int = 64,
    ) -> list[list[Response]]:
        """One response for each seed of each prompt, `batch_size` asked for at a time. Interrupted if the server is
        gone before the last of them."""
        asked = [(list(prompt), seed, max_tokens) for prompt, own in zip(prompts, seeds, strict=True) for seed in own]
        with ThreadPoolExecutor(batch_size) as pool:
            # A failure ends the loop over the answers, and that cancels what has not been asked yet.
            answers = iter(list(pool.map(self._ask, *zip(*asked, strict=True))) if asked else [])
        return [[next(answers) for _ in own] for own in seeds]

    def _ask(self, prompt: list[int], seed: int, max_tokens: int) -> Response:
        # The end of turn alone ends a response, as in this process; vLLM would stop at other tokens of the base too.
        answer = self._post("/v1/completions", {
            "model": self._name, "prompt": prompt, "seed": seed, "max_tokens": max_tokens, **PLAIN,
            "ignore_eos": True, "stop_token_ids": [self._end_of_turn], "logprobs": 0, "return_token_ids": True,
        })  # fmt: skip
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise BadInput(f"The server at {self._url} refused to sample: {_message(answer)}")
        if not answer.is_success:  # not found: it was started anew, and has no adapters
            raise Interrupted(f"The server at {self._url} failed to sample: {_message(answer)}")
        choice = answer.json()["choices"][0]
        tokens, logprobs = choice.get("token_ids"), (choice.get("logprobs") or {}).get("token_logprobs")
        if not tokens or not logprobs or len(tokens) != len(logprobs):
            raise BadInput(
                f"The server at {self._url} does not return token ids with a log-probability each; vLLM does from "
                f"0.10.2 on."
            )
        response = self._response(tokens, logprobs)
        if response.finish != choice["finish_reason"]:
            raise BadInput(
                f"The server at {self._url} says {choice['finish_reason']!r} of a response that ends with token "
                f"{tokens[-1]}; the end of a turn is {self._end_of_turn}."
            )
        return response

    # The adapter -----------------------------------------------------------------------------------------------------

    def _hand_over(self) -> str:
        adapter = self._backbone.active
        if adapter is None:
            return str(next(model["id"] for model in self._models() if not model.get("parent")))
        digest = hashlib.sha256(str(self._directory).encode())  # two runs may share a server
        for key, tensor in self._backbone.adapter_state(adapter).items():
            digest.update(key.encode() + tensor.numpy().tobytes())
        name = f"turnwise-{digest.hexdigest()[:16]}"
        path = self._directory / name
        if not path.exists():
            with directory_atomically(path) as unfinished:
                self._backbone.save_adapter(adapter, unfinished)
        self._take_back(except_for=name)
        if not any(model["id"] == name for model in self._models()):
            answer = self._post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(path)})
            if answer.status_code == httpx.codes.NOT_FOUND and "adapter" not in answer.text:
                raise BadInput(
                    f"The server at {self._url} loads no adapters: start vLLM with --enable-lora and "
                    f"VLLM_ALLOW_RUNTIME_LORA_UPDATING=True."
                )
            if not answer.is_success:
                raise BadInput(f"The server at {self._url} refused the policy's adapter in {path}: {_message(answer)}")
        return name

    def _take_back(self, except_for: str) -> None:
        """Unload what this run handed over before, also when it was killed since."""
        for path in self._directory.glob("turnwise-*"):
            if path.name != except_for:
                self._post("/v1/unload_lora_adapter", {"lora_name": path.name})  # not found: so much the better
                shutil.rmtree(path)

    # HTTP ------------------------------------------------------------------------------------------------------------

    def _models(self) -> list[dict[str, Any]]:
        try:
            answer = self._server.get("/v1/models")
            answer.raise_for_status()
            return list(answer.json()["data"])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            if self._name:
                raise Interrupted(f"The server at {self._url} is gone: {reason}.") from None
            raise BadInput(
                f"rollout_url is {self._url}, but no server answers GET /v1/models there: {reason}."
            ) from None

    def _post(self, path: str, content: dict[str, Any]) -> httpx.Response:
        try:
            return self._server.post(path, json=content)
        except httpx.HTTPError as error:
            raise Interrupted(f"The server at {self._url} is gone: {error or type(error).__name__}.") from None


def _message(answer: httpx.Response) -> str:
    """What an error says: vLLM's `error.message`, else the status."""
    try:
        return str(answer.json()["error"]["message"]).splitlines()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        return f"{answer.status_code} {answer.reason_phrase}."
