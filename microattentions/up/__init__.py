"""`manage.py up`: the whole system under one supervisor, with nothing left behind when it ends."""
