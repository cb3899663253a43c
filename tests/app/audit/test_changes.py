"""What stands between before and after, as a person reads it."""

from app.audit.changes import changes, lines


def told(before: object, after: object) -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.before, one.after) for one in changes(before, after)]  # type: ignore[arg-type]


def test_only_what_differs_is_told() -> None:
    before = {"pass_mark": 4, "pay_cents": None, "active": True, "share": 10.0}
    after = {"pass_mark": 5, "pay_cents": 450, "active": False, "share": 10}
    assert told(before, after) == [("pass_mark", "4", "5"), ("pay_cents", None, "450"), ("active", "yes", "no")]


def test_a_side_that_is_not_there_is_nothing() -> None:
    assert told(None, {"role": "admin"}) == [("role", None, "admin")]
    assert told({"note": ""}, {"note": None}) == []
    assert told(None, None) == []


def test_deployments_are_told_by_snapshot() -> None:
    before = {"generation": 1, "deployments": [{"snapshot": "initial", "share": 100.0, "best_of": 1}]}
    after = {
        "generation": 2,
        "deployments": [
            {"snapshot": "w48", "share": 90.0, "best_of": 1},
            {"snapshot": "initial", "share": 5.0, "best_of": 1},
            {"snapshot": "initial", "share": 5.0, "best_of": 16},
        ],
    }
    assert told(before, after) == [
        ("generation", "1", "2"),
        ("deployments: w48", None, "share 90, best_of 1"),
        ("deployments: initial", "share 100, best_of 1", "share 5, best_of 1"),
        ("deployments: initial (2)", None, "share 5, best_of 16"),
    ]


def test_fields_within_fields_have_both_names() -> None:
    assert told({"overrides": {}}, {"overrides": {"policy.rollouts": 256}}) == [
        ("overrides.policy.rollouts", None, "256")
    ]


def test_a_long_text_is_cut_in_a_list_and_told_line_by_line_alone() -> None:
    before, after = {"text": "One.\nTwo.\nThree."}, {"text": "One.\nTwo!\nThree."}
    assert told(before, after) == [("text", "One. …", "One. …")]
    (change,) = changes(before, after, in_full=True)
    assert [(line.kind, line.text) for line in change.lines or []] == [
        ("same", "One."),
        ("removed", "Two."),
        ("added", "Two!"),
        ("same", "Three."),
    ]


def test_what_stays_the_same_far_from_a_change_is_counted_only() -> None:
    old = [f"line {number}" for number in range(20)]
    new = [*old[:9], "another", *old[10:]]
    found = [(line.kind, line.text) for line in lines("\n".join(old), "\n".join(new))]
    assert found == [
        ("skipped", "7"),
        ("same", "line 7"),
        ("same", "line 8"),
        ("removed", "line 9"),
        ("added", "another"),
        ("same", "line 10"),
        ("same", "line 11"),
        ("skipped", "8"),
    ]


def test_texts_of_any_shape_have_their_lines() -> None:
    assert list(lines("", "")) == []
    assert [(line.kind, line.text) for line in lines("", "New.")] == [("added", "New.")]
    assert [(line.kind, line.text) for line in lines("Old.\n", "")] == [("removed", "Old.")]
