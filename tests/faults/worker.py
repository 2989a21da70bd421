"""The product's Celery application with the bench's rigging, and a beat that turns every second."""

import json
import os

import django

from clinic.celery import app

__all__ = ["app"]

django.setup()

from tests.faults.rigging import Orders, rig  # noqa: E402 - it needs Django set up

_told = json.loads(os.environ["FAULTS_ORDERS"])
rig(Orders(**{**_told, "arguments": tuple(_told["arguments"]), "off": tuple(_told["off"])}))
for _entry in app.conf.beat_schedule.values():
    _entry["schedule"] = 1.0
    _entry["options"] = {"expires": 0.95}
app.conf.broker_transport_options = {**app.conf.broker_transport_options, "socket_connect_timeout": 1}
