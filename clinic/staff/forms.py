"""The sign-in form, in this house's words."""

from typing import Any

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):  # type: ignore[misc]
    """Asks for either of the two names that an account has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what may be typed."""
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name or e-mail"
        self.fields["login"].widget.attrs["placeholder"] = ""
        self.fields["password"].widget.attrs["placeholder"] = ""
