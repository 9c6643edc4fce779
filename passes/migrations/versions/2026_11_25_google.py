"""What is kept of Google Wallet's side."""

import sqlalchemy as sa
from alembic import op

from passes.db import Id, Json, UtcDateTime

revision = "2026_11_25_google"
down_revision = "2026_11_24_first"


def upgrade() -> None:
    op.create_table(
        "google_nonce",
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_google_nonce")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_google_nonce_expires_at", "google_nonce", ["expires_at"], unique=False
    )
    op.create_table(
        "google_slot",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("begins_at", Id, nullable=False),
        sa.Column("next_at", Id, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_google_slot")),
        sqlite_strict=True,
    )
    op.create_table(
        "google_class",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("busy_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("tries", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_google_class_programme_id"),
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_google_class")),
        sa.UniqueConstraint("class_id", name=op.f("uq_google_class_class_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "google_object",
        sa.Column("card_id", Id, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("balances", sa.Text(), nullable=True),
        sa.Column("told", Json(), nullable=True),
        sa.Column("saved_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", Id, nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("wanted", Id, nullable=False),
        sa.Column("delivered", Id, nullable=False),
        sa.Column("sent", Id, nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("owed_since", UtcDateTime(), nullable=True),
        sa.Column("priority", Id, nullable=False),
        sa.Column("attempts", Id, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("dead_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_google_object_card_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_google_object")),
        sa.UniqueConstraint("card_id", name=op.f("uq_google_object_card_id")),
        sa.UniqueConstraint("object_id", name=op.f("uq_google_object_object_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_google_object_dead",
        "google_object",
        ["lane"],
        unique=False,
        sqlite_where=sa.text("dead_at IS NOT NULL"),
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
    op.create_index(
        "ix_google_object_owed",
        "google_object",
        ["lane", "priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("wanted > delivered AND dead_at IS NULL"),
        postgresql_where=sa.text("wanted > delivered AND dead_at IS NULL"),
    )
