from pathlib import Path

import pytest
import torch

from models import snapshot
from models.backbone import Backbone
from models.dialogue import Renderer
from models.policy import Policy
from models.preference_model import PreferenceModel
from models.run import BadInput
from tests.networks import disturb


def test_a_policy_survives_its_snapshot(toy: tuple[Backbone, Renderer], tmp_path: Path) -> None:
    backbone = toy[0]
    backbone.add_adapter("policy", 2)
    disturb(backbone, "policy")
    policy = Policy(backbone, "policy")
    manifest = snapshot.Manifest("p", "policy", {"source": "toy", "hash": backbone.hash}, "Be kind.")
    snapshot.save(tmp_path / "p", manifest, policy.write)
    opened = Policy.open(str(tmp_path / "p"))
    assert (opened.name, opened.system) == ("p", "Be kind.")
    before, after = policy.state(), opened.policy.state()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(BadInput, match="is a policy, but a pm is needed"):
        PreferenceModel.load(backbone, "other", tmp_path / "p")


def test_base_is_the_base_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_MODEL", "toy")
    opened = Policy.open("base")
    assert (opened.policy.adapter, opened.policy.backbone.source) == (None, "toy")
