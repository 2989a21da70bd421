"""Addresses of the laboratory results."""

from django.urls import path

from treatments.labs.views import results, reviews

app_name = "labs"

urlpatterns = [
    path("patients/<uuid:patient_id>/labs/add/", results.add, name="add"),
    path("labs/<uuid:result_id>/correct/", results.correct, name="correct"),
    path("labs/<uuid:result_id>/void/", results.void, name="void"),
    path("labs/<uuid:result_id>/review/", reviews.review, name="review"),
    path("labs/reviews/<uuid:review_id>/confirm/", reviews.confirm, name="confirm_review"),
    path("labs/reviews/<uuid:review_id>/withdraw/", reviews.withdraw, name="withdraw_review"),
    path("doses/<uuid:dose_id>/labs/not-indicated/", reviews.not_indicated, name="not_indicated"),
    path("labs/not-indicated/<uuid:said_id>/withdraw/", reviews.ask_again, name="ask_again"),
]
