"""One turn of the wheel: plan what is owed, then send what is due."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from treatments.reminders.services.planning import plan
from treatments.reminders.services.sending import Sender, send_due

# Well before the worker's own limit of 300 seconds, which ends a task in the middle of a mail, and before anybody
# would call whoever takes so long silent.
LONGEST_RUN = timedelta(seconds=200)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one turn did. Lines are planned, cancelled and missed; digests are sent, failed and put off."""

    planned: int
    sent: int
    cancelled: int
    missed: int
    failed: int
    put_off: int

    def __str__(self) -> str:
        """Return the one line that is printed and logged; it names nobody."""
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in asdict(self).items())

    def __bool__(self) -> bool:
        """Say whether anything happened."""
        return any(asdict(self).values())


def plan_and_send(sender: Sender) -> Tally:
    """Bring the ledger up to date and send what is due. Doing it twice, or twice at once, sends once."""
    planned = plan(sender.clock())
    sent = send_due(sender)
    return Tally(
        planned=planned.planned,
        sent=sent.sent,
        cancelled=planned.cancelled + sent.cancelled,
        missed=planned.missed + sent.missed,
        failed=sent.failed,
        put_off=sent.put_off,
    )
