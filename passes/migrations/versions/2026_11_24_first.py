"""The first schema."""

import sqlalchemy as sa
from alembic import op

from passes.db import Flag, Id, Json, UtcDateTime

revision = "2026_11_24_first"
down_revision = None

# What is written once is never changed: the database itself refuses.
_KEPT = ("entry", "audit_record", "audit_seal", "rules", "design")


def upgrade() -> None:
    """Make every table."""
    _tables()
    for table in _KEPT:
        _keep(table)


def _keep(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_kept()"
    )


def _tables() -> None:
    op.create_table(
        "account",
        sa.Column("id", Id, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("active", Flag(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fs_uniquifier", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_account_fs_uniquifier")),
        sqlite_strict=True,
    )
    op.create_table(
        "account_role",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_role")),
        sa.UniqueConstraint("name", name=op.f("uq_account_role_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", Id, nullable=False),
        sa.Column("first_id", Id, nullable=False),
        sa.Column("last_id", Id, nullable=False),
        sa.Column("records", Id, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("last_id", name=op.f("uq_audit_seal_last_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "device",
        sa.Column("id", Id, nullable=False),
        sa.Column("library_identifier", sa.Text(), nullable=False),
        sa.Column("pass_type", sa.Text(), nullable=False),
        sa.Column("push_token", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counter", Id, nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint(
            "library_identifier", "pass_type", name="uq_device_library"
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_device_push_token"), "device", ["push_token"], unique=False
    )
    op.create_table(
        "device_log",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_log")),
        sqlite_strict=True,
    )
    op.create_index("ix_device_log_at", "device_log", ["at"], unique=False)
    op.create_table(
        "lane",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("failures", Id, nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lane")),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger_proof",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("differences", Id, nullable=False),
        sa.Column("example", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_proof")),
        sqlite_strict=True,
    )
    op.create_table(
        "note",
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("movement", name=op.f("pk_note")),
        sqlite_strict=True,
    )
    op.create_table(
        "programme",
        sa.Column("id", Id, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("design_version", Id, nullable=False),
        sa.Column("rules_version", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("slug", name=op.f("uq_programme_slug")),
        sqlite_strict=True,
    )
    op.create_table(
        "rate_counter",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hits", Id, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_counter")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_rate_counter_expires", "rate_counter", ["expires_at"], unique=False
    )
    op.create_table(
        "schedule",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_run_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule")),
        sqlite_strict=True,
    )
    op.create_table(
        "api_key",
        sa.Column("id", Id, nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_api_key_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
        sa.UniqueConstraint("programme_id", "name", name="uq_api_key_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_record",
        sa.Column("id", Id, nullable=False),
        sa.Column("programme_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_audit_record_programme_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_record")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_audit_record_programme",
        "audit_record",
        ["programme_id", "id"],
        unique=False,
    )
    op.create_table(
        "design",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("version", Id, nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_design_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", "version", name=op.f("pk_design")),
        sqlite_strict=True,
    )
    op.create_table(
        "design_draft",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_design_draft_programme_id"),
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_design_draft")),
        sqlite_strict=True,
    )
    op.create_table(
        "given_answer",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", Id, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_given_answer_programme_id"),
        ),
        sa.PrimaryKeyConstraint("programme_id", "key", name=op.f("pk_given_answer")),
        sqlite_strict=True,
    )
    op.create_index("ix_given_answer_at", "given_answer", ["at"], unique=False)
    op.create_index(
        "ix_given_answer_subject",
        "given_answer",
        ["programme_id", "subject"],
        unique=False,
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_table(
        "media",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("width", Id, nullable=False),
        sa.Column("height", Id, nullable=False),
        sa.Column("size", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_media_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", "hash", name=op.f("pk_media")),
        sqlite_strict=True,
    )
    op.create_table(
        "member",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_search", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("birthday", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_member_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_public_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_member_programme_id"), "member", ["programme_id"], unique=False
    )
    op.create_index(
        "ux_member_email",
        "member",
        ["programme_id", "email"],
        unique=True,
        sqlite_where=sa.text("email_confirmed_at IS NOT NULL"),
        postgresql_where=sa.text("email_confirmed_at IS NOT NULL"),
    )
    op.create_index(
        "ux_member_phone",
        "member",
        ["programme_id", "phone"],
        unique=True,
        sqlite_where=sa.text("phone_confirmed_at IS NOT NULL"),
        postgresql_where=sa.text("phone_confirmed_at IS NOT NULL"),
    )
    op.create_table(
        "rollout",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("version", Id, nullable=False),
        sa.Column("total", Id, nullable=False),
        sa.Column("raised", Id, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_rollout_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", "version", name=op.f("pk_rollout")),
        sqlite_strict=True,
    )
    op.create_table(
        "rules",
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("version", Id, nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_rules_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", "version", name=op.f("pk_rules")),
        sqlite_strict=True,
    )
    op.create_table(
        "team_member",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_team_member_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_team_member_programme_id")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "programme_id", name=op.f("pk_team_member")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_team_member_programme_id"),
        "team_member",
        ["programme_id"],
        unique=False,
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("document", Json(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_web_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False
    )
    op.create_index("ix_web_session_seen", "web_session", ["seen_at"], unique=False)
    op.create_table(
        "card",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("short_code", sa.Text(), nullable=False),
        sa.Column("page_token", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("balance", Id, nullable=False),
        sa.Column("status_points", Id, nullable=False),
        sa.Column("tier", Id, nullable=False),
        sa.Column("sequence", Id, nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("revision", Id, nullable=False),
        sa.Column("revised_at", UtcDateTime(), nullable=False),
        sa.Column("announcement", sa.Text(), nullable=False),
        sa.Column("design_version", Id, nullable=False),
        sa.Column("last_active_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_card_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_card_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("code", name=op.f("uq_card_code")),
        sa.UniqueConstraint("page_token", name=op.f("uq_card_page_token")),
        sa.UniqueConstraint("public_id", name=op.f("uq_card_public_id")),
        sa.UniqueConstraint("short_code", name=op.f("uq_card_short_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_card_member_id"), "card", ["member_id"], unique=False)
    op.create_index(
        "ix_card_rollout",
        "card",
        ["programme_id", "design_version", "last_active_at"],
        unique=False,
    )
    op.create_table(
        "consent",
        sa.Column("id", Id, nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", Flag(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_consent_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_consent_member_id"), "consent", ["member_id"], unique=False
    )
    op.create_table(
        "apple_pass",
        sa.Column("card_id", Id, nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("authentication_token", sa.Text(), nullable=False),
        sa.Column("web_service_url", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("fetched_revision", Id, nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_apple_pass_card_id")
        ),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_apple_pass")),
        sa.UniqueConstraint("serial_number", name=op.f("uq_apple_pass_serial_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("card_id", Id, nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("reverses", sa.Text(), nullable=True),
        sa.Column("rules_version", Id, nullable=False),
        sa.Column("explanation", Json(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note_digest", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("sequence", Id, nullable=True),
        sa.Column("prev_hash", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(account = 'card') = (card_id IS NOT NULL) AND (account = 'card') = (sequence IS NOT NULL) AND (account = 'card') = (hash IS NOT NULL)",
            name=op.f("ck_entry_account"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_entry_amount")),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_entry_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_entry_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("card_id", "sequence", name="uq_entry_card_sequence"),
        sa.UniqueConstraint(
            "programme_id",
            "source_type",
            "source_id",
            "unit",
            "kind",
            "rule",
            "account",
            name="uq_entry_source",
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_entry_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_entry_movement", "entry", ["movement"], unique=False)
    op.create_table(
        "purchase",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("programme_id", Id, nullable=False),
        sa.Column("card_id", Id, nullable=False),
        sa.Column("amount", Id, nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rules_version", Id, nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_purchase_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_purchase_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint(
            "programme_id",
            "location",
            "business_day",
            "receipt",
            name="uq_purchase_receipt",
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_purchase_card", "purchase", ["card_id", "id"], unique=False)
    op.create_table(
        "registration",
        sa.Column("card_id", Id, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("tag", Id, nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("listed_tag", Id, nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=True),
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
            ["card_id"], ["card.id"], name=op.f("fk_registration_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_registration_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("card_id", "device_id", name="uq_registration_card"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_registration_dead",
        "registration",
        ["lane"],
        unique=False,
        sqlite_where=sa.text("dead_at IS NOT NULL"),
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
    op.create_index(
        "ix_registration_device", "registration", ["device_id", "tag"], unique=False
    )
    op.create_index(
        "ix_registration_owed",
        "registration",
        ["lane", "priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("wanted > delivered AND dead_at IS NULL"),
        postgresql_where=sa.text("wanted > delivered AND dead_at IS NULL"),
    )
    op.create_table(
        "retired_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("card_id", Id, nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_retired_code_card_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_retired_code")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_retired_code_card_id"), "retired_code", ["card_id"], unique=False
    )
