"""Makes the database itself refuse to change or delete what is in the audit log."""

from typing import Any

from django.db import migrations

from campaigns.audit import ALLOW, REFUSE


def _run(statements: dict[str, tuple[str, ...]]) -> Any:
    def run(_apps: Any, editor: Any) -> None:
        for statement in statements[editor.connection.vendor]:
            editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_safe_launch")]
    operations = [migrations.RunPython(_run(REFUSE), _run(ALLOW))]
