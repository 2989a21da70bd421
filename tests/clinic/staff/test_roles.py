"""Who may do what, as one table. Whoever changes it changes it here too, knowingly."""

import pytest

from clinic.staff.roles import DESCRIPTIONS, GRANTS, Permission, Role, granted

V, R, C, B = (
    Permission.VIEW_PATIENTS,
    Permission.REGISTER_PATIENTS,
    Permission.MANAGE_COURSES,
    Permission.BOOK_DOSES,
)
D, L, S, M, A = (
    Permission.RECORD_DOSES,
    Permission.RECORD_LABS,
    Permission.VIEW_REMINDERS,
    Permission.RECEIVE_REMINDERS,
    Permission.ADMINISTER,
)
W, P, F, N = (
    Permission.REVIEW_LABS,
    Permission.OVERRIDE_LIGHTS,
    Permission.SIGN_OFF,
    Permission.SECOND,
)
X, E, K, VS, MS, MA = (
    Permission.DECIDE,
    Permission.RECORD_EVENTS,
    Permission.RECORD_SCORES,
    Permission.VIEW_SUPPLY,
    Permission.MANAGE_SUPPLY,
    Permission.MANAGE_AUTHORISATIONS,
)
RD, RS, MR = Permission.RECEIVE_DECISIONS, Permission.RECEIVE_SUPPLY, Permission.MANAGE_REMINDERS
TABLE: dict[Role, set[Permission]] = {
    Role.COORDINATOR: {V, S, R, B, L, M, E, K, VS, MA, MR},
    Role.NURSE: {V, S, R, B, D, L, M, W, P, N, E, K, VS, MS, MA, MR},
    Role.PRESCRIBER: {V, S, R, C, B, D, L, W, P, F, N, X, E, K, VS, MA, RD, MR},
    Role.PROCEDURALIST: {V, S, B, D, P, N, E, VS},
    Role.PHARMACIST: {V, S, N, VS, MS, MA, RS, MR},
    Role.VIEWER: {V, S, VS},
    Role.ADMINISTRATOR: {V, S, A, VS},
}


@pytest.mark.parametrize("role", sorted(Role))
def test_a_role_may_do_this_and_nothing_else(role: Role) -> None:
    assert GRANTS[role] == TABLE[role]


def test_every_role_stands_in_the_table_and_has_a_description() -> None:
    assert set(GRANTS) == set(DESCRIPTIONS) == set(TABLE) == set(Role)


def test_everything_that_may_be_done_is_done_by_somebody() -> None:
    assert granted(frozenset(Role)) == set(Permission)


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (Permission.MANAGE_COURSES, {Role.PRESCRIBER}),
        (Permission.ADMINISTER, {Role.ADMINISTRATOR}),
        (Permission.SIGN_OFF, {Role.PRESCRIBER}),
        (Permission.DECIDE, {Role.PRESCRIBER}),
        (Permission.MANAGE_SUPPLY, {Role.NURSE, Role.PHARMACIST}),
        (Permission.RECORD_DOSES, {Role.NURSE, Role.PRESCRIBER, Role.PROCEDURALIST}),
        (Permission.RECEIVE_REMINDERS, {Role.COORDINATOR, Role.NURSE}),
    ],
)
def test_what_matters_most_is_kept_to_few(permission: Permission, roles: set[Role]) -> None:
    assert {role for role in Role if permission in GRANTS[role]} == roles


def test_no_role_at_all_allows_nothing() -> None:
    assert granted(frozenset()) == frozenset()


def test_roles_together_allow_what_each_allows() -> None:
    both = granted(frozenset({Role.PHARMACIST, Role.ADMINISTRATOR}))
    assert both == {V, S, A, N, VS, MS, MA, RS, MR}
