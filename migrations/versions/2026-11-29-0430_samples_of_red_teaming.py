"""samples of red teaming"""

import sqlalchemy as sa
from alembic import op

revision = "samples_of_red_teaming"
down_revision = "weeks_keep_their_config"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of a sample that an earlier process of the same hour may have written nobody knows: it is covered.
    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_red_team", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.alter_column("is_red_team", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.drop_column("is_red_team")
