"""An account: a person who signs in, whatever programmes they work for."""

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base


class AccountRole(Base, RoleMixin):
    """Flask-Security asks for a table of roles; ours are per programme, elsewhere."""

    __tablename__ = "account_role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Account(Base, UserMixin):
    """A person who signs in. *fs_uniquifier* changes when all sessions must end."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    password: Mapped[str | None]
    active: Mapped[bool]
    language: Mapped[str] = mapped_column(default="fr")
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]

    @property
    def known_words(self) -> tuple[str, ...]:
        """What others know of the person, and no password is made of."""
        return (self.email, self.name or "")
