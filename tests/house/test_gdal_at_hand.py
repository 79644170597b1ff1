"""`make gdal` sees to the programs that the long tests call, or says what to install; it never goes on without them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKES = {
    "id": "echo {user}",
    "apt-get": 'echo "$*" >> "{folder}/asked"; case "$*" in *gdal-bin*) {does};; esac',
}


def made(folder: Path, user: int, apt: bool, does: str = "true") -> subprocess.CompletedProcess[str]:
    """What `make gdal` says where ``folder`` is all there is on the path."""
    for name, body in FAKES.items():
        if name == "id" or apt:
            program = folder / name
            program.write_text("#!/bin/bash\n" + body.format(user=user, folder=folder, does=does) + "\n")
            program.chmod(0o755)
    make = shutil.which("make")
    assert make
    return subprocess.run(
        [make, "gdal", "PYTHON=python3"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_installed_from_debian_where_root_and_apt_get_are_there(tmp_path: Path) -> None:
    does = f'printf "#!/bin/bash\\n" > {tmp_path}/ogrinfo; /bin/chmod 755 {tmp_path}/ogrinfo'
    done = made(tmp_path, 0, True, does)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text()
    assert asked.index("update") < asked.index("gdal-bin")
    assert made(tmp_path, 0, True).returncode == 0
    assert (tmp_path / "asked").read_text() == asked  # what is there is not installed again


@pytest.mark.parametrize(("user", "apt"), [(1000, True), (0, False)])
def test_who_cannot_install_is_told_what_is_missing(tmp_path: Path, user: int, apt: bool) -> None:
    done = made(tmp_path, user, apt)
    assert done.returncode != 0
    assert "install Debian's package gdal-bin" in done.stderr
    assert "請安裝" in done.stderr


def test_an_install_that_brings_nothing_is_no_success(tmp_path: Path) -> None:
    assert made(tmp_path, 0, True).returncode != 0
