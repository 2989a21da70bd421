"""Addresses of the monographs room."""

from django.urls import URLPattern

app_name = "monographs"

urlpatterns: list[URLPattern] = []
