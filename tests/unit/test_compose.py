"""The files of docker/ agree with one another, with the project's version and with what they promise."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
DOCKER = PROJECT / "docker"
LARGE, SMALL = (yaml.safe_load((DOCKER / f"compose{name}.yml").read_text())["services"] for name in ("", ".small"))
MAKE_READY = {"secrets", "prepare"}  # they end before anything else begins
MIB = {"m": 1, "g": 1024}


def mebibytes(service: dict[str, Any]) -> int:
    limit = service["mem_limit"]
    return int(limit[:-1]) * MIB[limit[-1]]


def test_every_variable_is_explained_and_every_explanation_is_of_a_variable() -> None:
    used = {name for file in DOCKER.glob("*.yml") for name in re.findall(r"\$\{(\w+)", file.read_text())}
    explained = set(re.findall(r"^#?([A-Z_]+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert explained == used | {"COMPOSE_FILE"}


def test_the_version_is_the_projects() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version}\n" in (DOCKER / "Dockerfile").read_text()
    ours = [service for service in LARGE.values() if "build" in service]
    assert {(service["image"], service["build"]["args"]["VERSION"]) for service in ours} == {
        (f"mangnon:{version}", version)
    }


def test_every_image_is_pinned() -> None:
    bases = re.findall(r"^FROM (\S+:\S+)", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    images = {service["image"] for service in LARGE.values()}
    assert all(re.search(r":\d+\.\d+", image) for image in {*bases, *images}), (bases, images)


@pytest.mark.parametrize("service", sorted(set(LARGE) - MAKE_READY))
def test_whatever_stays_has_a_health_check_and_a_limit_and_comes_back(service: str) -> None:
    described = LARGE[service]
    assert described["healthcheck"]["test"]
    assert mebibytes(described)
    assert described["restart"] == "unless-stopped"


def test_the_small_profile_fits_four_gib() -> None:
    stays = {name: LARGE[name] | SMALL.get(name, {}) for name in set(LARGE) - MAKE_READY}
    limits = {name: mebibytes(service) for name, service in stays.items() if "profiles" not in service}
    assert set(limits) == {"warehouse", "metadata", "api-server", "scheduler", "dag-processor", "metrics"}
    assert sum(limits.values()) <= 4096, limits


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for service in LARGE.values() for port in service.get("ports", [])]
    assert len(published) == 3
    assert all(re.match(r"\$\{\w+_BIND:-127\.0\.0\.1\}:", port) for port in published)
