"""Git repositories and archives of files."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from estran.catalogue.harvesters import Found, Source, Visit
from estran.catalogue.harvesters.git import HARVESTER, recognise
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.fetching import Fetcher, Policy
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import found, kept, missed, total, visiting
from tests.conftest import lacking
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from pathlib import Path

FILES = {f"records/{i:02}.xml": f"<a>{i}</a>".encode() for i in range(7)} | {
    "README.md": b"# Records", "other/é.json": b"{}", "records/empty.xml": b" ",
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    program = shutil.which("git") or lacking("Git (git)")
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a"}
    done = subprocess.run(
        [program, "-c", "init.defaultBranch=main", *words], cwd=folder, check=True, capture_output=True, text=True,
        env={"PATH": os.defpath, "HOME": str(folder), "GIT_COMMITTER_EMAIL": "a@example.org"} | who,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for name, body in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    (folder / "link.xml").symlink_to("/etc/hostname")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")


def harvest(url: str, **how):
    with visiting(url, "git", **how) as visit:
        return list(HARVESTER.changes(visit))


def test_it_keeps_its_contract(repository, monkeypatch):
    monkeypatch.setattr("estran.catalogue.harvesters.git._PORTION", 3)
    with visiting(str(repository), "git") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == ["other/é.json", *(f"records/{i:02}.xml" for i in range(7))]
    assert total(events) == 9
    assert missed(events) == ["records/empty.xml: the file is empty"]


def test_what_did_not_change_is_kept_and_what_was_deleted_is_not_named(repository):
    stamps = {event.key: event.stamp for event in harvest(str(repository)) if isinstance(event, Found)}
    assert stamps["records/00.xml"] == git(repository, "hash-object", "records/00.xml").strip()
    (repository / "records/03.xml").write_bytes(b"<new/>")
    (repository / "records/04.xml").unlink()
    commit(repository)
    again = harvest(f"file://{repository}", stamps=stamps)
    assert found(again) == ["records/03.xml"]
    assert len(kept(again)) == 6


def test_a_folder_a_branch_and_suffixes_are_options(repository):
    git(repository, "branch", "old")
    (repository / "records/99.xml").write_bytes(b"<late/>")
    commit(repository)
    assert "records/99.xml" in found(harvest(str(repository)))
    assert "records/99.xml" not in found(harvest(str(repository), options={"branch": "old"}))
    assert found(harvest(str(repository), options={"path": "other/"})) == ["other/é.json"]
    assert found(harvest(str(repository), options={"suffixes": "md"})) == ["README.md"]
    with pytest.raises(Invalid, match="no branch"):
        harvest(str(repository), options={"branch": "--upload-pack=x"})


def test_what_is_no_repository_is_said(tmp_path):
    with pytest.raises(Unavailable, match="cannot be cloned"):
        harvest(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    "url",
    [
        "/etc", "file:///etc", "https://127.0.0.1/x.git", "https://localhost/x.git", "https://[::1]/x.git",
        "http://example.org/x.git", "ssh://git@example.org/x", "git@example.org:x.git", "git://example.org/x",
        "ext::sh -c touch% /tmp/x", "--upload-pack=touch /tmp/x",
    ],
)  # fmt: skip
def test_this_machine_and_other_protocols_are_out_of_reach(url):
    with Fetcher(Policy()) as fetcher, pytest.raises(NotAllowed):
        list(HARVESTER.changes(Visit(source=Source(name="x", url=url, protocol="git"), fetcher=fetcher)))


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/x", "git@example.org:x.git", "--upload-pack=x", "relative"]
)
def test_other_protocols_are_out_of_reach_even_where_this_machine_is_not(url):
    with pytest.raises(NotAllowed):
        harvest(url)


def archive(kind: str, files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, body in files.items():
                packed.writestr(f"repo-main/{name}", body)
    else:
        with tarfile.open(fileobj=made, mode="w:gz") as packed:
            for name, body in files.items():
                told = tarfile.TarInfo(f"repo-main/{name}")
                told.size = len(body)
                packed.addfile(told, io.BytesIO(body))
            link = tarfile.TarInfo("repo-main/link.xml")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            packed.addfile(link)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_gives_the_same_as_the_repository(kind, repository, monkeypatch):
    monkeypatch.setattr("estran.catalogue.harvesters.git._PORTION", 3)
    packed = archive(kind, FILES)
    with (
        serving(lambda asked: packed if asked.path.endswith(kind) else b"") as served,
        visiting(f"{served.url}/archive/main.{kind}", "git") as visit,
    ):
        events = check_harvester(HARVESTER, visit)
    of_git = harvest(str(repository))
    assert [(e.key, e.stamp) for e in events if isinstance(e, Found)] == [
        (e.key, e.stamp) for e in of_git if isinstance(e, Found)
    ]


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("estran.catalogue.harvesters.git._MOST_UNPACKED", 1 << 20)
    for kind in ("zip", "tar.gz"):
        packed = archive(kind, {"a.xml": bytes(2 << 20)})
        with (
            serving(lambda _, packed=packed: packed) as served,
            pytest.raises(Invalid, match="unpacks to more"),
        ):
            harvest(f"{served.url}/main.{kind}")


def test_what_is_no_archive_is_refused():
    with serving(lambda _: b"<html>Log in</html>") as served, pytest.raises(Invalid, match="no zip or tar"):
        harvest(f"{served.url}/main.zip")


def test_it_is_recognised():
    assert (
        recognise("https://example.org/x.git", b"")
        > recognise("https://example.org/main.zip", b"PK\x03\x04")
        > 0
    )
    assert (
        recognise("https://example.org/main.zip", b"<html>") == recognise("https://example.org/", b"") == 0.0
    )


def over_http(root: Path):
    """Git's own server program, as a web server runs it."""

    def answer(asked):
        done = subprocess.run(
            [shutil.which("git") or "git", "http-backend"], input=asked.body, capture_output=True, check=True,
            env={
                "PATH": os.defpath, "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "HOME": str(root),
                "PATH_INFO": asked.path, "QUERY_STRING": urlencode(asked.query), "REQUEST_METHOD": asked.method,
                "CONTENT_TYPE": asked.headers.get("content-type", ""), "REMOTE_ADDR": "127.0.0.1",
                "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
                "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
            },
        )  # fmt: skip
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return Answer(body, int(headers.pop("Status", "200").split()[0]), headers)

    return answer


def test_a_repository_is_read_over_http_from_the_address_that_was_checked(repository, monkeypatch):
    git(repository, "config", "safe.directory", "*")
    resolved = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        return resolved("127.0.0.1" if host == "forge.example.org" else host, *args, **kwargs)

    # Only this process knows the name: git connects to the address that it was told.
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(over_http(repository.parent)) as served:
        port = served.url.rpartition(":")[2]
        events = harvest(f"http://forge.example.org:{port}/repository/.git")
    assert found(events) == found(harvest(str(repository)))
    assert all(asked.headers["host"].startswith("forge.example.org") for asked in served.asked)


def test_a_redirect_is_not_followed(repository):
    with serving(lambda _: Answer(b"", 302, {"location": "http://127.0.0.1:9/elsewhere"})) as served:
        with pytest.raises(Unavailable, match="cannot be cloned"):
            harvest(f"{served.url}/repository/.git")
        assert len(served.asked) == 1
