"""A server of responses as models/remote_sampling.py asks for them: the part of vLLM's HTTP API that it uses, with
vLLM's own answers to mistakes, on the toy base."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch

from models.backbone import Backbone
from models.dialogue import Renderer
from models.losses import chosen
from models.sampling import Sampler
from tests.answering import Answer, JSONHandler, answering
from tests.models.test_sampling import plain_logits

MISSING: Answer = 404, {"detail": "Not Found"}


def refused(status: int, message: str) -> Answer:
    return status, {"error": {"message": message, "type": "…", "param": None, "code": status}}


class RolloutServer(ThreadingHTTPServer):
    """What it is asked stays in `requests`; the other attributes are its moods."""

    daemon_threads = True
    request_queue_size = 128  # all of a step connect at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.backbone, tokenizer = Backbone.load("toy")
        self.sampler = Sampler(self.backbone, tokenizer, Renderer(tokenizer))
        self.lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.loads: list[str] = []
        self.loads_adapters = True
        self.dies_after = 1_000_000  # responses
        self.length = 2048
        self.lies: dict[str, Any] = {}  # over what it says of a response

    def complete(self, asked: dict[str, Any]) -> Answer:
        self.requests.append(asked)
        if len(self.requests) > self.dies_after:
            raise ConnectionAbortedError
        if asked["model"] not in ("toy", *self.backbone.adapters):
            return refused(404, f"The model `{asked['model']}` does not exist.")
        prompt = asked["prompt"]
        adapter = None if asked["model"] == "toy" else asked["model"]
        with self.backbone.use(adapter), torch.no_grad():
            ((response,),) = self.sampler.sample([prompt], [[asked["seed"]]], asked["max_tokens"])
            logits = plain_logits(self.backbone, prompt + response.tokens)[len(prompt) - 1 : -1]
        logprobs = chosen(logits, torch.tensor(response.tokens)).logprobs.tolist()
        said = {"finish_reason": response.finish, "token_ids": response.tokens, "token_logprobs": logprobs} | self.lies
        choice = {
            "index": 0, "text": response.text, "finish_reason": said["finish_reason"],
            "logprobs": {"token_logprobs": said["token_logprobs"], "tokens": []}, "token_ids": said["token_ids"],
        }  # fmt: skip
        return 200, {"object": "text_completion", "model": asked["model"], "choices": [choice]}

    def load(self, name: str, path: str) -> Answer:
        if name in self.backbone.adapters:
            return refused(400, f"The lora adapter '{name}' has already been loaded.")
        try:
            self.backbone.load_adapter(name, Path(path))
        except Exception as error:
            return refused(500, str(error))
        self.loads.append(name)
        return 200, f"Success: LoRA adapter '{name}' added successfully."

    def unload(self, name: str) -> Answer:
        if name not in self.backbone.adapters:
            return refused(404, f"The lora adapter '{name}' cannot be found.")
        self.backbone.remove_adapter(name)
        return 200, f"Success: LoRA adapter '{name}' removed successfully."

    def handle_error(self, *_: object) -> None:
        pass  # it died, as it was told


class Handler(JSONHandler):
    server: RolloutServer

    def get(self) -> Answer:
        base = {"id": "toy", "root": "toy", "parent": None, "max_model_len": self.server.length}
        loaded = [{"id": name, "parent": "toy", "max_model_len": None} for name in self.server.backbone.adapters]
        return (200, {"object": "list", "data": [base, *loaded]}) if self.path == "/v1/models" else MISSING

    def post(self, body: Any) -> Answer:
        with self.server.lock:
            if self.path == "/v1/completions":
                return self.server.complete(body)
            if self.path == "/v1/load_lora_adapter" and self.server.loads_adapters:
                return self.server.load(body["lora_name"], body["lora_path"])
            if self.path == "/v1/unload_lora_adapter" and self.server.loads_adapters:
                return self.server.unload(body["lora_name"])
        return MISSING


@contextmanager
def rollout_server() -> Iterator[tuple[RolloutServer, str]]:
    """A server at work, and its URL."""
    server = RolloutServer()
    with answering(server) as url:
        yield server, url
