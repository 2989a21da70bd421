"""Addresses of vials, demand, recalls and authorisations."""

from django.urls import path

from treatments.supply.views import authorisations, demand, doses, recall, stock, vials

app_name = "supply"

urlpatterns = [
    path("supply/", stock.stock, name="stock"),
    path("supply/order/", stock.order, name="order"),
    path("supply/receive/", stock.receive, name="receive"),
    path("supply/demand/", demand.demand, name="demand"),
    path("supply/recall/", recall.recall, name="recall"),
    path("supply/authorisations/", authorisations.ending, name="authorisations"),
    path("supply/vials/<uuid:vial_id>/", vials.vial, name="vial"),
    path("supply/vials/<uuid:vial_id>/correct/", vials.correct, name="correct"),
    path("supply/vials/<uuid:vial_id>/remove/", vials.void, name="void"),
    path("supply/vials/<uuid:vial_id>/move/<slug:move>/", vials.move, name="move"),
    path("doses/<uuid:dose_id>/vial/", doses.for_dose, name="for_dose"),
    path("patients/<uuid:patient_id>/authorisations/", authorisations.of_patient, name="of_patient"),
    path("patients/<uuid:patient_id>/authorisations/add/", authorisations.add, name="add_authorisation"),
    path("authorisations/<uuid:authorisation_id>/renew/", authorisations.renew, name="renew_authorisation"),
    path("authorisations/<uuid:authorisation_id>/correct/", authorisations.correct, name="correct_authorisation"),
    path("authorisations/<uuid:authorisation_id>/void/", authorisations.void, name="void_authorisation"),
]
