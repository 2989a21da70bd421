"""The addresses of the chart and of the timeline."""

from django.urls import path

from treatments.chart import views

urlpatterns = [
    path("<uuid:patient_id>/", views.chart, name="chart"),
    path("<uuid:patient_id>/timeline/", views.history, name="timeline"),
]
