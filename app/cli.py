"""`turnwise …`, or `python -m app.cli …`: what is done from a terminal.

It exits 0 when done and 3 with one sentence on stderr when it was refused; `iterate` also 1 (failed) and 2 (held).
"""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import httpx
from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app import doctor, seed
from app.accounts import passwords
from app.accounts import service as accounts
from app.accounts.schemas import SignUp
from app.audit.record import audit
from app.dashboard.figure import Asked, as_csv
from app.dashboard.figures import FIGURES, draw
from app.dashboard.scaling import import_study
from app.db import reading, writing
from app.errors import DomainError, sentence
from app.follow import follow
from app.improvement import page
from app.improvement import sheet as improvement
from app.iterations import config_fields, schedule
from app.iterations import service as iterations
from app.leaderboard.printed import printed
from app.settings import get_settings
from app.snapshots import service as snapshots
from app.snapshots.shares import Wanted
from app.tables import Account, Deployment, Role, Task, TaskKind
from app.tranches import datasheet
from app.tranches.formats import FORMATS, export
from app.tranches.hashes import check
from app.tranches.import_hh import Imported, import_hh, task_of_file
from app.tranches.printed import markdown
from app.tranches.queries import count_freezable
from app.tranches.scope import Scope

DONE, REFUSED, INTERRUPTED = 0, 3, 130
SCORING_PM = "scoring-pm"
LINES_SHOWN = 20


class NotEnoughNew(DomainError):
    status = 409


class UnknownTask(DomainError):
    status = 404


class BadArgument(DomainError):
    status = 422


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except DomainError as error:
        return _refuse(error.detail)
    except ValidationError as error:
        return _refuse(sentence(error.errors()))
    except ArgumentError as error:
        return _refuse(f"DATABASE_URL is not a database's address: {error}.")
    except (OperationalError, ProgrammingError) as error:
        return _refuse(doctor.database_sentence(error))
    except RedisError as error:
        return _refuse(doctor.broker_sentence(error))
    except httpx.HTTPError as error:
        return _refuse(f"{get_settings().inference_url} did not answer: {error or type(error).__name__}.")
    except OSError as error:
        return _refuse(f"{error.strerror or error}: {error.filename}." if error.filename else f"{error}.")
    except KeyboardInterrupt:
        return INTERRUPTED


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return REFUSED


def _init(_: argparse.Namespace) -> int:
    with writing() as session:
        seed.ensure_defaults(session)
    return DONE


def _create_admin(options: argparse.Namespace) -> int:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("The same again: ") != password:
            raise BadArgument("The two passwords differ.")
    else:
        password = sys.stdin.readline().removesuffix("\n")
    account = SignUp(username=options.username, password=password, consent=True)
    password_hash = passwords.hashed(account.password)
    with writing() as session:
        made = accounts.create(session, account.username, password_hash, Role.ADMIN, consented=False)
        audit(session, None, "create-admin", f"account:{made.id}", after={"role": Role.ADMIN})
    print(f"{account.username} is an admin now.")
    return DONE


def _first_admin_link(_: argparse.Namespace) -> int:
    """Prints nothing where there is an admin: `./run` asks at every start."""
    with writing() as session:
        if session.scalar(select(Account.id).where(Account.role == Role.ADMIN).limit(1)) is None:
            token = accounts.invite(session, Role.ADMIN, note="first admin, by the command line")[1]
            print(f"{get_settings().public_url.rstrip('/')}/invitation/{token}")
    return DONE


def _import_hh(options: argparse.Namespace) -> int:
    """Each file by itself: one that is refused does not keep the others out."""
    status = DONE
    for path in options.files:
        try:
            kind = options.task or task_of_file(path)
            print(f"{path.name}: {kind}{'' if options.task else ' (by its name)'}", flush=True)
            _report(import_hh(path, kind))
        except DomainError as error:
            status = _refuse(error.detail)
    return status


def _report(imported: Imported) -> None:
    set_aside = imported.rows - imported.stored
    print(f"  {imported.stored:,} stored + {set_aside:,} set aside = {imported.rows:,} rows;", end=" ")
    print(f"{imported.conversations:,} conversations")
    for reason, lines in imported.set_aside.items():
        shown = ", ".join(map(str, lines[:LINES_SHOWN]))
        more = f" and {len(lines) - LINES_SHOWN:,} more" if len(lines) > LINES_SHOWN else ""
        print(f"  {len(lines):,} × {reason}: line{'s' if len(lines) > 1 else ''} {shown}{more}", flush=True)


def _export(options: argparse.Namespace) -> int:
    with reading() as session:
        tranche_ids = (datasheet.named(session, options.tranche).id,) if options.tranche else None
        count = export(session, options.out, options.format, Scope(options.task, tranche_ids))
    print(f"{count:,} comparisons → {options.out}")
    return DONE


def _datasheet(options: argparse.Namespace) -> int:
    with reading() as session:
        tranche = datasheet.named(session, options.name)
        if not options.check:
            print(markdown(datasheet.datasheet(session, tranche)), end="")
            return DONE
        checked = check(session, tranche)
    is_whole = checked.is_whole(tranche)
    print(f"{tranche.name}: {'whole' if is_whole else 'NOT as it was frozen'}.")
    print(f"  {checked.members:,} comparisons, {checked.gone:,} of them erased, {checked.changed:,} changed")
    print(f"  content hash {checked.content_hash}, frozen as {tranche.content_hash}")
    return DONE if is_whole else 1


def _iterate(options: argparse.Namespace) -> int:
    doctor.ping_broker()  # a week that nobody is told of would wait in silence
    with writing() as session:
        plan = schedule.get(session)
        if not options.now:
            _must_be_worth_it(session, plan.min_new_comparisons)
        overrides = dict(plan.overrides) if options.preset is None else {}
        iteration = iterations.start(session, options.preset or plan.preset, overrides | dict(options.set))
    print(f"Iteration {iteration.name} ({iteration.preset}) has begun.", flush=True)
    if options.no_wait:
        return DONE
    try:
        return follow(iteration.id)
    except KeyboardInterrupt:
        print("\nNo longer watching; the iteration goes on. It can be cancelled on the dashboard.", file=sys.stderr)
        raise


def _must_be_worth_it(session: Session, wanted: int) -> None:
    new = count_freezable(session)
    if new < wanted:
        raise NotEnoughNew(
            f"There are {new} new comparisons and the schedule wants {wanted}; `turnwise iterate --now` starts anyway."
        )


def _deploy(options: argparse.Namespace) -> int:
    with writing() as session:
        task = _task(session, options.task)
        wanted = options.snapshots
        _show(options.task, snapshots.deploy(session, task, wanted, reason=options.reason, canary_share=options.canary))
    return DONE


def _promote(options: argparse.Namespace) -> int:
    with writing() as session:
        task = _task(session, options.task)
        _show(options.task, snapshots.promote(session, task, reason=options.reason))
    return DONE


def _rollback(options: argparse.Namespace) -> int:
    with writing() as session:
        task = _task(session, options.task)
        _show(options.task, snapshots.rollback(session, task, reason=options.reason))
    return DONE


def _task(session: Session, slug: str) -> Task | None:
    if slug == SCORING_PM:
        return None
    task = session.scalar(select(Task).where(Task.slug == slug))
    if task is None:
        slugs = session.scalars(select(Task.slug).order_by(Task.slug)).all()
        raise UnknownTask(f"There is no task “{slug}”; there are {', '.join([*slugs, SCORING_PM])}.")
    return task


def _show(slug: str, generation: list[Deployment]) -> None:
    lines = ", ".join(
        f"{row.snapshot.name} {row.share:g} %"
        + ("" if row.full_share is None else f" (once promoted: {row.full_share:g} %)")
        for row in generation
    )
    print(f"{slug}, generation {generation[0].generation}: {lines}")


def _elo(options: argparse.Namespace) -> int:
    from app.leaderboard import fitting  # here alone: nothing else at a terminal waits for numpy

    with reading() as session:
        fitted = fitting.fit(session, seed=options.seed)
    wanted = [
        one
        for one in fitted.boards
        if one.week == options.week and (options.task is None or one.task.slug == options.task)
    ]
    if options.json:
        boards = [
            {"task": one.task.slug, "week": one.week and str(one.week)} | one.board.model_dump() for one in wanted
        ]
        print(json.dumps({"seed": options.seed, "counts_hash": fitted.counts_hash, "boards": boards}))
        return DONE
    for one in wanted:
        print(printed(one.task.slug, one.week, one.board))
    if not wanted:
        print("Not enough data: there is no choice between two different policies here yet.")
    return DONE


def _figure(options: argparse.Namespace) -> int:
    asked = Asked(options.iteration, options.task, options.week, options.snapshot, options.crowdworker)
    with reading() as session:
        figure = draw(session, options.name, asked)
    print(as_csv(figure) if options.csv else figure.model_dump_json(indent=2), end="" if options.csv else "\n")
    return DONE


def _improvement(options: argparse.Namespace) -> int:
    wanted = improvement.Wanted(options.week or None, options.red_team, options.task)
    with reading() as session:
        sheet = improvement.sheet(session, wanted, public=True)
    if sheet.missing:
        return _refuse(sheet.missing)
    options.out.write_text(page.html(options.title, sheet), encoding="utf-8")
    weeks = ", ".join(column.name for column in sheet.columns)
    print(f"{len(sheet.rows)} prompts, {weeks} → {options.out}")
    return DONE


def _import_study(options: argparse.Namespace) -> int:
    with writing() as session:
        study = import_study(session, options.file, options.name)
    print(f"{options.name}: {len(study.runs)} PMs of {', '.join(dict.fromkeys(run.base for run in study.runs))}")
    return DONE


def _doctor(_: argparse.Namespace) -> int:
    findings = doctor.examine()
    for finding in findings:
        print(f"{'ok ' if finding.well else 'BAD'}  {finding.what}: {finding.sentence}")
    return DONE if all(finding.well for finding in findings) else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """With the exit code of every other refusal: 2 means “held” here."""
        self.print_usage(sys.stderr)
        self.exit(REFUSED, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="turnwise", description="Turnwise from a terminal.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        return added

    kind: dict[str, Any] = {"type": TaskKind, "metavar": "helpfulness|red-team"}
    command("init", _init, "Add what an installation starts with; what is there stays.")
    command("first-admin-link", _first_admin_link, "Print a link that makes the first admin, if there is none.")
    admin = command("create-admin", _create_admin, "Make an admin; the password is asked for, or read from stdin.")
    admin.add_argument("username")

    importer = command("import-hh", _import_hh, "Store published HH files (.jsonl or .jsonl.gz) as comparisons.")
    importer.add_argument("files", nargs="+", type=Path, metavar="FILE")
    importer.add_argument("--task", **kind, help="default: by each file's name (harmless, helpful)")

    exporter = command("export", _export, "Write comparisons to a file; .gz is compressed.")
    exporter.add_argument("out", type=Path, metavar="OUT")
    exporter.add_argument("--format", choices=list(FORMATS), required=True)
    exporter.add_argument("--task", **kind, help="only this kind of task")
    exporter.add_argument("--tranche", metavar="NAME", help="only this tranche, as it was frozen")

    sheet = command("datasheet", _datasheet, "Print what is in a tranche and how it came about, as Markdown.")
    sheet.add_argument("name", metavar="NAME")
    sheet.add_argument("--check", action="store_true", help="hash all its words again; exit code 1 if one has changed")

    iterate = command("iterate", _iterate, "Start an iteration and follow it to its end.")
    iterate.add_argument("--now", action="store_true", help="however few comparisons are new")
    iterate.add_argument("--preset", help="default: the schedule's preset and overrides")
    iterate.add_argument("--set", action="append", default=[], type=_override, metavar="FIELD=VALUE")
    iterate.add_argument("--no-wait", action="store_true", help="start it and return")

    tasks = f"a task's name, or {SCORING_PM}"
    deploy = command("deploy", _deploy, "Replace the snapshots that answer a task; the shares add up to 100.")
    deploy.add_argument("task", metavar="TASK", help=tasks)
    deploy.add_argument("snapshots", nargs="+", type=_wanted, metavar="SNAPSHOT=SHARE")
    deploy.add_argument("--reason", help="needed for a snapshot that was never evaluated")
    deploy.add_argument(
        "--canary", type=_percent, metavar="PERCENT", help="with which each new one begins, until it is promoted"
    )
    promote = command("promote", _promote, "Give a canary its full share.")
    promote.add_argument("task", metavar="TASK", help=tasks)
    promote.add_argument("--reason")
    rollback = command("rollback", _rollback, "Go back to the deployment before the present one.")
    rollback.add_argument("task", metavar="TASK", help=tasks)
    rollback.add_argument("--reason")

    elo = command("elo", _elo, "Fit the leaderboard on all comparisons, and print it.")
    elo.add_argument("--task", metavar="TASK")
    elo.add_argument("--week", type=_monday, metavar="MONDAY", help="only this week's; default: all weeks")
    elo.add_argument("--seed", type=int, default=0, help="of the bootstrap; default: 0, as on the page")
    elo.add_argument("--json", action="store_true", help="everything, in one line")
    figure = command("figure", _figure, "Print the numbers of one of the dashboard's figures.")
    figure.add_argument("name", metavar="NAME", help=", ".join(FIGURES))
    figure.add_argument("--iteration", metavar="ID")
    figure.add_argument("--task", metavar="TASK")
    figure.add_argument("--week", type=_monday, metavar="MONDAY")
    figure.add_argument("--snapshot", metavar="NAME")
    figure.add_argument("--crowdworker", metavar="NAME")
    figure.add_argument("--csv", action="store_true", help="default: JSON")

    sheet = command("improvement", _improvement, "Write the same prompts from week 0 until now into one HTML file.")
    sheet.add_argument("out", type=Path, metavar="OUT.html")
    sheet.add_argument("--week", action="append", metavar="ITERATION", help="up to three; default: chosen here")
    sheet.add_argument("--red-team", action="store_true", help="with red-team prompts")
    sheet.add_argument("--task", metavar="TASK", help="whose Elo; default: the first that has a leaderboard")
    sheet.add_argument("--title", default=page.TITLE)

    studies = command("import-study", _import_study, "Show the PMs of `python -m models.scaling` on the PM page.")
    studies.add_argument("file", type=Path, metavar="STUDY_DIR/study.json")
    studies.add_argument("--name", required=True, help="what it is called there; one of the same name is replaced")

    command("doctor", _doctor, "Say what works and what does not, one line each.")
    return parser


def _override(text: str) -> tuple[str, Any]:
    """pm.max_comparisons=600: the value is JSON where it can be, else text."""
    name, equals, written = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"“{text}” is not FIELD=VALUE, like pm.max_comparisons=600")
    try:
        value = json.loads(written)
    except json.JSONDecodeError:
        value = written
    try:
        config_fields.check(name, value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, value


def _monday(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day, like 2026-11-23") from None
    if day.weekday():
        raise argparse.ArgumentTypeError(f"{day} is a {day:%A}; a week is named by its Monday")
    return day


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = 0
    if not 0 < percent <= 50:
        raise argparse.ArgumentTypeError(f"“{text}” is not a share between 0 and 50, in percent")
    return percent


def _wanted(text: str) -> Wanted:
    name, _, share = text.rpartition("=")
    try:
        return Wanted(name, float(share))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not SNAPSHOT=SHARE, like initial=100") from None


if __name__ == "__main__":
    sys.exit(main())
