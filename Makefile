.PHONY: check
check: ; .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy . && .venv/bin/lint-imports && .venv/bin/pytest -m "not browser and not system and not slow"
