"""Scaling studies: `study.json` of `python -m models.scaling`, imported, because the web process reads no run
directories."""

import json
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.errors import DomainError, sentence
from app.tables import ScalingStudy


class NoStudy(DomainError):
    status = 422


class Part(BaseModel):
    comparisons: int = Field(ge=1)
    accuracy: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class Run(BaseModel):
    base: str
    harmless: float | None = Field(ge=0, le=1)
    seed: int
    trained_on: int = Field(ge=1)
    overall: Part
    by_task: dict[str, Part]


class Law(BaseModel):
    """Accuracy ≈ a + b·ln(D / 1,000)."""

    a: float = Field(allow_inf_nan=False)
    b: float = Field(allow_inf_nan=False)
    b_error: float | None = None


class Study(BaseModel):
    runs: list[Run] = Field(min_length=1)
    laws: dict[str, Law | None]  # by base


class Named(NamedTuple):
    name: str
    study: Study


def studies(session: Session) -> list[Named]:
    rows = session.execute(select(ScalingStudy.name, ScalingStudy.study).order_by(ScalingStudy.created_at))
    return [Named(name, Study.model_validate(study)) for name, study in rows]


def import_study(session: Session, path: Path, name: str) -> Study:
    """A study of the same name, which may have gone on since, is replaced. NoStudy says what is wrong with the file."""
    study = _read(path)
    row = session.scalar(select(ScalingStudy).where(ScalingStudy.name == name))
    before = {"runs": len(row.study["runs"])} if row else None
    if row is None:
        row = ScalingStudy(name=name)
        session.add(row)
    row.study = study.model_dump()
    audit(session, None, "import-study", f"scaling-study:{name}", before=before, after={"runs": len(study.runs)})
    return study


def _read(path: Path) -> Study:
    try:
        return Study.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NoStudy(f"{path} is no JSON; it should be the study.json of `python -m models.scaling`.") from error
    except ValidationError as error:
        raise NoStudy(f"{path} is no study.json of `python -m models.scaling`: {sentence(error.errors())}") from error
