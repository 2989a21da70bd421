"""The addresses of the calculator and of the rules it goes by."""

from django.urls import path

from treatments.calculator import views

urlpatterns = [
    path("calculator/", views.calculator, name="calculator"),
    path("calculator/rules/", views.rules, name="rules"),
]
