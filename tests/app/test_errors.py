"""What every refusal has in common."""

import json

import pytest

from app import errors


@pytest.mark.parametrize("sent", [1, 200_000])
def test_a_refusal_repeats_what_was_sent_and_never_at_full_length(sent: int) -> None:
    detail = f"There is no snapshot “{'x' * sent}”; name another one."
    told = json.loads(errors.problem(422, "unknown", detail).body)["detail"]
    assert told.startswith("There is no snapshot “x")
    assert told.endswith("x”; name another one.")
    assert len(told) < 1300
