"""Addresses of courses and doses."""

from django.urls import URLPattern

app_name = "courses"

urlpatterns: list[URLPattern] = []
