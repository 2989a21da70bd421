"""Addresses of the dose day."""

from django.urls import path

from treatments.dose_day.views import aftercare, checking, days, giving, undoing

app_name = "dose_day"

urlpatterns = [
    path("dose-days/", days.today, name="today"),
    path("doses/<uuid:dose_id>/day/", days.day, name="day"),
    path("doses/<uuid:dose_id>/advice/", days.advice, name="advice"),
    path("doses/<uuid:dose_id>/checklist/", checking.checklist, name="checklist"),
    path("checklists/<uuid:checklist_id>/confirm/", checking.confirm, name="confirm"),
    path("doses/<uuid:dose_id>/give/", giving.give, name="give"),
    path("doses/<uuid:dose_id>/not-given/", giving.not_given, name="not_given"),
    path("administrations/<uuid:administration_id>/correct/", undoing.correct, name="correct"),
    path("administrations/<uuid:administration_id>/take-back/", undoing.take_back, name="take_back"),
    path("doses/<uuid:dose_id>/observe/", aftercare.observe, name="observe"),
    path("observations/<uuid:observation_id>/void/", aftercare.void_observation, name="void_observation"),
    path("doses/<uuid:dose_id>/going-home/", aftercare.go_home, name="go_home"),
    path("going-home/<uuid:discharge_id>/call/", aftercare.call, name="call"),
]
