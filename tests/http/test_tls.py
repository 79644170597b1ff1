"""TLS that cannot be trusted is refused with its reason; TLS that can be is pinned by address and checked by name."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from qingliu.core.errors import BadSource
from qingliu.core.http import Door, Limits, tls_context
from tests.http.replay import Replay

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificates")


def certificate(
    folder: Path, *, expired: bool = False, name: str = "feed.example", ski: bool = True
) -> tuple[Path, Path]:
    """A self-made certificate and its key, made by the openssl command."""
    folder.mkdir()
    cert, key, conf = folder / "cert.pem", folder / "key.pem", folder / "openssl.cnf"
    identifier = "" if ski else "subjectKeyIdentifier = none\n"
    conf.write_text(
        "[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\n"
        f"[dn]\nCN = {name}\n[ext]\nsubjectAltName = DNS:{name}\nbasicConstraints = critical, CA:TRUE\n{identifier}"
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\n"
        "policy = any\nx509_extensions = ext\n[any]\ncommonName = supplied\n"
    )
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    run = {"cwd": folder, "check": True, "capture_output": True}
    ask = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config openssl.cnf -keyout key.pem -out csr.pem"
    subprocess.run(["openssl", *ask.split()], **run)
    ends = "20200201000000Z" if expired else "20991231000000Z"
    sign = "ca -batch -selfsign -notext -config openssl.cnf -keyfile key.pem -in csr.pem -out cert.pem"
    subprocess.run(["openssl", *sign.split(), "-startdate", "20200101000000Z", "-enddate", ends], **run)
    return cert, key


def serving(cert: Path, key: Path) -> Replay:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return Replay(tls=context)


def pinned(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def test_the_name_is_checked_while_the_address_is_pinned(tmp_path: Path, quick: Limits, into: Path) -> None:
    cert, key = certificate(tmp_path / "good")
    with serving(cert, key) as replay:
        replay.body("/a", b"[]")
        door = Door(resolver=pinned, tls=tls_context(str(cert)))
        assert door.get(replay.url("/a", "feed.example"), into, limits=quick).bytes == 2
        with pytest.raises(BadSource, match="its certificate is for another host"):
            door.get(replay.url("/a", "other.example"), into, limits=quick)


def test_a_chain_without_key_identifier_is_still_verified(tmp_path: Path, quick: Limits, into: Path) -> None:
    cert, key = certificate(tmp_path / "grca", ski=False)
    assert not tls_context().verify_flags & ssl.VERIFY_X509_STRICT
    assert tls_context().verify_mode == ssl.CERT_REQUIRED
    with serving(cert, key) as replay:
        replay.body("/a", b"[]")
        Door(resolver=pinned, tls=tls_context(str(cert))).get(replay.url("/a", "feed.example"), into, limits=quick)


def test_an_expired_certificate_is_named_and_not_tried_again(tmp_path: Path, quick: Limits, into: Path) -> None:
    cert, key = certificate(tmp_path / "old", expired=True)
    with serving(cert, key) as replay:
        replay.body("/a", b"[]")
        door = Door(resolver=pinned, tls=tls_context(str(cert)))
        with pytest.raises(BadSource, match="its certificate has expired") as told:
            door.get(replay.url("/a", "feed.example"), into, limits=quick)
        assert "更新憑證" in told.value.remedy.zh
        assert replay.asked == []


def test_a_self_signed_certificate_is_not_trusted(tmp_path: Path, quick: Limits, into: Path) -> None:
    cert, key = certificate(tmp_path / "self")
    with serving(cert, key) as replay, pytest.raises(BadSource, match="self-signed"):
        Door(resolver=pinned).get(replay.url("/a", "feed.example"), into, limits=quick)


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path, quick: Limits, into: Path) -> None:
    cert, key = certificate(tmp_path / "down")
    with serving(cert, key) as replay:
        replay.routes["/a"] = lambda asked: asked.say(302, b"", Location="http://feed.example/a")
        with pytest.raises(Exception, match="redirects to an unencrypted address"):
            Door(resolver=pinned, tls=tls_context(str(cert))).get(replay.url("/a", "feed.example"), into, limits=quick)
