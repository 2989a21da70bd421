"""The sign-in library's forms, in this house's words."""

from typing import Any

from allauth.account import forms

_LABELS = {
    "login": "User name or e-mail",
    "email": "E-mail address",
    "oldpassword": "Present password",
    "password1": "New password",
    "password2": "New password again",
}


class InHouseWords:
    """Labels like ours, and no second label inside the field."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Rename what has a name of ours."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = _LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class SignInForm(InHouseWords, forms.LoginForm):  # type: ignore[misc]
    """Asks for either of the two names that an account has, and the password."""


class ForgottenPasswordForm(InHouseWords, forms.ResetPasswordForm):  # type: ignore[misc]
    """Asks where to send the link."""


class ChoosePasswordForm(InHouseWords, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Asks for a new password after the link in the mail."""


class FirstPasswordForm(InHouseWords, forms.SetPasswordForm):  # type: ignore[misc]
    """Asks somebody signed in without a password for one."""


class ChangePasswordForm(InHouseWords, forms.ChangePasswordForm):  # type: ignore[misc]
    """Asks for the present password and a new one."""
