import hashlib
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import process_actor
from monographs import events, services
from monographs.models import Effect, Monograph, Version
from monographs.services import InvalidDocument, KeyTaken, NotTheLatest, normalised
from tests.factories import AT, BY
from tests.monographs.builders import BODY, SEED_TEXT, USER_TEXT, document, imported, in_force, regimen_yaml

pytestmark = pytest.mark.django_db
TEXT = document(regimen_yaml())


def entries(event: str) -> list[Entry]:
    return list(Entry.objects.filter(event=event).order_by("id"))


class TestImporting:
    def test_a_document_becomes_a_draft_with_all_its_rows(self) -> None:
        version = imported(
            document(regimen_yaml(), front="reviewed_on: 2026-01-31\nreviewed_by: Dr Adler\n"), publish=False
        ).version
        assert (version.number, version.state, version.published_at) == (1, Version.State.DRAFT, None)
        assert (version.reviewed_by, version.reviewed_on) == ("Dr Adler", date(2026, 1, 31))
        assert (version.disclaimer, version.imported_at) == ("For education only.", AT)
        assert [section.title for section in version.sections.all()][:3] == ["Usage", "Dosage", "Side Effects"]
        assert list(version.faqs.values_list("question", "answer")) == [("How is it stored?", "In the refrigerator.")]
        assert list(version.precautions.values_list("kind", "label")) == [
            ("contraindication", "Contraindications"),
            ("monitoring", "Monitoring"),
        ]
        assert list(version.regimens.values_list("key", "is_default")) == [("examplin-12mg", True)]

    def test_effects_keep_their_group_in_the_documents_own_words(self) -> None:
        version = imported(TEXT).version
        found = version.effects.values_list("term", "explanation", "frequency", "heading")
        assert list(found) == [
            ("Headache", "", Effect.Frequency.COMMON, "Common (>10%)"),
            ("Proteinuria", "protein in the urine", Effect.Frequency.COMMON, "Common (>10%)"),
            ("Rash", "", Effect.Frequency.SERIOUS, "Serious (<1%)"),
        ]

    def test_the_prose_around_the_effects_is_kept_beside_them(self) -> None:
        section = imported(TEXT).version.sections.get(kind="side_effects")
        assert (section.body, section.closing) == ("Seen in trials:", "Tell somebody about any of them.")

    def test_the_monograph_is_named_by_its_title(self) -> None:
        imported(TEXT)
        monograph = Monograph.objects.get()
        assert (monograph.slug, monograph.title, monograph.generic_name) == ("examplin", "Examplin", "Examplin")

    def test_a_title_in_another_script_still_gets_an_address_and_keeps_it(self) -> None:
        first = imported(document(title="ヌシネルセン", note="One.")).version
        second = imported(document(title="ヌシネルセン", note="Two.")).version
        assert first.monograph.slug.startswith("monograph-")
        assert second.monograph == first.monograph

    def test_a_very_long_title_still_fits_in_an_address(self) -> None:
        assert len(imported(document(title="x" * 200)).version.monograph.slug) == 80

    def test_a_changed_text_is_the_next_version_and_leaves_the_first_as_it_was(self) -> None:
        first = imported(document(note="One."), publish=False).version
        second = imported(document(note="Two."), publish=False)
        assert (second.version.number, second.created) == (2, True)
        first.refresh_from_db()
        assert first.sections.get(title="Notes").body == "One."

    def test_another_title_is_another_monograph_with_numbers_of_its_own(self) -> None:
        imported(document(title="Examplin"))
        assert imported(document(title="Otherin")).version.number == 1

    def test_importing_is_recorded_with_who_did_it_and_the_fingerprint(self) -> None:
        version = imported(TEXT, publish=False).version
        (entry,) = entries(events.VERSION_IMPORTED)
        assert (entry.process, entry.at, entry.target_id) == ("test stage", AT, str(version.pk))
        assert entry.changes["fingerprint"] == [None, hashlib.sha256(normalised(TEXT).encode()).hexdigest()]

    def test_a_refused_document_names_every_line_and_keeps_nothing(self) -> None:
        broken = TEXT.replace("* Headache", "* Headache (in the").replace("In the refrigerator.", "")
        with pytest.raises(InvalidDocument) as refused:
            imported(broken)
        assert len(refused.value.problems) == 2
        assert (Monograph.objects.count(), Entry.objects.exclude(event__startswith="staff").count()) == (0, 0)


class TestTheSameTextAgain:
    def test_it_makes_nothing_and_says_so(self) -> None:
        first = imported(TEXT, publish=False)
        again = imported(TEXT, publish=False)
        assert (first.created, again.created, again.published) == (True, False, False)
        assert again.version == first.version
        assert (Version.objects.count(), len(entries(events.VERSION_IMPORTED))) == (1, 1)

    def test_it_is_the_same_with_other_line_ends_and_a_byte_order_mark(self) -> None:
        first = imported(TEXT)
        for same in (
            TEXT.replace("\n", "\r\n"),
            TEXT.replace("\n", "\r"),
            "\ufeff" + TEXT,
            TEXT.rstrip("\n"),
            TEXT + "\n\n",
        ):
            assert imported(same).version == first.version
        assert Version.objects.count() == 1

    def test_it_is_another_text_when_one_word_differs(self) -> None:
        imported(TEXT)
        assert imported(TEXT.replace("Headache", "Headaches")).created

    def test_it_puts_the_draft_in_force_when_asked_to(self) -> None:
        draft = imported(TEXT, publish=False).version
        again = imported(TEXT)
        assert (again.created, again.published, again.version) == (False, True, draft)
        assert again.version.state == Version.State.PUBLISHED

    def test_it_publishes_once(self) -> None:
        imported(TEXT)
        again = imported(TEXT, at=AT + timedelta(days=1))
        assert (again.created, again.published, again.version.published_at) == (False, False, AT)
        assert len(entries(events.VERSION_PUBLISHED)) == 1

    def test_it_tells_of_the_same_problems(self) -> None:
        text = document()
        assert imported(text).summary == imported(text).summary


class TestPublishing:
    def test_the_version_before_is_superseded_in_the_same_step(self) -> None:
        first = in_force(document(note="One."))
        second = in_force(document(note="Two."))
        first.refresh_from_db()
        assert (first.state, second.state) == (Version.State.SUPERSEDED, Version.State.PUBLISHED)
        assert first.published_at == AT

    def test_both_steps_are_recorded(self) -> None:
        first = in_force(document(note="One."))
        second = in_force(document(note="Two."))
        (superseded,) = entries(events.VERSION_SUPERSEDED)
        assert (superseded.target_id, superseded.changes) == (str(first.pk), {"state": ["published", "superseded"]})
        assert [entry.target_id for entry in entries(events.VERSION_PUBLISHED)] == [str(first.pk), str(second.pk)]

    def test_another_monograph_stays_in_force(self) -> None:
        other = in_force(document(title="Otherin"))
        in_force(document(note="One."))
        in_force(document(note="Two."))
        other.refresh_from_db()
        assert other.state == Version.State.PUBLISHED

    def test_a_version_in_force_is_left_as_it_is(self) -> None:
        version = in_force(TEXT)
        again = services.publish_version(version=version, by=BY, at=AT + timedelta(days=1))
        assert again.published_at == AT
        assert len(entries(events.VERSION_PUBLISHED)) == 1

    def test_an_older_draft_is_refused(self) -> None:
        older = imported(document(note="One."), publish=False).version
        in_force(document(note="Two."))
        with pytest.raises(NotTheLatest, match="This text is version 1, which is older: version 2 came into force"):
            services.publish_version(version=older, by=BY, at=AT)
        older.refresh_from_db()
        assert older.state == Version.State.DRAFT

    def test_a_newer_draft_that_nobody_published_stands_in_nobodys_way(self) -> None:
        older = imported(document(note="One."), publish=False).version
        imported(document(note="Two."), publish=False)
        assert services.publish_version(version=older, by=BY, at=AT).state == Version.State.PUBLISHED

    def test_a_superseded_text_does_not_come_back_by_being_imported_again(self) -> None:
        first = document(note="One.")
        in_force(first)
        second = in_force(document(note="Two."))
        with pytest.raises(NotTheLatest, match="version 1, which is superseded: version 2 came into force after it"):
            imported(first)
        second.refresh_from_db()
        assert second.state == Version.State.PUBLISHED

    def test_a_superseded_text_imported_as_a_draft_is_simply_known(self) -> None:
        first = document(note="One.")
        in_force(first)
        in_force(document(note="Two."))
        again = imported(first, publish=False)
        assert (again.created, again.published, again.version.state) == (False, False, Version.State.SUPERSEDED)

    def test_a_regimen_key_of_another_monograph_is_refused_and_nothing_is_kept(self) -> None:
        in_force(TEXT)
        with pytest.raises(KeyTaken, match="examplin-12mg is already in force in the monograph “Examplin”"):
            imported(document(regimen_yaml(), title="Otherin"))
        assert list(Monograph.objects.values_list("title", flat=True)) == ["Examplin"]

    def test_a_regimen_key_that_another_monograph_gave_up_is_free(self) -> None:
        in_force(TEXT)
        in_force(document(regimen_yaml("examplin-28mg")))
        assert in_force(document(regimen_yaml(), title="Otherin")).state == Version.State.PUBLISHED

    def test_the_monograph_takes_the_name_of_the_version_in_force(self) -> None:
        in_force(document(note="One."))
        draft = imported(document(title="EXAMPLIN", front="generic_name: examplin sodium\n"), publish=False).version
        assert Monograph.objects.get().title == "Examplin"
        services.publish_version(version=draft, by=BY, at=AT)
        monograph = Monograph.objects.get()
        assert (monograph.title, monograph.generic_name) == ("EXAMPLIN", "examplin sodium")

    def test_the_entry_names_the_person_or_process(self) -> None:
        draft = imported(TEXT, publish=False).version
        services.publish_version(version=draft, by=process_actor("night shift"), at=AT)
        assert entries(events.VERSION_PUBLISHED)[0].process == "night shift"


class TestTheSummary:
    def test_the_users_own_document_is_understood_whole(self) -> None:
        summary = imported(USER_TEXT).summary
        assert (summary.title, summary.generic_name, summary.sections) == ("Nusinersen", "Nusinersen", 7)
        assert summary.effects == {"common": 9, "less_common": 9, "serious": 8}
        assert (summary.faqs, summary.disclaimer, summary.regimens) == (6, True, ())
        found = [(item.label, item.mg, str(item.interval), item.count) for item in summary.statements]
        assert found == [
            ("Loading Dose", Decimal(12), "14 days", 3),
            ("Fourth Dose", Decimal(12), "30 days", 1),
            ("Maintenance Dose", Decimal(12), "4 months", None),
        ]

    def test_the_shipped_monograph_has_no_problem(self) -> None:
        summary = imported(SEED_TEXT).summary
        assert summary.problems == ()
        assert summary.regimens == ("nusinersen-12mg-us", "nusinersen-12mg-eu", "nusinersen-high-dose")
        assert (summary.effects, summary.faqs) == ({"common": 9, "less_common": 9, "serious": 8}, 6)

    def test_prose_that_differs_from_the_data_is_reported_and_still_imported(self) -> None:
        result = imported(document(regimen_yaml(mg="15")))
        assert result.published
        assert "Loading Dose: the text says 12 mg, examplin-12mg says 15 mg." in result.summary.problems

    def test_a_first_document_without_regimens_says_that_no_course_can_be_started(self) -> None:
        assert imported(document()).summary.problems == (
            "The document carries no regimen as data, so no course can be started on it.",
        )

    def test_a_later_document_without_regimens_says_which_stay_in_force(self) -> None:
        in_force(TEXT)
        assert imported(document()).summary.problems == (
            "The document carries no regimen as data; those of version 1 stay in force.",
        )

    def test_a_later_document_without_regimens_is_compared_with_those_that_stay(self) -> None:
        in_force(document(regimen_yaml(mg="15")))
        problems = imported(document()).summary.problems
        assert problems[0].endswith("those of version 1 stay in force.")
        assert "Maintenance Dose: the text says 12 mg, examplin-12mg says 15 mg." in problems

    def test_a_regimen_that_falls_away_is_named(self) -> None:
        in_force(document(regimen_yaml(), regimen_yaml("examplin-28mg", mg="28", default=False)))
        assert imported(TEXT, publish=False).summary.problems == (
            "In force, it lets no course start any more on examplin-28mg; running courses keep theirs.",
        )

    def test_a_regimen_that_is_carried_on_is_no_problem(self) -> None:
        in_force(TEXT)
        assert imported(document(regimen_yaml(), note="Corrected.")).summary.problems == ()

    def test_a_document_without_a_disclaimer_says_so(self) -> None:
        body = BODY.replace("**Disclaimer:** For education only.", "")
        assert imported(document(body=body)).summary.disclaimer is False
