"""A Celery application on the folder broker, small enough to start quickly; `BROKER_FOLDER` says where."""

import os
from pathlib import Path

from celery import Celery

from clinic import broker

FOLDER = Path(os.environ["BROKER_FOLDER"])

broker.register()
app = Celery("folder_app", broker="atomicfs://", set_as_current=False)
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(FOLDER / "messages"),
        "data_folder_out": str(FOLDER / "messages"),
        "control_folder": str(FOLDER / "control"),
    },
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    beat_schedule={"tick": {"task": "folder_app.note", "schedule": 0.3, "args": ("tick",), "options": {"expires": 5}}},
)


@app.task(name="folder_app.note")
def note(word: str) -> None:
    """Leave a line where the test looks."""
    with (FOLDER / "notes").open("a") as notes:
        notes.write(f"{word}\n")
