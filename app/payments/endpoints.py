"""Pay and bonuses, for researchers and admins."""

from fastapi import APIRouter, Response

from app.deps import Reading, Researcher, Writing
from app.payments import queries, service
from app.payments.schemas import BonusesAdded, BonusFile, NewBonus, NewExport, Pay, PayExported

router = APIRouter(tags=["payments"])


@router.get("/pay")
def get_pay(_: Researcher, session: Reading) -> Pay:
    return queries.pay(session)


@router.post("/pay/exports", status_code=201)
def export_pay(body: NewExport, researcher: Researcher, session: Writing) -> PayExported:
    """All that is due; from now on it is counted."""
    return queries.exported(session, service.export(session, researcher, body.until).id)


@router.get("/pay/exports/{export_id}/csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def pay_csv(export_id: str, _: Researcher, session: Reading) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="pay-{export_id[:8]}.csv"', "Cache-Control": "no-store"}
    return Response(queries.as_csv(session, export_id), media_type="text/csv", headers=headers)


@router.post("/pay/bonuses", status_code=201)
def add_bonuses(body: BonusFile, researcher: Researcher, session: Writing) -> BonusesAdded:
    """Every line of a file, or none."""
    return service.add_bonuses(session, body, researcher)


@router.delete("/pay/bonuses/{bonus_id}", status_code=204)
def take_bonus_back(bonus_id: str, researcher: Researcher, session: Writing) -> None:
    service.take_back(session, bonus_id, researcher)


@router.post("/accounts/{account_id}/bonuses", status_code=201)
def add_bonus(account_id: str, body: NewBonus, researcher: Researcher, session: Writing) -> Pay:
    service.add_bonus(session, account_id, body, researcher)
    return queries.pay(session)
