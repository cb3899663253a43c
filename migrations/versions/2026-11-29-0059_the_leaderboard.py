"""the leaderboard"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "the_leaderboard"
down_revision = "what_crowdworkers_see"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "elo_fits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting", "done", "failed", name="elofitstatus", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("comparisons", sa.Integer(), nullable=True),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts_hash", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_elo_fits_asked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elo_fits")),
    )
    with op.batch_alter_table("elo_fits", schema=None) as batch_op:
        batch_op.create_index(
            "uq_elo_fits_one_waiting",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )

    op.create_table(
        "elo_boards",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fit_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("week", sa.Date(), nullable=True),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("board", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["fit_id"], ["elo_fits.id"], name=op.f("fk_elo_boards_fit_id_elo_fits")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_elo_boards_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elo_boards")),
        sa.UniqueConstraint("fit_id", "task_id", "week", name=op.f("uq_elo_boards_fit_id_task_id_week")),
    )
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.add_column(sa.Column("picked_deployment_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("other_deployment_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("picked_length", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("other_length", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_comparisons_met",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("picked_deployment_id IS NOT NULL"),
            postgresql_where=sa.text("picked_deployment_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_comparisons_other_deployment_id_deployments"), "deployments", ["other_deployment_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_comparisons_picked_deployment_id_deployments"),
            "deployments",
            ["picked_deployment_id"],
            ["id"],
        )
        batch_op.create_check_constraint("who_met", "(picked_deployment_id IS NULL) = (other_deployment_id IS NULL)")
    _copy_who_met()


def _copy_who_met() -> None:
    """As app/comparisons/service.py does it for a new choice. What processes of the release before still record while
    they run beside this one has no policies, and counts on no leaderboard."""
    picked = "FROM candidates WHERE candidates.id = comparisons.picked_id"
    other = "FROM candidates WHERE candidates.id = comparisons.other_id"
    op.execute(
        f"UPDATE comparisons SET picked_length = (SELECT length(trim(text)) {picked}), "
        f"other_length = (SELECT length(trim(text)) {other}) WHERE import_id IS NULL"
    )
    op.execute(
        f"UPDATE comparisons SET picked_deployment_id = (SELECT deployment_id {picked}), "
        f"other_deployment_id = (SELECT deployment_id {other}) "
        "WHERE import_id IS NULL AND EXISTS (SELECT 1 FROM candidates AS p "
        "JOIN candidates AS o ON o.id = comparisons.other_id "
        "JOIN turns ON turns.id = comparisons.turn_id JOIN conversations ON conversations.id = turns.conversation_id "
        "WHERE p.id = comparisons.picked_id AND p.deployment_id IS NOT NULL AND o.deployment_id IS NOT NULL "
        "AND p.status = 'done' AND o.status = 'done' AND trim(p.text) <> trim(o.text) AND NOT conversations.preview)"
    )


def downgrade() -> None:
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_constraint("who_met", type_="check")
        batch_op.drop_constraint(batch_op.f("fk_comparisons_picked_deployment_id_deployments"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_comparisons_other_deployment_id_deployments"), type_="foreignkey")
        batch_op.drop_index(
            "ix_comparisons_met",
            sqlite_where=sa.text("picked_deployment_id IS NOT NULL"),
            postgresql_where=sa.text("picked_deployment_id IS NOT NULL"),
        )
        batch_op.drop_column("other_length")
        batch_op.drop_column("picked_length")
        batch_op.drop_column("other_deployment_id")
        batch_op.drop_column("picked_deployment_id")

    op.drop_table("elo_boards")
    with op.batch_alter_table("elo_fits", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_elo_fits_one_waiting",
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )

    op.drop_table("elo_fits")
