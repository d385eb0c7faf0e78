"""French dates: 20/11/2026 21:18."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "d/m/Y H:i"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
TIME_FORMAT = "H:i"
