"""Addresses of the monographs room."""

from django.urls import path

from monographs import views

app_name = "monographs"

urlpatterns = [
    path("", views.monograph_list, name="list"),
    path("search/", views.search, name="search"),
    path("<slug:slug>/", views.detail, name="detail"),
]
