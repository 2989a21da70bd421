"""The calculator's address."""

from django.urls import path

from treatments.calculator import views

urlpatterns = [path("calculator/", views.calculator, name="calculator")]
