"""Who may do what: one table, the same in every environment.

A person holds roles at sites; what a role may do there is read from `GRANTS` and from nowhere else.
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing a person may do at a site."""

    VIEW_PATIENTS = "view patients and their charts"
    REGISTER_PATIENTS = "register and correct patients"
    MANAGE_COURSES = "start, hold, resume and stop courses"
    DECIDE = "decide on what the rules propose, and change regimens and versions"
    SECOND = "confirm, as the second person, what needs two"
    BOOK_DOSES = "book and move appointments"
    RECORD_DOSES = "record what happened on a dose day"
    RECORD_LABS = "log laboratory results"
    RECORD_EVENTS = "record and follow up adverse events"
    RECORD_SCORES = "record motor scores"
    VIEW_SUPPLY = "see the vials and the authorisations"
    MANAGE_SUPPLY = "order, receive, move and waste vials"
    MANAGE_AUTHORISATIONS = "register and correct authorisations"
    REVIEW_LABS = "look at laboratory results that ask for it"
    SIGN_OFF = "sign off laboratory values, and pass what two people decide"
    OVERRIDE_LIGHTS = "let a dose past a light, with a reason"
    VIEW_REMINDERS = "see the reminder ledger"
    RECEIVE_REMINDERS = "receive the daily digest of due and overdue doses"
    MANAGE_REMINDERS = "put a reminder off, and send a digest again"
    RECEIVE_DECISIONS = "receive, in the daily digest, what waits for a decision"
    RECEIVE_SUPPLY = "receive, in the daily digest, vials that expire"
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
    Role.PHARMACIST: "keeps the vials and the authorisations",
    Role.VIEWER: "reads, as an auditor does",
    Role.ADMINISTRATOR: "keeps accounts, sites and policies",
}

_READ = frozenset({Permission.VIEW_PATIENTS, Permission.VIEW_SUPPLY, Permission.VIEW_REMINDERS})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.BOOK_DOSES,
        Permission.RECORD_LABS,
        Permission.RECORD_EVENTS,
        Permission.RECORD_SCORES,
        Permission.MANAGE_AUTHORISATIONS,
        Permission.RECEIVE_REMINDERS,
        Permission.MANAGE_REMINDERS,
    },
    Role.NURSE: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.BOOK_DOSES,
        Permission.RECORD_DOSES,
        Permission.RECORD_LABS,
        Permission.RECORD_EVENTS,
        Permission.RECORD_SCORES,
        Permission.MANAGE_SUPPLY,
        Permission.MANAGE_AUTHORISATIONS,
        Permission.REVIEW_LABS,
        Permission.OVERRIDE_LIGHTS,
        Permission.RECEIVE_REMINDERS,
        Permission.MANAGE_REMINDERS,
        Permission.SECOND,
    },
    Role.PRESCRIBER: _READ
    | {
        Permission.REGISTER_PATIENTS,
        Permission.MANAGE_COURSES,
        Permission.DECIDE,
        Permission.SECOND,
        Permission.BOOK_DOSES,
        Permission.RECORD_DOSES,
        Permission.RECORD_LABS,
        Permission.RECORD_EVENTS,
        Permission.RECORD_SCORES,
        Permission.MANAGE_AUTHORISATIONS,
        Permission.REVIEW_LABS,
        Permission.SIGN_OFF,
        Permission.OVERRIDE_LIGHTS,
        Permission.RECEIVE_DECISIONS,
        Permission.MANAGE_REMINDERS,
    },
    Role.PROCEDURALIST: _READ
    | {
        Permission.BOOK_DOSES,
        Permission.RECORD_DOSES,
        Permission.RECORD_EVENTS,
        Permission.OVERRIDE_LIGHTS,
        Permission.SECOND,
    },
    Role.PHARMACIST: _READ
    | {
        Permission.MANAGE_SUPPLY,
        Permission.MANAGE_AUTHORISATIONS,
        Permission.SECOND,
        Permission.RECEIVE_SUPPLY,
        Permission.MANAGE_REMINDERS,
    },
    Role.VIEWER: _READ,
    Role.ADMINISTRATOR: _READ | {Permission.ADMINISTER},
}


def granted(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything that these roles allow together."""
    return frozenset().union(*(GRANTS[role] for role in roles))
