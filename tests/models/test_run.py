import contextlib
import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from models import evaluate_pm, evaluate_policy, generate_prompts, run, sample, score
from models.run import BadInput, Outcome, Preempted, RunDirectory


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def test_a_second_trainer_of_the_same_directory_is_refused(directory: Path) -> None:
    with RunDirectory.open(directory), pytest.raises(BadInput, match="Another process is already working in"):
        RunDirectory.open(directory)
    with RunDirectory.open(directory):
        pass  # free again


def test_a_workers_child_waits_for_a_lock_that_is_held_for_a_moment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNWISE_WATCH_STDIN", "yes")  # not "1": the test's own stdin is no pipe of a worker
    other = (directory / "lock").open("w")
    fcntl.flock(other, fcntl.LOCK_EX)
    monkeypatch.setattr(time, "sleep", lambda _: other.close())
    with RunDirectory.open(directory):
        pass
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with RunDirectory.open(directory), pytest.raises(BadInput, match="Another process is already working in"):
        RunDirectory.open(directory)
    assert sum(waited) == pytest.approx(10, abs=0.2)


def test_what_a_process_left_that_was_killed_as_it_saved_is_removed(directory: Path) -> None:
    left = (".snapshot.ab12cd34", "checkpoints/.step-000005.ab12cd34", "snapshots/.policy-kl2.old.ab12cd34")
    for name in (*left, "snapshot", "checkpoints/step-000004"):
        (directory / name).mkdir(parents=True)
    with RunDirectory.open(directory) as opened:
        assert opened.checkpoints.latest() == (4, directory / "checkpoints" / "step-000004")
    assert not any((directory / name).exists() for name in left)
    assert (directory / "snapshot").exists()


def test_a_missing_directory_and_a_broken_config_are_named(directory: Path) -> None:
    with pytest.raises(BadInput, match="nowhere does not exist"):
        RunDirectory.open(directory / "nowhere")
    (directory / "config.json").write_text('{"seed": ')
    with RunDirectory.open(directory) as opened:
        with pytest.raises(BadInput, match=r"config\.json is not valid JSON"):
            opened.config()
        with pytest.raises(BadInput, match=r"has no a\.jsonl or b\.jsonl"):
            opened.find("a.jsonl", "b.jsonl")


def test_after_a_rewind_the_metrics_have_no_gap_no_double_step_and_no_half_line(directory: Path) -> None:
    with RunDirectory.open(directory) as opened:
        for step in (1, 2, 3, 4):
            opened.metrics(step, {"pm/loss": 1 / step})
        with (directory / "metrics.jsonl").open("a") as file:
            file.write('{"step": 5, "pm/lo')  # killed here
        opened.rewind(2)
        opened.metrics(3, {"pm/loss": 0.5})
    lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert lines[2] == {"step": 3, "pm/loss": 0.5}


def test_only_the_last_two_checkpoints_are_kept_and_an_unfinished_one_is_none(directory: Path) -> None:
    with RunDirectory.open(directory) as opened:
        for step in (5, 10, 15):
            opened.checkpoints.save(step, lambda path, step=step: (path / "state").write_text(str(step)))

        def dies(path: Path) -> None:
            (path / "state").write_text("half")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            opened.checkpoints.save(20, dies)
        found = opened.checkpoints.latest()
        assert found is not None
        assert (found[0], (found[1] / "state").read_text()) == (15, "15")
    assert sorted(path.name for path in (directory / "checkpoints").iterdir()) == ["step-000010", "step-000015"]


def test_progress_says_how_many_seconds_are_left(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 110.0, 115.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))

    def said() -> dict[str, object]:
        return json.loads((directory / "progress.json").read_text())  # type: ignore[no-any-return]

    with RunDirectory.open(directory) as opened:
        opened.progress("train", 4, 10)  # resumed at 4
        assert said() == {"phase": "train", "done": 4, "total": 10, "seconds_left": None}
        opened.progress("train", 6, 10)
        assert said()["seconds_left"] == 20.0
        opened.progress("evaluate", 0, 3)
        assert said()["seconds_left"] is None


def test_the_thread_count_follows_the_workers_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunDirectory.open(directory) as opened:
        monkeypatch.setenv("OMP_NUM_THREADS", "3,1")
        assert opened.threads() == 3
        assert opened.threads(otherwise=2) == 2
        (directory / "threads").write_text("1\n")
        assert opened.threads(otherwise=2) == 1
        (directory / "threads").write_text("")  # being written
        assert opened.threads(otherwise=2) == 2


def test_sigterm_asks_for_a_checkpoint_instead_of_ending(directory: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with RunDirectory.open(directory) as opened:
        os.kill(os.getpid(), signal.SIGTERM)
        assert opened.preempted
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome(0)),
        (BadInput("row 3 is odd."), Outcome(3, "row 3 is odd.")),
        (Preempted(), Outcome(75, "Preempted; the same command goes on from the last checkpoint.")),
        (
            OSError(errno.ENOSPC, "No space left on device", "/a/b"),
            Outcome(3, "The disk is full: could not write /a/b."),
        ),
        (KeyError("a bug"), None),
    ],
)
def test_a_run_says_itself_how_it_ended(directory: Path, error: Exception | None, outcome: Outcome | None) -> None:
    (directory / "outcome.json").write_text('{"code": 0, "sentence": "of the run before"}')
    with pytest.raises(type(error)) if error else contextlib.nullcontext(), RunDirectory.open(directory):
        assert Outcome.read(directory) is None
        if error:
            raise error
    assert Outcome.read(directory) == outcome


def test_only_the_process_that_leads_says_how_the_run_ended(directory: Path) -> None:
    with RunDirectory.open(directory):
        with RunDirectory.follow(directory):
            pass
        with pytest.raises(BadInput, match="Another process"), RunDirectory.open(directory):
            pass
        assert Outcome.read(directory) is None


def test_a_child_ends_when_the_pipe_from_its_parent_closes(directory: Path) -> None:
    sleeper = f"import time; from pathlib import Path; from models.run import RunDirectory\n\
with RunDirectory.open(Path({str(directory)!r})): print('open', flush=True); time.sleep(60)"
    child = subprocess.Popen(
        [sys.executable, "-c", sleeper],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TURNWISE_WATCH_STDIN": "1"},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"open\n"
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(timeout=10) == 1
    with RunDirectory.open(directory):
        pass  # and its lock is gone with it


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (None, 0, ""),
        (BadInput("row 3 is odd."), 3, "row 3 is odd.\n"),
        (Preempted(), 75, "Preempted; the same command goes on from the last checkpoint.\n"),
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), 3, "The disk is full: could not write /a/b.\n"),
        # How torch and safetensors hand the same news on.
        (
            RuntimeError("I/O error: No space left on device (os error 28)"),
            3,
            "The disk is full: could not write the output.\n",
        ),
    ],
)
def test_how_a_command_ends(
    error: Exception | None, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def function() -> None:
        if error:
            raise error

    with pytest.raises(SystemExit) as ended:
        run.main(function)
    assert ended.value.code == code
    assert capsys.readouterr().err == sentence


def test_a_bug_stays_a_traceback() -> None:
    with pytest.raises(KeyError):
        run.main(lambda: {}.popitem())


@pytest.mark.parametrize("module", [evaluate_pm, evaluate_policy, generate_prompts, sample, score])
def test_a_command_whose_output_has_no_place_says_so_before_it_reads_anything(
    module: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "nowhere" / "out"
    monkeypatch.setattr(sys, "argv", ["", "base", "none.jsonl", str(out), *NEEDS.get(module, ())])
    with pytest.raises(BadInput, match="nowhere/out does not exist"):
        module.command()


@pytest.mark.parametrize("module", [evaluate_pm, evaluate_policy])
@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz"])
def test_a_report_never_replaces_rows(
    module: types.ModuleType, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("{}")
    monkeypatch.setattr(sys, "argv", ["", "base", "none.jsonl", str(tmp_path / name), *NEEDS.get(module, ())])
    with pytest.raises(BadInput, match=f"{name} is there and holds rows"):
        module.command()


NEEDS = {evaluate_policy: ["--pm", "none"]}


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run.write_atomically(path, "old")

    def dies() -> None:
        with run.file_atomically(path) as file:
            file.write(b"half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        dies()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("out.jsonl", "old")]


def test_a_directory_is_replaced_whole(tmp_path: Path) -> None:
    for content in ("first", "second"):
        with run.directory_atomically(tmp_path / "snapshot") as unfinished:
            (unfinished / content).write_text(content)
    assert [p.name for p in tmp_path.iterdir()] == ["snapshot"]
    assert [p.name for p in (tmp_path / "snapshot").iterdir()] == ["second"]


def test_a_full_disk_is_recognised_whatever_a_library_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def checkpoint() -> None:
        with run.directory_atomically(tmp_path / "step-000005"):
            raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 355648 vs 355600")

    with pytest.raises(RuntimeError, match="unexpected pos"):  # the disk has room: it is something else
        checkpoint()
    monkeypatch.setattr(run, "FULL", 1 << 60)
    with pytest.raises(SystemExit) as ended:
        run.main(checkpoint)
    assert ended.value.code == 3
    assert capsys.readouterr().err == f"The disk is full: could not write {tmp_path / 'step-000005'}.\n"
    assert list(tmp_path.iterdir()) == []
