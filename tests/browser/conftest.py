"""The real application in a real browser: the built page, a web process, a scripted inference server, Chromium."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright
from sqlalchemy import Engine, select, update

from app import db, settings
from app.pages import DIST
from app.seed import ensure_defaults
from app.tables import Account, Role, Task, TaskText
from app.tasks.defaults import HELPFULNESS
from inference.main import create_app as inference_app
from inference.scripted import Script, ScriptedBackend
from inference.wire import ChatMessage, ChatRequest, Generation
from tests.app.clients import signed_in
from tests.app.servers import Process, served
from tests.conftest import free_port
from tests.factories import make_account

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Recording(ScriptedBackend):
    """Remembers the dialogues that the policies were asked to go on from."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.dialogues: list[list[ChatMessage]] = []

    async def generate(self, request: ChatRequest) -> Generation:
        self.dialogues.append(request.messages)
        return await super().generate(request)


@pytest.fixture(scope="package")  # not for the session: Playwright's event loop runs in this thread until it is closed
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium).")
    if not (DIST / "index.html").is_file():
        pytest.skip("The page is not built: cd frontend && npm ci && npm run build.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def policies() -> Recording:
    return Recording(Script(tokens_per_second=60))


@pytest.fixture
def web(
    chromium: Browser, engine: Engine, redis_url: str, policies: Recording, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Process]:
    """A fresh installation, answering in a process of its own."""
    with db.writing() as session:
        ensure_defaults(session)
        session.execute(update(TaskText).values(qualification=[]))  # what comes before has tests of its own
    with served(inference_app(policies)) as inference:
        monkeypatch.setenv("INFERENCE_URL", inference)
        settings.get_settings.cache_clear()
        process = Process("-m", "uvicorn", "app.main:app", "--log-level", "warning", port=free_port())
        yield process
        process.kill()


class Errors(list[str]):
    """What the browser's console complained about: a test ends without any."""


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def context(chromium: Browser, web: Process) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=web.url, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, errors: Errors) -> Page:
    page = context.new_page()

    def uncaught(error: Error) -> None:
        errors.append(error.message)

    page.on("pageerror", uncaught)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return page


@pytest.fixture(params=["wide", "phone, dark, Korean"])
def anywhere(request: pytest.FixtureRequest, chromium: Browser, web: Process) -> Iterator[BrowserContext]:
    """A window on a desk, and one in a pocket at night in Seoul."""
    if request.param == "wide":
        context = chromium.new_context(base_url=web.url, viewport={"width": 1280, "height": 860})
    else:
        context = chromium.new_context(
            base_url=web.url, viewport={"width": 390, "height": 844}, color_scheme="dark", locale="ko-KR"
        )
    context.set_default_timeout(60_000)
    yield context
    context.close()


def sign_in(context: BrowserContext, web: Process, role: Role, *, qualified: bool = True) -> Account:
    with db.writing() as session:
        account = make_account(session, role)
    name, token = signed_in(account, qualified=qualified)["Cookie"].split("=")
    context.add_cookies([{"name": name, "value": token, "url": web.url}])
    return account


@pytest.fixture
def pairs(web: Process) -> list[Any]:
    """Helpfulness asks for its qualification again, which the other browser tests do without."""
    task = select(Task.id).where(Task.slug == HELPFULNESS.slug).scalar_subquery()
    with db.writing() as session:
        session.execute(
            update(TaskText).where(TaskText.task_id == task).values(qualification=HELPFULNESS.qualification)
        )
    return HELPFULNESS.qualification
