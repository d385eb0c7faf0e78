"""How PostgreSQL keeps the words of an attempt."""

import pytest
from django.db import connection

from tests.triggers.dispatch.scene import NOON, due
from triggers.dispatch import dispatch
from triggers.models import Attempt

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compresses nothing")


@on_postgresql
def test_long_words_are_compressed_by_lz4_where_the_server_knows_it() -> None:
    due(1)
    dispatch(NOON)
    Attempt.objects.update(html="<p>Merci, et à très bientôt !</p>\n" * 300)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        (known,) = cursor.fetchone()
        cursor.execute("SELECT DISTINCT pg_column_compression(html) FROM triggers_attempt")
        assert cursor.fetchall() == [("lz4" if known else "pglz",)]
