"""members of tranches

Which tranche holds a comparison is a row of its own, so that freezing changes no comparison.

The previous release's code fails on these rows, and has to: with columns of its own it would freeze once more what is
frozen here.
"""

import sqlalchemy as sa
from alembic import op

revision = "members_of_tranches"
down_revision = "payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tranche_members",
        sa.Column("comparison_id", sa.String(), nullable=False),
        sa.Column("tranche_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tranche_id"], ["tranches.id"], name=op.f("fk_tranche_members_tranche_id_tranches")),
        sa.PrimaryKeyConstraint("comparison_id", name=op.f("pk_tranche_members")),
    )
    op.execute(
        "INSERT INTO tranche_members (comparison_id, tranche_id, content_hash) "
        "SELECT id, tranche_id, content_hash FROM comparisons WHERE tranche_id IS NOT NULL"
    )
    op.create_index(op.f("ix_tranche_members_tranche_id"), "tranche_members", ["tranche_id"])
    triggers = _triggers()
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparisons_tranche_id"))
        batch_op.drop_constraint(batch_op.f("fk_comparisons_tranche_id_tranches"), type_="foreignkey")
        batch_op.drop_column("content_hash")
        batch_op.drop_column("tranche_id")
    for trigger in triggers:
        op.execute(trigger)


def downgrade() -> None:
    triggers = _triggers()
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tranche_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("content_hash", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_comparisons_tranche_id_tranches"), "tranches", ["tranche_id"], ["id"]
        )
    op.execute(
        "UPDATE comparisons SET tranche_id = held.tranche_id, content_hash = held.content_hash "
        "FROM tranche_members AS held WHERE held.comparison_id = comparisons.id"
    )
    for trigger in triggers:
        op.execute(trigger)
    op.create_index(op.f("ix_comparisons_tranche_id"), "comparisons", ["tranche_id"])
    op.drop_table("tranche_members")


def _triggers() -> list[str]:
    """On SQLite a batch makes the table anew and drops its triggers."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return []
    of_table = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'comparisons' ORDER BY name"
    return list(connection.scalars(sa.text(of_table)))
