"""The addresses of drafts: to keep one, and to begin afresh."""

from django.urls import path

from clinic.drafts import views

app_name = "drafts"

urlpatterns = [
    path("keep/", views.keep, name="keep"),
    path("drop/", views.drop, name="drop"),
]
