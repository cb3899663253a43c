"""Exports over HTTP, for researchers and admins."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from app.deps import Reading, Researcher, Writing
from app.exports import files, queries, service
from app.exports.schemas import ExportFormat, ExportShown, ExportWanted
from app.tranches.formats import FORMATS

router = APIRouter(tags=["exports"])


@router.get("/exports/formats")
def formats(_: Researcher) -> list[ExportFormat]:
    return [ExportFormat(name=name, words=one.words, suffix=one.suffix) for name, one in FORMATS.items()]


@router.get("/exports")
def exports(reader: Researcher, session: Reading) -> list[ExportShown]:
    """The newest fifty."""
    return queries.newest(session, reader)


@router.post("/exports", status_code=201)
def ask(wanted: ExportWanted, researcher: Researcher, session: Writing) -> ExportShown:
    return queries.shown(session, researcher, service.ask(session, wanted, researcher))


@router.post("/exports/{export_id}/cancel")
def cancel(export_id: str, researcher: Researcher, session: Writing) -> ExportShown:
    return queries.shown(session, researcher, service.cancel(session, export_id, researcher))


@router.delete("/exports/{export_id}/file")
def delete(export_id: str, researcher: Researcher, session: Writing) -> ExportShown:
    export = service.delete(session, export_id, researcher)
    # Before the commit: a row without its file says so to whoever asks, a file without a row to nobody.
    files.path_of(export).unlink(missing_ok=True)
    return queries.shown(session, researcher, export)


@router.get("/exports/{export_id}/file", response_class=FileResponse)
def download(export_id: str, researcher: Researcher, session: Writing) -> FileResponse:
    """The file; each download is audited."""
    export = service.give_out(session, export_id, researcher)
    path = files.path_of(export)
    if not path.is_file():
        raise service.NoFile("The file of this export is not there any more: please ask for it again.")
    headers = {"Cache-Control": "no-store"}
    return FileResponse(path, filename=export.file_name, media_type="application/octet-stream", headers=headers)
