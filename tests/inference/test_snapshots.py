"""Loading and unloading at run time, and what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.inference.conftest import Toy, ask, load, texts


def _names(client: httpx.Client) -> list[str]:
    return [model["id"] for model in client.get("/v1/models").json()["data"]]


def _copy(toy: Toy, name: str, directory: Path) -> Path:
    return Path(shutil.copytree(toy.snapshots[name], directory / name))


def test_models_are_listed_with_their_parent_and_where_they_come_from(client: httpx.Client, toy: Toy) -> None:
    data = {model["id"]: model for model in client.get("/v1/models").json()["data"]}
    assert set(data) == {"initial", "week-1", "week-2", "pm"}
    assert (data["initial"]["parent"], data["initial"]["root"]) == (None, "toy")
    for name in ("week-1", "week-2", "pm"):
        assert (data[name]["parent"], data[name]["root"]) == ("initial", str(toy.snapshots[name]))


def test_the_same_files_may_be_loaded_again_also_from_another_place(
    client: httpx.Client, toy: Toy, tmp_path: Path
) -> None:
    assert load(client, "week-1", toy.snapshots["week-1"]).status_code == 200
    assert load(client, "week-1", _copy(toy, "week-1", tmp_path)).status_code == 200
    assert _names(client).count("week-1") == 1


def test_a_loaded_name_does_not_silently_become_another_snapshot(client: httpx.Client, toy: Toy) -> None:
    before = texts(client, ask(model="week-1", temperature=0))
    answer = load(client, "week-1", toy.snapshots["week-2"])
    assert answer.status_code == 400
    assert "week-1 is loaded already, from other files" in answer.json()["error"]["message"]
    assert texts(client, ask(model="week-1", temperature=0)) == before


def test_the_base_keeps_its_name(client: httpx.Client, toy: Toy) -> None:
    answer = load(client, "initial", toy.snapshots["week-1"])
    assert answer.status_code == 400
    assert "initial is the name of the base" in answer.json()["error"]["message"]


def _truncate(directory: Path) -> None:
    file = directory / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _lose_config(directory: Path) -> None:
    (directory / "adapter_config.json").unlink()


def _half_manifest(directory: Path) -> None:
    file = directory / "manifest.json"
    file.write_text(file.read_text()[:80])


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_truncate, "adapter_model.safetensors is truncated or was changed"),
        (_lose_config, "adapter_config.json is missing"),
        (_half_manifest, "manifest.json is not a complete manifest"),
        (shutil.rmtree, "There is no snapshot directory"),
    ],
)
def test_a_damaged_snapshot_is_refused_in_one_sentence_and_nothing_is_loaded(
    client: httpx.Client, toy: Toy, tmp_path: Path, damage: Callable[[Path], None], complaint: str
) -> None:
    directory = _copy(toy, "week-1", tmp_path)
    damage(directory)
    answer = load(client, "hurt", directory)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]["message"]
    assert "hurt" not in _names(client)
    assert client.post("/v1/chat/completions", json=ask(model="hurt")).status_code == 404


def test_a_snapshot_of_another_base_is_refused(client: httpx.Client, toy: Toy) -> None:
    answer = load(client, "foreign", toy.snapshots["foreign"])
    assert answer.status_code == 400
    assert "was trained on another base" in answer.json()["error"]["message"]
    assert "foreign" not in _names(client)


@pytest.mark.parametrize(
    ("name", "file"),
    [("week-1", "adapter_model.safetensors"), ("pm", "adapter_model.safetensors"), ("pm", "head.safetensors")],
)
def test_weights_that_are_not_finite_are_refused(
    client: httpx.Client, toy: Toy, tmp_path: Path, name: str, file: str
) -> None:
    from safetensors.torch import load_file, save_file

    from models import snapshot

    def write(directory: Path) -> None:
        for path in toy.snapshots[name].iterdir():
            shutil.copy(path, directory)
        (directory / "manifest.json").unlink()
        state = load_file(directory / file)
        save_file({key: value / 0 for key, value in state.items()}, directory / file)

    made = snapshot.save(tmp_path / "mad", snapshot.load(toy.snapshots[name]).manifest, write)
    answer = load(client, "mad", made.directory)
    assert answer.status_code == 400
    assert "mad has weights that are not finite numbers" in answer.json()["error"]["message"]
    assert "mad" not in _names(client)


def test_an_adapter_with_other_dimensions_is_refused_although_its_hashes_are_right(
    client: httpx.Client, toy: Toy, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    from models import snapshot
    from models.dialogue import DEFAULT_SYSTEM

    def write(directory: Path) -> None:
        shutil.copy(toy.snapshots["week-1"] / "adapter_config.json", directory)
        state = load_file(toy.snapshots["week-1"] / "adapter_model.safetensors")
        save_file(
            {key: value[:, :-1].contiguous() for key, value in state.items()}, directory / "adapter_model.safetensors"
        )

    base = {"source": "toy", "hash": toy.backbone.hash}
    made = snapshot.save(tmp_path / "thin", snapshot.Manifest("thin", "policy", base, DEFAULT_SYSTEM), write)
    answer = load(client, "thin", made.directory)
    assert answer.status_code == 400
    assert "has other dimensions" in answer.json()["error"]["message"]
    assert "thin" not in _names(client)


def test_policies_do_not_score_and_pms_do_not_respond(client: httpx.Client) -> None:
    refused = client.post("/v1/chat/completions", json=ask(model="pm"))
    assert (refused.status_code, "pm is a PM" in refused.json()["error"]["message"]) == (400, True)
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello."}]
    for model in ("week-1", "initial"):
        refused = client.post("/pooling", json={"model": model, "messages": messages})
        assert (refused.status_code, "is a policy" in refused.json()["error"]["message"]) == (400, True)


def test_the_manifest_decides_what_a_snapshot_is_and_not_its_name(client: httpx.Client, toy: Toy) -> None:
    assert json.loads((toy.snapshots["pm"] / "manifest.json").read_text())["kind"] == "pm"
    assert load(client, "week-9", toy.snapshots["pm"]).status_code == 200
    assert client.post("/v1/chat/completions", json=ask(model="week-9")).status_code == 400
    assert client.post("/v1/unload_lora_adapter", json={"lora_name": "week-9"}).status_code == 200
    assert "week-9" not in _names(client)
