"""A light in an address, by its word."""

from treatments.rules.lights import Light


class LightConverter:
    """Turns the word of a light into the light; another word is no address."""

    regex = "|".join(light.value for light in Light)

    def to_python(self, value: str) -> Light:
        """Return the light."""
        return Light(value)

    def to_url(self, value: str) -> str:
        """Return its word."""
        return Light(value).value
