"""Tranche → PM → policy → deployment → comparisons that it earned: of an iteration, or of one snapshot."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.lineage.schemas import Column, Edge, Lineage, Node
from app.tables import (
    EARNED,
    Comparison,
    Deployment,
    Iteration,
    IterationTranche,
    Snapshot,
    SnapshotKind,
    Task,
    Tranche,
)

TRANCHES = 4  # that are drawn one by one: the newest; older ones are one node
POLICIES = 12  # a run keeps some along the way


class LineageOfWhat(DomainError):
    status = 422


class NothingOfThatName(DomainError):
    status = 404


def lineage(session: Session, iteration_id: str | None, snapshot_name: str | None) -> Lineage:
    if (iteration_id is None) == (snapshot_name is None):
        raise LineageOfWhat("Ask for the lineage of an iteration or of a snapshot, of one of the two.")
    if iteration_id is not None:
        iteration = session.get(Iteration, iteration_id)
        if iteration is None:
            raise NothingOfThatName("There is no such iteration.")
        return _of_iteration(session, iteration)
    snapshot = session.scalar(select(Snapshot).where(Snapshot.name == snapshot_name))
    if snapshot is None:
        raise NothingOfThatName(f"There is no snapshot “{snapshot_name}”.")
    return _of_snapshot(session, snapshot)


def _of_iteration(session: Session, iteration: Iteration) -> Lineage:
    made = select(Snapshot).where(Snapshot.iteration_id == iteration.id)
    pms = session.scalars(_in_order(made.where(Snapshot.kind == SnapshotKind.PM))).all()
    policies = session.scalars(_in_order(made.where(Snapshot.kind == SnapshotKind.POLICY))).all()
    drawn = _draw(session, iteration.name, iteration.id, pms, policies)
    if not drawn.nodes:
        drawn.missing = "This iteration has frozen no tranche and made no snapshot yet."
    return drawn


def _of_snapshot(session: Session, snapshot: Snapshot) -> Lineage:
    if snapshot.kind == SnapshotKind.PM:
        taught = select(Snapshot).where(Snapshot.pm_id == snapshot.id)
        pms, policies = [snapshot], list(session.scalars(_in_order(taught)))
    else:
        pm = session.get(Snapshot, snapshot.pm_id) if snapshot.pm_id else None
        pms, policies = [pm] if pm else [], [snapshot]
    drawn = _draw(session, snapshot.name, snapshot.iteration_id, pms, policies)
    for node in drawn.nodes:
        node.asked = node.id == snapshot.id
    return drawn


def _in_order(rows: Select[Snapshot]) -> Select[Snapshot]:
    return rows.order_by(Snapshot.created_at.desc(), Snapshot.name)


def _draw(
    session: Session, of: str, iteration_id: str | None, pms: Sequence[Snapshot], policies: Sequence[Snapshot]
) -> Lineage:
    tranches = _tranches(session, iteration_id) if iteration_id else []
    omitted, policies = max(0, len(policies) - POLICIES), policies[:POLICIES]
    deployed = list(_deployments(session, [*pms, *policies]))
    earned = _earned(session, deployed)
    return Lineage(
        of=of,
        iteration_id=iteration_id,
        omitted=omitted,
        nodes=[
            *tranches,
            *(Node(id=pm.id, column=Column.PMS, name=pm.name, facts=_facts(pm)) for pm in pms),
            *(Node(id=row.id, column=Column.POLICIES, name=row.name, facts=_facts(row)) for row in policies),
            *(use.node for use in deployed),
            *earned,
        ],
        edges=[
            *(Edge(made_from=tranche.id, made=pm.id) for tranche in tranches for pm in pms),
            *(Edge(made_from=pm.id, made=row.id) for row in policies for pm in pms if row.pm_id == pm.id),
            *(Edge(made_from=use.snapshot_id, made=use.node.id) for use in deployed),
            *(Edge(made_from=node.id.removeprefix("earned:"), made=node.id) for node in earned),
        ],
    )


def _facts(snapshot: Snapshot) -> list[str]:
    return ["retired"] if snapshot.retired_at else []


def _tranches(session: Session, iteration_id: str) -> list[Node]:
    """Newest first; what the iteration froze itself is new, the others it took as they were."""
    rows = (
        select(Tranche.id, Tranche.name, Tranche.iteration_id, Tranche.counts["comparisons"])
        .join(IterationTranche)
        .where(IterationTranche.iteration_id == iteration_id)
        .order_by(Tranche.created_at.desc(), Tranche.name)
    )
    found = session.execute(rows).tuples().all()
    nodes = [
        Node(
            id=id,
            column=Column.TRANCHES,
            name=name,
            comparisons=comparisons,
            facts=["new in this iteration"] if frozen_by == iteration_id else [],
        )
        for id, name, frozen_by, comparisons in found[:TRANCHES]
    ]
    if older := found[TRANCHES:]:
        name, total = f"{len(older)} earlier tranches", sum(comparisons or 0 for *_, comparisons in older)
        nodes.append(Node(id="older", column=Column.TRANCHES, name=name, comparisons=total, facts=[]))
    return nodes


class _Use(NamedTuple):
    """A snapshot's deployments for one task, over all generations."""

    snapshot_id: str
    deployment_ids: list[str]
    node: Node
    scores: bool  # the scoring PM: no crowdworker meets it


def _deployments(session: Session, snapshots: Sequence[Snapshot]) -> Iterable[_Use]:
    rows = (
        select(Deployment, Task.slug)
        .outerjoin(Task, Deployment.task_id == Task.id)
        .where(Deployment.snapshot_id.in_([snapshot.id for snapshot in snapshots]))
        .order_by(Deployment.snapshot_id, Task.slug, Deployment.generation)
    )
    found = session.execute(rows).tuples()
    for (snapshot_id, slug), group in groupby(found, key=lambda row: (row[0].snapshot_id, row[1])):
        uses = [row for row, _ in group]
        active = any(row.active for row in uses)
        node = Node(
            id=f"{snapshot_id}:{slug}",
            column=Column.DEPLOYMENTS,
            name=slug or "scoring PM",
            facts=[_generations([row.generation for row in uses]), *(_shares(uses) if slug else [])],
            since=uses[0].created_at,
            until=None if active else uses[-1].retired_at,
        )
        yield _Use(snapshot_id, [row.id for row in uses], node, slug is None)


def _generations(numbers: Sequence[int]) -> str:
    numbers = sorted(set(numbers))
    if len(numbers) == 1:
        return f"generation {numbers[0]}"
    return f"{len(numbers)} generations, {numbers[0]} to {numbers[-1]}"


def _shares(uses: Sequence[Deployment]) -> list[str]:
    """The share as it changed from generation to generation, without repeating itself."""
    by_generation = [sum(row.share for row in rows) for _, rows in groupby(uses, key=lambda row: row.generation)]
    changes = [share for share, _ in groupby(by_generation)]
    if len(changes) > 4:
        return [f"{changes[0]:g} … {changes[-1]:g} %"]
    return [" → ".join(f"{share:g}" for share in changes) + " %"]


def _earned(session: Session, deployed: Sequence[_Use]) -> list[Node]:
    """Current choices in which one of the deployments answered, once each, also where both candidates were its own.
    Read from the indexes that are made for it."""
    ids = [id for use in deployed if not use.scores for id in use.deployment_ids]
    picked_id, other_id = Comparison.picked_deployment_id, Comparison.other_deployment_id
    of_picked = select(picked_id, func.count()).where(text(EARNED), picked_id.in_(ids)).group_by(picked_id)
    of_other = select(other_id, picked_id, func.count()).where(text(EARNED), other_id.in_(ids))
    picked = session.execute(of_picked).tuples().all()
    other = session.execute(of_other.group_by(other_id, picked_id)).tuples().all()
    nodes = []
    for use in deployed:
        if use.scores:
            continue
        own = set(use.deployment_ids)
        total = sum(count for deployment, count in picked if deployment in own)
        total += sum(count for deployment, chosen, count in other if deployment in own and chosen not in own)
        id = f"earned:{use.node.id}"
        nodes.append(Node(id=id, column=Column.EARNED, name=use.node.name, comparisons=total, facts=[]))
    return nodes
