"""The built page, its headers, and answers that are errors."""

import gzip
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app import pages, settings
from app.main import DatabaseNotReady, create_app


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    dist = tmp_path / "dist"
    monkeypatch.setattr(pages, "DIST", dist)
    return dist


@pytest.fixture
def built(dist: Path) -> TestClient:
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>Turnwise</title>")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "index-4f3a.js").write_text("1")
    (dist / "assets" / "chat-77aa.js").write_text("long" * 1000)
    (dist / "assets" / "chat-77aa.js.gz").write_bytes(gzip.compress(b"long" * 1000))
    (dist / "assets" / "chat-77aa.js.br").write_bytes(b"as brotli")
    (dist.parent / "secret.txt").write_text("secret")
    return TestClient(create_app())


@pytest.mark.parametrize("path", ["/", "/sign-in", "/admin/iterations/abc", "/invitation/t0ken"])
def test_every_address_of_the_page_is_index_html_and_never_kept(built: TestClient, path: str) -> None:
    response = built.get(path)
    assert (response.status_code, response.text) == (200, "<title>Turnwise</title>")
    assert response.headers["cache-control"] == "no-cache"


def test_hashed_assets_are_kept_for_ever(built: TestClient) -> None:
    response = built.get("/assets/index-4f3a.js")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in response.headers["content-type"]
    assert built.get("/assets/index-old.js").status_code == 404, "and not the page in place of a script"


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip; q=0.5", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_an_asset_is_served_as_the_build_compressed_it(built: TestClient, accepts: str, encoding: str | None) -> None:
    with built.stream("GET", "/assets/chat-77aa.js", headers={"Accept-Encoding": accepts}) as response:
        sent = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == encoding
    assert "javascript" in response.headers["content-type"]
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    if encoding == "br":
        assert sent == b"as brotli"
    else:
        assert (gzip.decompress(sent) if encoding else sent) == b"long" * 1000


def test_an_asset_too_small_to_compress_is_served_as_it_is(built: TestClient) -> None:
    response = built.get("/assets/index-4f3a.js", headers={"Accept-Encoding": "br, gzip"})
    assert (response.text, "content-encoding" in response.headers) == ("1", False)


def test_a_kept_asset_is_not_sent_again(built: TestClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    tag = built.get("/assets/chat-77aa.js", headers=headers).headers["etag"]
    again = built.get("/assets/chat-77aa.js", headers=headers | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = built.get("/assets/chat-77aa.js", headers={"Accept-Encoding": "", "If-None-Match": tag})
    assert other.status_code == 200, "the uncompressed file has a tag of its own"


def test_other_files_of_the_build_are_served(built: TestClient) -> None:
    assert built.get("/favicon.svg").text == "<svg/>"


@pytest.mark.parametrize("path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_nothing_outside_the_build_is_served(built: TestClient, path: str) -> None:
    assert "secret" not in built.get(path).text


def test_without_a_build_the_page_says_how_to_make_one(dist: Path) -> None:
    response = TestClient(create_app()).get("/")
    assert response.status_code == 503
    assert "npm run build" in response.text


def test_an_unknown_api_address_is_a_problem_and_not_the_page(built: TestClient) -> None:
    response = built.get("/api/v1/paperclips")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "not-found"


def test_every_answer_forbids_foreign_scripts_and_frames(built: TestClient) -> None:
    for path in ("/", "/assets/index-4f3a.js", "/health", "/api/v1/session"):
        headers = built.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy, "scripts fall back to default-src: no inline ones"
        assert headers["x-content-type-options"] == "nosniff"


def test_only_the_page_for_mturks_frame_may_be_framed_and_only_there(built: TestClient) -> None:
    framed = built.get("/mturk?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE").headers
    ancestors = framed["content-security-policy"].partition("frame-ancestors ")[2].split("; ")[0].split()
    assert ancestors == ["https://worker.mturk.com", "https://www.mturk.com", "https://workersandbox.mturk.com"]
    assert "x-frame-options" not in framed, "it knows no list, and old browsers would take it for a no"
    assert "form-action 'self' https://worker.mturk.com" in framed["content-security-policy"]
    assert "default-src 'self'" in framed["content-security-policy"]
    for path in ("/", "/study", "/mturk/", "/mturk/x", "/MTURK", "/api/v1/studies/mturk", "/sign-in"):
        headers = built.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "form-action 'self';" in headers["content-security-policy"], path
        assert headers["x-frame-options"] == "DENY", path


def test_health_answers_without_a_database(built: TestClient) -> None:
    assert built.get("/health").json() == {"status": "UP"}


def test_what_went_wrong_with_a_body_is_one_sentence(built: TestClient) -> None:
    response = built.post("/api/v1/session", content=b"{", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("The body is not valid JSON: ")
    response = built.post("/api/v1/session", json={"username": "ada"})
    assert response.json()["detail"] == "password: Field required."


def test_the_openapi_description_names_every_answer(built: TestClient) -> None:
    """The front end's types are made from it: an untyped answer would be `unknown` there."""
    untyped = []
    for path, verbs in built.get("/openapi.json").json()["paths"].items():
        for verb, operation in verbs.items():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                schema = content.get("application/json", {}).get("schema")
                if status.startswith("2") and status != "204" and schema == {}:
                    untyped.append(f"{verb.upper()} {path}")
            assert "4XX" in operation["responses"]
    assert untyped == []


def test_a_web_process_without_tables_says_what_is_missing(
    configured: settings.Settings,
) -> None:
    with pytest.raises(DatabaseNotReady, match="alembic upgrade head"), TestClient(create_app()):
        pass
