"""docker-compose.yml and Dockerfile, as far as they can be held without Docker."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def test_compose_has_the_whole_system(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"migrate", "web", "worker", "beat", "postgres", "redis", "mail"}


def test_compose_waits_for_services_that_can_tell_they_are_well(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"], f"{name} waits for {other}"
            else:
                assert (wait["condition"], other) == ("service_completed_successfully", "migrate")


def test_compose_pins_foreign_images(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values() if "build" not in service]

    assert len(images) == 3
    assert all(re.search(r":v?\d", image) for image in images)


def test_compose_has_no_secret_of_its_own(compose: dict[str, Any]) -> None:
    environment = compose["services"]["web"]["environment"]

    assert environment["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert environment["PRODUCTION"] == "1"
    assert ":${POSTGRES_PASSWORD:?" in environment["DATABASE_URL"]
    assert compose["services"]["worker"]["environment"] == environment


def test_compose_names_settings_that_exist(compose: dict[str, Any]) -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (settings.BASE_DIR / "microattentions/settings.py").read_text()))
    read |= set(
        re.findall(r'env\.db_url\("([A-Z_]+)"', (settings.BASE_DIR / "microattentions/settings.py").read_text())
    )

    assert set(compose["services"]["web"]["environment"]) <= read


def test_dockerfile_runs_as_nobody_special_and_from_the_lock() -> None:
    text = (settings.BASE_DIR / "Dockerfile").read_text(encoding="utf-8")

    assert "uv sync --frozen" in text
    assert re.search(r"^USER app$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
