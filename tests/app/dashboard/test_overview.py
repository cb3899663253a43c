from sqlalchemy import Engine

from app import db
from app.tables import ConversationStatus, Role, Tranche, TrancheKind
from tests.app.clients import client_of
from tests.factories import make_account, make_comparison, make_conversation, make_task, make_turn


def test_the_overview_counts_current_choices_and_leaves_previews_and_unfinished_imports_out(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
        task = make_task(session, slug="talk")
        conversation = make_conversation(session, task)
        changed = make_turn(session, conversation)
        make_comparison(session, changed, superseded_at=db.now())
        make_comparison(session, changed, picked="b", kind=TrancheKind.ONLINE)
        frozen = make_comparison(session, make_turn(session, conversation))
        tranche = Tranche(name="t", kind=TrancheKind.BASE, content_hash="", counts={}, exclusions={})
        session.add(tranche)
        session.flush()
        frozen.tranche_id = tranche.id
        make_comparison(session, make_turn(session, make_conversation(session, task, preview=True)))
        importing = make_conversation(session, task, status=ConversationStatus.IMPORTING)
        make_comparison(session, make_turn(session, importing))
    body = client_of(researcher).get("/overview").json()
    assert body["comparisons_total"] == 2
    assert body["comparisons_new"] == 1
    assert body["comparisons_today"] == 2
    assert body["by_task"] == {"talk": 2}
    assert body["by_kind"] == {"base": 1, "online": 1}
    assert body["conversations_open"] == 1
    assert body["inference"] == {"reachable": False, "models": []}


def test_an_empty_installation_has_an_overview(engine: Engine) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
    body = client_of(researcher).get("/overview").json()
    assert (body["comparisons_total"], body["by_task"], body["crowdworkers"]) == (0, {}, 0)
