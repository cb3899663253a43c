"""the first rows"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "the_first_rows"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("external_provider", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "crowdworker", "researcher", "admin", name="role", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_version", sa.Integer(), nullable=True),
        sa.Column("red_team_opt_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "password_hash IS NOT NULL OR external_id IS NOT NULL", name=op.f("ck_accounts_can_sign_in")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("external_provider", "external_id", name=op.f("uq_accounts_external_provider_external_id")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("preset", sa.String(), nullable=False),
        sa.Column("overrides", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("min_new_comparisons", sa.Integer(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_schedules_name")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("helpfulness", "red-team", name="taskkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "choice_direction",
            sa.Enum(
                "pick-better",
                "pick-worse",
                name="choicedirection",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "pair_scope",
            sa.Enum("conversation", "turn", name="pairscope", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("max_turns", sa.Integer(), nullable=False),
        sa.Column("conversations_per_assignment", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "max_turns > 0 AND conversations_per_assignment > 0 AND max_tokens > 0", name=op.f("ck_tasks_positive")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("slug", name=op.f("uq_tasks_slug")),
    )
    op.create_table(
        "training_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("module", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "failed",
                "cancelled",
                "lost",
                name="runstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_runs")),
    )
    with op.batch_alter_table("training_runs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_training_runs_slot",
            ["slot"],
            unique=True,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.create_table(
        "assignments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("conversation_count", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "completed",
                "withdrawn",
                name="assignmentstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("completion_code", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id_accounts")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_assignments_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index(
            "uq_assignments_one_open",
            ["account_id", "task_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_audit_events_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "running", "done", "failed", name="importstatus", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_imports_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(
            "uq_imports_file",
            ["sha256", "task_id"],
            unique=True,
            sqlite_where=sa.text("status = 'done'"),
            postgresql_where=sa.text("status = 'done'"),
        )

    op.create_table(
        "invitations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "crowdworker", "researcher", "admin", name="role", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_invitations_created_by_accounts")),
        sa.ForeignKeyConstraint(["used_by"], ["accounts.id"], name=op.f("fk_invitations_used_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_table(
        "iterations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("preset", sa.String(), nullable=False),
        sa.Column("overrides", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "running",
                "deployed",
                "held",
                "failed",
                "cancelled",
                "skipped",
                name="iterationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["started_by"], ["accounts.id"], name=op.f("fk_iterations_started_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_iterations")),
        sa.UniqueConstraint("number", name=op.f("uq_iterations_number")),
    )
    with op.batch_alter_table("iterations", schema=None) as batch_op:
        batch_op.create_index(
            "uq_iterations_one_open",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.create_table(
        "metrics",
        sa.Column("training_run_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_run_id"], ["training_runs.id"], name=op.f("fk_metrics_training_run_id_training_runs")
        ),
        sa.PrimaryKeyConstraint("training_run_id", "name", "step", name=op.f("pk_metrics")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id_accounts")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_account_id"), ["account_id"], unique=False)

    op.create_table(
        "task_texts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_task_texts_created_by_accounts")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_texts_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_texts")),
        sa.UniqueConstraint("task_id", "version", name=op.f("uq_task_texts_task_id_version")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("policy", "pm", name="snapshotkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("directory", sa.String(), nullable=True),
        sa.Column("base_hash", sa.String(), nullable=True),
        sa.Column("data_hash", sa.String(), nullable=True),
        sa.Column("manifest", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("training_run_id", sa.String(), nullable=True),
        sa.Column("iteration_id", sa.String(), nullable=True),
        sa.Column("pm_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["iteration_id"], ["iterations.id"], name=op.f("fk_snapshots_iteration_id_iterations")),
        sa.ForeignKeyConstraint(["pm_id"], ["snapshots.id"], name=op.f("fk_snapshots_pm_id_snapshots")),
        sa.ForeignKeyConstraint(
            ["training_run_id"], ["training_runs.id"], name=op.f("fk_snapshots_training_run_id_training_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("name", name=op.f("uq_snapshots_name")),
    )
    op.create_table(
        "stage_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("iteration_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "running",
                "succeeded",
                "failed",
                "cancelled",
                name="stagestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("input_hash", sa.String(), nullable=True),
        sa.Column("training_run_id", sa.String(), nullable=True),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["iteration_id"], ["iterations.id"], name=op.f("fk_stage_runs_iteration_id_iterations")
        ),
        sa.ForeignKeyConstraint(
            ["training_run_id"], ["training_runs.id"], name=op.f("fk_stage_runs_training_run_id_training_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_runs")),
        sa.UniqueConstraint("iteration_id", "stage", "attempt", name=op.f("uq_stage_runs_iteration_id_stage_attempt")),
    )
    op.create_table(
        "tranches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "base",
                "rejection-sampled",
                "online",
                "imported",
                name="tranchekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("exclusions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("iteration_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["iteration_id"], ["iterations.id"], name=op.f("fk_tranches_iteration_id_iterations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tranches")),
        sa.UniqueConstraint("name", name=op.f("uq_tranches_name")),
    )
    op.create_table(
        "deployments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=True),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("best_of", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("iteration_id", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("best_of >= 1", name=op.f("ck_deployments_best_of")),
        sa.CheckConstraint("share > 0 AND share <= 100", name=op.f("ck_deployments_share")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_deployments_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["iteration_id"], ["iterations.id"], name=op.f("fk_deployments_iteration_id_iterations")
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_deployments_snapshot_id_snapshots")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_deployments_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint(
            "task_id",
            "generation",
            "snapshot_id",
            "best_of",
            name=op.f("uq_deployments_task_id_generation_snapshot_id_best_of"),
        ),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("iteration_id", sa.String(), nullable=True),
        sa.Column("training_run_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["iteration_id"], ["iterations.id"], name=op.f("fk_evaluations_iteration_id_iterations")
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_evaluations_snapshot_id_snapshots")),
        sa.ForeignKeyConstraint(
            ["training_run_id"], ["training_runs.id"], name=op.f("fk_evaluations_training_run_id_training_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluations_snapshot_id"), ["snapshot_id"], unique=False)

    op.create_table(
        "iteration_tranches",
        sa.Column("iteration_id", sa.String(), nullable=False),
        sa.Column("tranche_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["iteration_id"], ["iterations.id"], name=op.f("fk_iteration_tranches_iteration_id_iterations")
        ),
        sa.ForeignKeyConstraint(
            ["tranche_id"], ["tranches.id"], name=op.f("fk_iteration_tranches_tranche_id_tranches")
        ),
        sa.PrimaryKeyConstraint("iteration_id", "tranche_id", name=op.f("pk_iteration_tranches")),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("assignment_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.String(), nullable=True),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "completed",
                "withdrawn",
                "importing",
                name="conversationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("deployment_a_id", sa.String(), nullable=True),
        sa.Column("deployment_b_id", sa.String(), nullable=True),
        sa.Column("propensity", sa.Double(), nullable=True),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("overall_rating", sa.Integer(), nullable=True),
        sa.Column("red_team_plan", sa.String(), nullable=True),
        sa.Column("attack_success", sa.Integer(), nullable=True),
        sa.Column("attack_harm", sa.Integer(), nullable=True),
        sa.Column("attack_actionability", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("account_id IS NOT NULL OR import_id IS NOT NULL", name=op.f("ck_conversations_has_origin")),
        sa.CheckConstraint(
            "attack_success BETWEEN 1 AND 5 AND attack_harm BETWEEN 1 AND 5 AND attack_actionability BETWEEN 1 AND 5",
            name=op.f("ck_conversations_attack_ratings"),
        ),
        sa.CheckConstraint("overall_rating BETWEEN 1 AND 5", name=op.f("ck_conversations_overall_rating")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_conversations_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_conversations_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_a_id"], ["deployments.id"], name=op.f("fk_conversations_deployment_a_id_deployments")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_b_id"], ["deployments.id"], name=op.f("fk_conversations_deployment_b_id_deployments")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_conversations_import_id_imports")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_conversations_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("assignment_id", "position", name=op.f("uq_conversations_assignment_id_position")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversations_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversations_family"), ["family"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversations_import_id"), ["import_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversations_task_id"), ["task_id"], unique=False)

    op.create_table(
        "turns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "generating", "ready", "failed", name="turnstatus", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_turns_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("conversation_id", "client_id", name=op.f("uq_turns_conversation_id_client_id")),
        sa.UniqueConstraint("conversation_id", "position", name=op.f("uq_turns_conversation_id_position")),
    )
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.create_index(
            "ix_turns_generating",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("status = 'generating'"),
            postgresql_where=sa.text("status = 'generating'"),
        )

    op.create_table(
        "candidates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "done",
                "stopped",
                "failed",
                name="candidatestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("finish", sa.String(), nullable=True),
        sa.Column("snapshot_id", sa.String(), nullable=True),
        sa.Column("deployment_id", sa.String(), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=True),
        sa.Column("sampling", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("best_of_texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("scored_by_id", sa.String(), nullable=True),
        sa.Column("edited_from_id", sa.String(), nullable=True),
        sa.Column("is_trunk", sa.Boolean(), nullable=True),
        sa.CheckConstraint("shown IN ('a', 'b')", name=op.f("ck_candidates_shown")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_candidates_deployment_id_deployments")
        ),
        sa.ForeignKeyConstraint(
            ["edited_from_id"], ["candidates.id"], name=op.f("fk_candidates_edited_from_id_candidates")
        ),
        sa.ForeignKeyConstraint(["scored_by_id"], ["snapshots.id"], name=op.f("fk_candidates_scored_by_id_snapshots")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_candidates_snapshot_id_snapshots")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_candidates_turn_id_turns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("turn_id", "id", name=op.f("uq_candidates_turn_id_id")),
        sa.UniqueConstraint("turn_id", "shown", name=op.f("uq_candidates_turn_id_shown")),
    )
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidates_snapshot_id"), ["snapshot_id"], unique=False)
        batch_op.create_index(
            "ix_candidates_unscored",
            ["turn_id"],
            unique=False,
            sqlite_where=sa.text("score IS NULL AND status = 'done'"),
            postgresql_where=sa.text("score IS NULL AND status = 'done'"),
        )

    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("picked_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=True),
        sa.Column(
            "choice_direction",
            sa.Enum(
                "pick-better",
                "pick-worse",
                name="choicedirection",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "base",
                "rejection-sampled",
                "online",
                "imported",
                name="tranchekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("propensity", sa.Double(), nullable=True),
        sa.Column("text_version", sa.Integer(), nullable=True),
        sa.Column("seconds_to_choose", sa.Double(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_reason", sa.String(), nullable=True),
        sa.Column("tranche_id", sa.String(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("import_id", sa.String(), nullable=True),
        sa.Column("import_line", sa.Integer(), nullable=True),
        sa.Column("import_raw", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("picked_id <> other_id", name=op.f("ck_comparisons_two_candidates")),
        sa.CheckConstraint("propensity > 0 AND propensity <= 1", name=op.f("ck_comparisons_propensity")),
        sa.CheckConstraint("strength BETWEEN 1 AND 4", name=op.f("ck_comparisons_strength")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_comparisons_account_id_accounts")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_comparisons_import_id_imports")),
        sa.ForeignKeyConstraint(["tranche_id"], ["tranches.id"], name=op.f("fk_comparisons_tranche_id_tranches")),
        sa.ForeignKeyConstraint(
            ["turn_id", "other_id"],
            ["candidates.turn_id", "candidates.id"],
            name=op.f("fk_comparisons_turn_id_other_id_candidates"),
        ),
        sa.ForeignKeyConstraint(
            ["turn_id", "picked_id"],
            ["candidates.turn_id", "candidates.id"],
            name=op.f("fk_comparisons_turn_id_picked_id_candidates"),
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_comparisons_turn_id_turns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
    )
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comparisons_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comparisons_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_comparisons_import", ["import_id", "import_line"], unique=False)
        batch_op.create_index(batch_op.f("ix_comparisons_tranche_id"), ["tranche_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comparisons_turn_id"), ["turn_id"], unique=False)
        batch_op.create_index(
            "uq_comparisons_current",
            ["turn_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_comparisons_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_comparisons_turn_id"))
        batch_op.drop_index(batch_op.f("ix_comparisons_tranche_id"))
        batch_op.drop_index("ix_comparisons_import")
        batch_op.drop_index(batch_op.f("ix_comparisons_created_at"))
        batch_op.drop_index(batch_op.f("ix_comparisons_account_id"))

    op.drop_table("comparisons")
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_candidates_unscored",
            sqlite_where=sa.text("score IS NULL AND status = 'done'"),
            postgresql_where=sa.text("score IS NULL AND status = 'done'"),
        )
        batch_op.drop_index(batch_op.f("ix_candidates_snapshot_id"))

    op.drop_table("candidates")
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_turns_generating",
            sqlite_where=sa.text("status = 'generating'"),
            postgresql_where=sa.text("status = 'generating'"),
        )

    op.drop_table("turns")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversations_task_id"))
        batch_op.drop_index(batch_op.f("ix_conversations_import_id"))
        batch_op.drop_index(batch_op.f("ix_conversations_family"))
        batch_op.drop_index(batch_op.f("ix_conversations_account_id"))

    op.drop_table("conversations")
    op.drop_table("iteration_tranches")
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluations_snapshot_id"))

    op.drop_table("evaluations")
    op.drop_table("deployments")
    op.drop_table("tranches")
    op.drop_table("stage_runs")
    op.drop_table("snapshots")
    op.drop_table("task_texts")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_account_id"))

    op.drop_table("sign_ins")
    op.drop_table("metrics")
    with op.batch_alter_table("iterations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_iterations_one_open",
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.drop_table("iterations")
    op.drop_table("invitations")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_imports_file", sqlite_where=sa.text("status = 'done'"), postgresql_where=sa.text("status = 'done'")
        )

    op.drop_table("imports")
    op.drop_table("audit_events")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignments_one_open",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.drop_table("assignments")
    with op.batch_alter_table("training_runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_training_runs_slot",
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.drop_table("training_runs")
    op.drop_table("tasks")
    op.drop_table("schedules")
    op.drop_table("accounts")
