"""What the tasks of a night import, imported once: Airflow forks its tasks from a process that has imported this.

A task would else spend half a second on the reader and two on Great Expectations before it begins. Such a process goes
on with the code that it started with, so it notes which code that was; the warehouse lets no task of other code write.
"""

import gc
import importlib

from mangnon.warehouse import code_hash

for name in (
    "airflow.sdk.execution_time.task_runner",
    "great_expectations",
    "mangnon.intake.steps",
    "mangnon.publishing.backfills",
    "mangnon.publishing.phases",
    "mangnon.serving.night_page",
    "mangnon.telling.messages",
):
    importlib.import_module(name)
code_hash.at_start()
# A task's garbage collector would go through all that was imported, and the system would copy it: 120 MB a task.
gc.freeze()
