"""Pictures of a programme: files named by what they hold, known to the database."""

import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.db import Base
from passes.errors import NotFoundError

_HASH = re.compile(r"[0-9a-f]{64}")


class Media(Base):
    """A picture that a programme uses; the file lies in the data directory."""

    __tablename__ = "media"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    hash: Mapped[str] = mapped_column(primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    created_at: Mapped[datetime]


class MediaFiles:
    """PNG files in one directory, each named by the SHA-256 of its bytes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def save(self, png: bytes) -> str:
        """Store the bytes and return their hash; a second time changes nothing."""
        name = hashlib.sha256(png).hexdigest()
        path = self._path(name)
        if path.exists():
            return name
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self._directory, delete=False) as file:
            file.write(png)
            file.flush()
            os.fsync(file.fileno())
        # Readers never see half a picture: the name appears when all is written.
        Path(file.name).replace(path)
        return name

    def load(self, name: str) -> bytes:
        """Return the bytes, or raise `NotFoundError`."""
        if not _HASH.fullmatch(name):
            raise NotFoundError("picture")
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError("picture") from error

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.png"


def add(
    session: Session,
    files: MediaFiles,
    programme_id: int,
    png: bytes,
    *,
    size: tuple[int, int],
    at: datetime,
) -> str:
    """Keep a cleaned picture for the programme and return its hash.

    *png* was decoded and written anew by the caller; *size* is in pixels.
    """
    name = files.save(png)
    width, height = size
    row = {
        "programme_id": programme_id,
        "hash": name,
        "width": width,
        "height": height,
        "size": len(png),
        "created_at": at,
    }
    session.execute(db.insert_new(session, Media), row)
    return name


def belongs(session: Session, programme_id: int, name: str) -> bool:
    """Tell whether the programme holds the picture."""
    return (
        session.scalar(
            select(Media.hash).where(
                Media.programme_id == programme_id, Media.hash == name
            )
        )
        is not None
    )


def held(session: Session, programme_id: int) -> int:
    """Return how many bytes of pictures the programme keeps."""
    query = select(func.sum(Media.size)).where(Media.programme_id == programme_id)
    return session.scalar(query) or 0
