"""The lineage of Airflow's tasks, for OpenLineage: inbox → archive → raw → core → marts.

Airflow's provider sends an event when a task starts and when it ends. It asks this module what the task reads and
writes; neither the DAGs nor the steps know of it. Airflow imports the module only if MANGNON_OPENLINEAGE asks for
events (config.py).
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from openlineage.client.event_v2 import Dataset
from psycopg.conninfo import conninfo_to_dict

from mangnon import warehouse
from mangnon.contract.forms import Form, submission_forms
from mangnon.settings import settings
from mangnon.warehouse import dbt

REFUSALS = ("problems", "refused_rows")

Datasets = tuple[list[Dataset], list[Dataset]]  # read, written


class TaskExtractor(BaseExtractor):
    """Tells the provider what a task reads and writes, by the task's id. Tasks that move no data have no datasets."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """Returns the operator of functions under @task, the only one whose tasks have a lineage here."""
        return ["_PythonDecoratedOperator"]

    def _execute_extraction(self) -> OperatorLineage:
        find = TASKS.get(self.operator.task_id)
        inputs, outputs = find() if find else ([], [])
        return OperatorLineage(inputs=inputs, outputs=outputs)


def _collecting() -> Datasets:
    return [_folder(settings().inbox)], [_folder(settings().archive)]


def _loading(forms: Iterable[Form]) -> Datasets:
    return [_folder(settings().archive)], [_table("raw", name) for name in (*(form.name for form in forms), *REFUSALS)]


def _modelling(is_written: Callable[[dict[str, Any]], bool]) -> Datasets:
    """Returns the models that are written, and the tables of raw and core that they read, from dbt's manifest."""
    manifest = dbt.last_manifest()
    nodes = manifest["sources"] | manifest["nodes"]
    written = {name for name, node in nodes.items() if node["resource_type"] == "model" and is_written(node)}
    read: set[str] = set()
    parents = [parent for name in written for parent in nodes[name]["depends_on"]["nodes"]]
    while parents:
        name = parents.pop()
        # Views and ephemeral models hold no rows: what they read themselves is what is read.
        if nodes[name]["schema"] == "staging" or nodes[name]["config"].get("materialized") == "ephemeral":
            parents += nodes[name]["depends_on"]["nodes"]
        elif nodes[name]["schema"] in ("raw", "core") and name not in written:
            read.add(name)
    return _tables(nodes, read), _tables(nodes, written)


def _tables(nodes: dict[str, dict[str, Any]], names: set[str]) -> list[Dataset]:
    return [_table(nodes[name]["schema"], nodes[name]["name"]) for name in sorted(names)]


def _table(schema: str, name: str) -> Dataset:
    address = conninfo_to_dict(warehouse.url())
    where = f"postgres://{address['host']}:{address.get('port', 5432)}"
    return Dataset(namespace=where, name=f"{address['dbname']}.{schema}.{name}")


def _folder(address: str) -> Dataset:
    """Returns the dataset of a folder; a user or a password in its address is left out."""
    url = urlsplit(address)
    if not url.netloc:
        return Dataset(namespace="file", name=url.path)
    host = url.netloc.rpartition("@")[2]
    return Dataset(namespace=f"{url.scheme}://{host}", name=url.path.strip("/") or "/")


TASKS: dict[str, Callable[[], Datasets]] = {
    "collect": _collecting,
    "load_reporter": lambda: _loading(submission_forms()),
    "reread_deliveries": lambda: _loading(submission_forms()),
    "model_loads": lambda: _modelling(lambda model: "night" in model["tags"]),
    "build_candidate": lambda: _modelling(lambda model: "release" in model["tags"]),
    "publish_release": lambda: _modelling(lambda model: model["schema"] == "marts"),
    "roll_back": lambda: _modelling(lambda model: model["schema"] == "marts"),
}
