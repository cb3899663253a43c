import json
from pathlib import Path

import pytest

from models import snapshot
from models.run import BadInput
from models.snapshot import Manifest

PM = Manifest("pm", "pm", {"source": "toy", "hash": "abc"}, "Be brief.", metrics={"test_accuracy": 0.6})


def weights(directory: Path) -> None:
    for name in ("adapter_config.json", "adapter_model.safetensors", "head.safetensors"):
        (directory / name).write_bytes(name.encode() * 100)


def test_a_snapshot_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = snapshot.save(tmp_path / "week-1", PM, weights)
    assert snapshot.load(tmp_path / "week-1", "pm", "abc") == saved
    assert saved.manifest == PM
    assert set(saved.files) == {"adapter_config.json", "adapter_model.safetensors", "head.safetensors"}


def test_a_snapshot_is_whole_or_it_is_not_there(tmp_path: Path) -> None:
    def dies(directory: Path) -> None:
        weights(directory)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        snapshot.save(tmp_path / "week-1", PM, dies)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadInput, match="There is no snapshot directory"):
        snapshot.load(tmp_path / "week-1")


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "head.safetensors"])
def test_a_missing_or_truncated_file_is_named(name: str, tmp_path: Path) -> None:
    directory = tmp_path / "week-1"
    snapshot.save(directory, PM, weights)
    content = (directory / name).read_bytes()
    (directory / name).write_bytes(content[:-1])
    with pytest.raises(BadInput, match=rf"week-1 is damaged: {name} is truncated or was changed\."):
        snapshot.load(directory)
    (directory / name).unlink()
    with pytest.raises(BadInput, match=rf"week-1 is incomplete: {name} is missing\."):
        snapshot.load(directory)


def test_a_manifest_that_is_missing_cut_or_from_the_future_is_one_sentence(tmp_path: Path) -> None:
    directory = tmp_path / "week-1"
    snapshot.save(directory, PM, weights)
    path = directory / "manifest.json"
    content = path.read_text()
    whole = json.loads(content)
    for odd in (content[:100], json.dumps(whole | {"files": ["a"]}), json.dumps(whole | {"base": {"source": "toy"}})):
        path.write_text(odd)
        with pytest.raises(BadInput, match=r"manifest\.json is not a complete manifest"):
            snapshot.load(directory, base_hash="abc")
    path.write_text(json.dumps({**whole, "format": 2}))
    with pytest.raises(BadInput, match="has format 2; this release reads format 1"):
        snapshot.load(directory)
    path.unlink()
    with pytest.raises(BadInput, match=r"has no manifest\.json"):
        snapshot.load(directory)


def test_a_snapshot_of_another_kind_or_another_base_is_refused(tmp_path: Path) -> None:
    snapshot.save(tmp_path / "week-1", PM, weights)
    with pytest.raises(BadInput, match="is a pm, but a policy is needed"):
        snapshot.load(tmp_path / "week-1", "policy")
    with pytest.raises(
        BadInput, match=r"was trained on another base \(toy, hash abc\) than the one in use \(hash xyz\)"
    ):
        snapshot.load(tmp_path / "week-1", "pm", "xyz")
