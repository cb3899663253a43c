"""how crowdworkers choose and what researchers pick"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "how_crowdworkers_choose"
down_revision = "samples_and_canaries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counted_weeks",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_counted_weeks")),
    )
    op.create_table(
        "crowdworker_totals",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("median_seconds", sa.Integer(), nullable=True),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("strength_1", sa.Integer(), nullable=False),
        sa.Column("strength_2", sa.Integer(), nullable=False),
        sa.Column("strength_3", sa.Integer(), nullable=False),
        sa.Column("strength_4", sa.Integer(), nullable=False),
        sa.Column("sided", sa.Integer(), nullable=False),
        sa.Column("picked_a", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("with_pm", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_crowdworker_totals_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_crowdworker_totals")),
    )
    op.create_table(
        "crowdworker_weeks",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("strength_1", sa.Integer(), nullable=False),
        sa.Column("strength_2", sa.Integer(), nullable=False),
        sa.Column("strength_3", sa.Integer(), nullable=False),
        sa.Column("strength_4", sa.Integer(), nullable=False),
        sa.Column("sided", sa.Integer(), nullable=False),
        sa.Column("picked_a", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("with_pm", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_crowdworker_weeks_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "week", name=op.f("pk_crowdworker_weeks")),
    )
    op.create_table(
        "qualification_decisions",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("qualified", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_qualification_decisions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["accounts.id"], name=op.f("fk_qualification_decisions_decided_by_accounts")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_qualification_decisions_task_id_tasks")),
        sa.PrimaryKeyConstraint("account_id", "task_id", name=op.f("pk_qualification_decisions")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("comparison_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("picked_id", sa.String(), nullable=True),
        sa.Column("picked_shown", sa.String(), nullable=True),
        sa.Column("strength", sa.Integer(), nullable=True),
        sa.Column("seconds_to_choose", sa.Double(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("picked_shown IN ('a', 'b')", name=op.f("ck_reviews_picked_shown")),
        sa.CheckConstraint("(picked_id IS NULL) = (picked_shown IS NULL)", name=op.f("ck_reviews_skipped")),
        sa.CheckConstraint("strength BETWEEN 1 AND 4", name=op.f("ck_reviews_strength")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reviews_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["comparisons.id"], name=op.f("fk_reviews_comparison_id_comparisons")
        ),
        sa.ForeignKeyConstraint(
            ["turn_id", "picked_id"],
            ["candidates.turn_id", "candidates.id"],
            name=op.f("fk_reviews_turn_id_picked_id_candidates"),
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_reviews_turn_id_turns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("account_id", "comparison_id", name=op.f("uq_reviews_account_id_comparison_id")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index("ix_reviews_comparison_id", ["comparison_id"], unique=False)

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excluded_since", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparisons_account_id"))
        batch_op.create_index("ix_comparisons_account_id", ["account_id", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_index("ix_comparisons_account_id")
        batch_op.create_index(batch_op.f("ix_comparisons_account_id"), ["account_id"], unique=False)

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("excluded_since")

    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index("ix_reviews_comparison_id")

    op.drop_table("reviews")
    op.drop_table("qualification_decisions")
    op.drop_table("crowdworker_weeks")
    op.drop_table("crowdworker_totals")
    op.drop_table("counted_weeks")
