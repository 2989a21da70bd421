"""The products in force: those of a monograph's latest version, published or superseded, that carries any as data.

A text without products says nothing about them and takes none away, as with regimens.
"""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from monographs.models import Product, Version, VersionQuerySet
from monographs.rules.product import Product as ProductRule


def products_in_force() -> list[Product]:
    """Return every product in force, by monograph and in the document's order. One query, version and all."""
    return list(_in_force().order_by("version__monograph__title", "version__monograph_id", "order"))


def products_beside(version: Version) -> list[Product]:
    """Return the products that were in force with this version: its own, or those of the last one before that had any.

    In the document's order. One query.
    """
    carrying = _carrying(Version.objects.filter(monograph=version.monograph_id, number__lte=version.number))
    return list(Product.objects.filter(version=Subquery(carrying)).order_by("order"))


def product_of(row: Product) -> ProductRule:
    """Return how a product is stored by the version in force, whatever version the row is of.

    A label that tightens binds the vials already in the refrigerator. Where the version in force knows the product no
    more, the row's own limits stay. One query.
    """
    current = _in_force().filter(version__monograph=row.version.monograph_id, key=row.key).first()
    return (current or row).rule()


def _in_force() -> QuerySet[Product]:
    carrying = _carrying(Version.objects.filter(monograph=OuterRef("version__monograph")))
    return Product.objects.filter(version=Subquery(carrying)).select_related("version__monograph")


def _carrying(versions: VersionQuerySet) -> QuerySet[Version, Any]:
    """Return the key of the latest of these versions that readers may see and that carries products."""
    return versions.shown().filter(products__isnull=False).order_by("-number").values("pk")[:1]
