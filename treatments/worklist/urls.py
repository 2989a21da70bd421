"""The worklist's address: the front page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
