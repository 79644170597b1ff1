"""How files come in: nowhere but at the desk, and there into the drafts' own folder up to the portal's limit."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload


class NoFiles(FileUploadHandler):
    """The handler of every other page: files in a request are read past and kept nowhere."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Skip the file."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Never asked."""
        return None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Never asked."""
        return None


class PrivateFile(TemporaryUploadedFile):
    """A file on its way in, in the drafts' own folder: readable by the portal alone."""

    def __init__(self, name: str, folder: Path) -> None:
        file = NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115 — closed with the request
        UploadedFile.__init__(self, file, name, None, 0, None, None)


class PrivateHandler(FileUploadHandler):
    """Writes uploads to the private folder and stops at the portal's limit, whatever the request said of its length."""

    chunk_size = 1 << 20

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        super().__init__()
        self._folder, self._limit, self._all = folder, limit_bytes, 0
        self.too_large = False
        self._file: Any = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._file = PrivateFile(self.file_name or "file", self._folder)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take a piece."""
        self._all += len(raw_data)
        if self._all > self._limit:
            self.too_large = True
            self._file.close()
            raise StopUpload(connection_reset=False)
        self._file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The whole file."""
        self._file.seek(0)
        self._file.size = file_size
        done: UploadedFile = self._file
        return done
