"""what crowdworkers see and are owed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "what_crowdworkers_see"
down_revision = "the_first_rows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversations", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "consent_texts",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_consent_texts_created_by_accounts")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_consent_texts")),
    )
    op.create_table(
        "qualification_attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("picked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_qualification_attempts_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_qualification_attempts_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification_attempts")),
    )
    with op.batch_alter_table("qualification_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_qualification_attempts_account_id"), ["account_id"], unique=False)

    op.create_table(
        "studies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("prolific", "mturk", name="studyprovider", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("code_completed", sa.String(), nullable=False),
        sa.Column("code_screened_out", sa.String(), nullable=False),
        sa.Column("code_withdrawn", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_studies_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_studies_provider_external_id")),
    )
    op.create_table(
        "wellbeing_surveys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("feelings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_wellbeing_surveys_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wellbeing_surveys")),
    )
    with op.batch_alter_table("wellbeing_surveys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wellbeing_surveys_account_id"), ["account_id"], unique=False)

    op.create_table(
        "study_visits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("external_session", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "completed",
                "screened-out",
                "withdrawn",
                name="visitstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_study_visits_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_study_visits_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_study_visits_study_id_studies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_visits")),
        sa.UniqueConstraint("study_id", "external_session", name=op.f("uq_study_visits_study_id_external_session")),
    )
    with op.batch_alter_table("study_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_visits_account_id"), ["account_id"], unique=False)

    op.create_table(
        "direction_checks",
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_direction_checks_turn_id_turns")),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_direction_checks")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_messages_account_id_accounts")),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name=op.f("fk_messages_author_id_accounts")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_messages_turn_id_turns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_account_id"), ["account_id"], unique=False)

    op.create_table(
        "reports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "privacy",
                "illegal",
                "broken",
                "other",
                name="reportreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_by", sa.String(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reports_account_id_accounts")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_reports_candidate_id_candidates")),
        sa.ForeignKeyConstraint(["handled_by"], ["accounts.id"], name=op.f("fk_reports_handled_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("candidate_id", "account_id", name=op.f("uq_reports_candidate_id_account_id")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("may_edit", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pay_cents", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("currency", sa.String(), nullable=True))

    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.drop_constraint("shown", type_="check")
        batch_op.create_check_constraint("shown", "shown IN ('a', 'b', 'edited')")
        batch_op.create_check_constraint("edited", "(shown = 'edited') = (edited_from_id IS NOT NULL)")

    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint("has_origin", type_="check")
        batch_op.create_check_constraint(
            "has_origin", "account_id IS NOT NULL OR import_id IS NOT NULL OR erased_at IS NOT NULL"
        )

    with op.batch_alter_table("task_texts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guide", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "qualification",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pass_mark", sa.Integer(), nullable=False, server_default="4"))
        batch_op.add_column(sa.Column("qualification_tries", sa.Integer(), nullable=False, server_default="3"))
        batch_op.add_column(sa.Column("pay_cents", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("currency", sa.String(), nullable=False, server_default="USD"))
        batch_op.add_column(sa.Column("assignments_per_day", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("assignments_per_person", sa.Integer(), nullable=True))

    with op.batch_alter_table("tranches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased", sa.Integer(), nullable=False, server_default="0"))

    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pasted_characters", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("private_kinds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.drop_column("private_kinds")
        batch_op.drop_column("pasted_characters")

    with op.batch_alter_table("tranches", schema=None) as batch_op:
        batch_op.drop_column("erased")

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("assignments_per_person")
        batch_op.drop_column("assignments_per_day")
        batch_op.drop_column("currency")
        batch_op.drop_column("pay_cents")
        batch_op.drop_column("qualification_tries")
        batch_op.drop_column("pass_mark")

    with op.batch_alter_table("task_texts", schema=None) as batch_op:
        batch_op.drop_column("qualification")
        batch_op.drop_column("guide")

    # Whose they were is gone; the assignment's account, which is nobody's either, takes the place.
    whose = "(SELECT account_id FROM assignments WHERE assignments.id = conversations.assignment_id)"
    op.execute(f"UPDATE conversations SET account_id = {whose} WHERE erased_at IS NOT NULL")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_constraint("has_origin", type_="check")
        batch_op.drop_column("erased_at")
        batch_op.create_check_constraint("has_origin", "account_id IS NOT NULL OR import_id IS NOT NULL")

    edits = "(SELECT id FROM candidates WHERE edited_from_id IS NOT NULL)"
    op.execute(f"DELETE FROM comparisons WHERE picked_id IN {edits}")
    op.execute("DELETE FROM candidates WHERE edited_from_id IS NOT NULL")
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.drop_constraint("edited", type_="check")
        batch_op.drop_constraint("shown", type_="check")
        batch_op.create_check_constraint("shown", "shown IN ('a', 'b')")

    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_column("currency")
        batch_op.drop_column("pay_cents")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("may_edit")

    op.drop_table("reports")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_account_id"))

    op.drop_table("messages")
    op.drop_table("direction_checks")
    with op.batch_alter_table("study_visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_visits_account_id"))

    op.drop_table("study_visits")
    with op.batch_alter_table("wellbeing_surveys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wellbeing_surveys_account_id"))

    op.drop_table("wellbeing_surveys")
    op.drop_table("studies")
    with op.batch_alter_table("qualification_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_qualification_attempts_account_id"))

    op.drop_table("qualification_attempts")
    op.drop_table("consent_texts")
    op.drop_table("erasures")
