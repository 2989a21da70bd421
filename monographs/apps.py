"""The monographs room's Django configuration."""

from django.apps import AppConfig


class MonographsConfig(AppConfig):
    """Registers monographs, their versions and their regimens."""

    name = "monographs"
