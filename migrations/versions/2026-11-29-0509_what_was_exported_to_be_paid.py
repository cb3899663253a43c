"""what was exported to be paid"""

import sqlalchemy as sa
from alembic import op

revision = "payments"
down_revision = "scaling_studies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_exports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_pay_exports_created_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_exports")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("export_id", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(assignment_id IS NULL) = (reason IS NOT NULL)", name=op.f("ck_payments_why")),
        sa.CheckConstraint("assignment_id IS NULL OR export_id IS NOT NULL", name=op.f("ck_payments_exported")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_payments_something")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_payments_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_payments_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_payments_created_by_accounts")),
        sa.ForeignKeyConstraint(["export_id"], ["pay_exports.id"], name=op.f("fk_payments_export_id_pay_exports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_payments_assignment_id")),
        sa.UniqueConstraint("key", name=op.f("uq_payments_key")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_export_id"), ["export_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payments_export_id"))
        batch_op.drop_index(batch_op.f("ix_payments_account_id"))

    op.drop_table("payments")
    op.drop_table("pay_exports")
