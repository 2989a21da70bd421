"""A regimen as the mapping that front matter carries: what is stored, and read back by `regimen_from`."""

from decimal import Decimal
from typing import Any

from monographs.rules.regimen import Band, LateRules, Regimen, Step, Switch


def data_of(regimen: Regimen) -> dict[str, Any]:
    """Return the mapping from which `regimen_from` reads the same regimen; the version number is not part of it.

    It holds texts, whole numbers, true and lists only, so it survives JSON; amounts are text, so they are not rounded.
    """
    data: dict[str, Any] = {
        "key": regimen.key,
        "name": regimen.name,
        "default": regimen.is_default,
        "source": regimen.source,
        "minimum_interval": f"{regimen.minimum_days} days",
        "loading": [_step(step, "after") for step in regimen.loading],
        "maintenance": _step(regimen.maintenance, "every"),
    }
    if regimen.effective_from:
        data["effective_from"] = regimen.effective_from.isoformat()
    if regimen.late:
        data["late_maintenance"] = _late(regimen.late)
    if regimen.switch:
        data["switch"] = _switch(regimen.switch)
    return data


def _step(step: Step, interval: str) -> dict[str, Any]:
    return {"mg": _amount(step.mg), "ml": _amount(step.ml), interval: str(step.after)}


def _amount(amount: Decimal) -> str:
    return f"{amount:f}"


def _late(late: LateRules) -> dict[str, Any]:
    data: dict[str, Any] = {"source": late.source, "bands": [_band(band) for band in late.bands]}
    if late.effective_from:
        data["effective_from"] = late.effective_from.isoformat()
    return data


def _band(band: Band) -> dict[str, Any]:
    start = {"from": f"{band.from_months} months"}
    return start | ({"restart": True} if band.restart else {"doses": band.doses, "apart": f"{band.apart_days} days"})


def _switch(switch: Switch) -> dict[str, Any]:
    first = switch.first
    return {"from": list(switch.from_keys), "mg": _amount(first.mg), "ml": _amount(first.ml)}
