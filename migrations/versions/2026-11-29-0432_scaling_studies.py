"""what scaling studies found out"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "scaling_studies"
down_revision = "samples_of_red_teaming"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scaling_studies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("study", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scaling_studies")),
        sa.UniqueConstraint("name", name=op.f("uq_scaling_studies_name")),
    )


def downgrade() -> None:
    op.drop_table("scaling_studies")
