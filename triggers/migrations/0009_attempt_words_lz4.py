"""The words of an attempt are compressed by LZ4: PostgreSQL's own pglz took half the time of storing them."""

from typing import Any

from django.db import migrations


def _compress_by(method: str) -> Any:
    def alter(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor != "postgresql":
            return
        with editor.connection.cursor() as cursor:
            # A server can be built without it.
            cursor.execute("SELECT %s = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'", [method])
            known = cursor.fetchone()
        if known and known[0]:
            for column in ("text", "html"):
                editor.execute(f"ALTER TABLE triggers_attempt ALTER COLUMN {column} SET COMPRESSION {method}")

    return alter


class Migration(migrations.Migration):
    dependencies = [("triggers", "0008_swept_at")]

    operations = [migrations.RunPython(_compress_by("lz4"), _compress_by("pglz"))]
