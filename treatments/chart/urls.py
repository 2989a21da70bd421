"""The chart's address."""

from django.urls import path

from treatments.chart import views

urlpatterns = [path("<uuid:patient_id>/", views.chart, name="chart")]
