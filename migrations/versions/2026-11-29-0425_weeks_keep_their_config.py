"""weeks keep their config

The config that each stage went by; a version of the schedule, so that two researchers cannot undo each other's change
unseen; and how many comparisons a deployment earned, without reading them all.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "weeks_keep_their_config"
down_revision = "how_crowdworkers_choose"
branch_labels = None
depends_on = None

EARNED = sa.text("superseded_at IS NULL AND picked_deployment_id IS NOT NULL")
INDEXES = {
    "ix_comparisons_earned_picked": ["picked_deployment_id"],
    "ix_comparisons_earned_other": ["other_deployment_id", "picked_deployment_id"],
}


def upgrade() -> None:
    # Not as a batch, which would make the table anew on SQLite and lose its triggers.
    for name, columns in INDEXES.items():
        op.create_index(name, "comparisons", columns, sqlite_where=EARNED, postgresql_where=EARNED)
    # The default stays in the database: the previous release, which may still run, knows nothing of the column.
    op.add_column("schedules", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("stage_runs", sa.Column("config", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))


def downgrade() -> None:
    with op.batch_alter_table("stage_runs") as batch_op:
        batch_op.drop_column("config")
    with op.batch_alter_table("schedules") as batch_op:
        batch_op.drop_column("version")
    for name in INDEXES:
        op.drop_index(name, "comparisons")
