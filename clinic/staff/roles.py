"""Who may do what: one table, the same in every environment.

A person holds roles at sites; what a role may do there is read from `GRANTS` and from nowhere else.
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing a person may do at a site."""

    VIEW_PATIENTS = "view patients and their charts"
    REGISTER_PATIENTS = "register and correct patients"
    MANAGE_COURSES = "start, hold, resume and stop courses"
    BOOK_DOSES = "book and move appointments"
    RECORD_DOSES = "record what happened on a dose day"
    RECORD_LABS = "log laboratory results"
    REVIEW_LABS = "look at laboratory results that ask for it"
    SIGN_OFF = "sign off laboratory values, and pass what two people decide"
    OVERRIDE_LIGHTS = "let a dose past a light, with a reason"
    SECOND = "confirm what somebody else decided, as the second person"
    VIEW_REMINDERS = "see the reminder ledger"
    RECEIVE_REMINDERS = "receive the daily digest of due and overdue doses"
    ADMINISTER = "administer accounts, sites and policies"


class Role(StrEnum):
    """What a person is at a site. Somebody may be several things, and different things at different sites."""

    COORDINATOR = "coordinator"
    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    PROCEDURALIST = "proceduralist"
    PHARMACIST = "pharmacist"
    VIEWER = "viewer"
    ADMINISTRATOR = "administrator"


DESCRIPTIONS: dict[Role, str] = {
    Role.COORDINATOR: "keeps the list: registers, books, chases, records contact",
    Role.NURSE: "prepares and records doses, logs laboratory results",
    Role.PRESCRIBER: "starts, holds and stops courses, decides",
    Role.PROCEDURALIST: "gives the dose and records what happened",
    Role.PHARMACIST: "keeps the vials",
    Role.VIEWER: "reads, as an auditor does",
    Role.ADMINISTRATOR: "keeps accounts, sites and policies",
}

_READ = frozenset({Permission.VIEW_PATIENTS, Permission.VIEW_REMINDERS})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.BOOK_DOSES,
        Permission.RECORD_LABS,
        Permission.RECEIVE_REMINDERS,
    },
    Role.NURSE: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.BOOK_DOSES,
        Permission.RECORD_DOSES,
        Permission.RECORD_LABS,
        Permission.REVIEW_LABS,
        Permission.OVERRIDE_LIGHTS,
        Permission.SECOND,
        Permission.RECEIVE_REMINDERS,
    },
    Role.PRESCRIBER: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.MANAGE_COURSES,
        Permission.BOOK_DOSES,
        Permission.RECORD_DOSES,
        Permission.RECORD_LABS,
        Permission.REVIEW_LABS,
        Permission.SIGN_OFF,
        Permission.OVERRIDE_LIGHTS,
        Permission.SECOND,
    },
    Role.PROCEDURALIST: _READ
    | {Permission.BOOK_DOSES, Permission.RECORD_DOSES, Permission.OVERRIDE_LIGHTS, Permission.SECOND},
    Role.PHARMACIST: _READ | {Permission.SECOND},
    Role.VIEWER: _READ,
    Role.ADMINISTRATOR: _READ | {Permission.ADMINISTER},
}


def granted(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything that these roles allow together."""
    return frozenset().union(*(GRANTS[role] for role in roles))
