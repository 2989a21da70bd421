"""The worklist's address: the front page."""

from django.urls import path

from treatments.worklist import views

urlpatterns = [path("", views.worklist, name="worklist")]
