"""The Celery application. The beat table is in the settings; the database, not the broker, knows what is to be done."""

import os

from celery import Celery

from clinic.broker import register

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

register()
app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
