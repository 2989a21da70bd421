"""The fixed vocabularies of the patient record, aligned with the registries' core data set."""

from django.db.models import TextChoices


class Sex(TextChoices):
    """Sex as recorded at birth, for reference ranges and identity checks."""

    FEMALE = "female", "Female"
    MALE = "male", "Male"
    OTHER = "other", "Other"
    UNKNOWN = "unknown", "Not known"


class CareStatus(TextChoices):
    """Whether this site still treats the person. Every list and every reminder follows it."""

    ACTIVE = "active", "In our care"
    TRANSFERRED = "transferred", "Transferred"
    LEFT = "left", "Left our care"
    DIED = "died", "Died"


class IdentifierKind(TextChoices):
    """Where a number comes from; a number without its kind says nothing."""

    MRN = "mrn", "Hospital number (MRN)"
    NHS = "nhs", "NHS number"
    NATIONAL = "national", "National identifier"
    REGISTRY = "registry", "Registry identifier"

    @property
    def short(self) -> str:
        """Return the label for a line with little room."""
        return _SHORT[self]


_SHORT = {
    IdentifierKind.MRN: "MRN",
    IdentifierKind.NHS: "NHS",
    IdentifierKind.NATIONAL: "National ID",
    IdentifierKind.REGISTRY: "Registry ID",
}


class SmaType(TextChoices):
    """Clinical type of SMA by age at onset and best function."""

    TYPE_0 = "0", "Type 0"
    TYPE_1 = "1", "Type 1"
    TYPE_1A = "1a", "Type 1a"
    TYPE_1B = "1b", "Type 1b"
    TYPE_1C = "1c", "Type 1c"
    TYPE_2 = "2", "Type 2"
    TYPE_3 = "3", "Type 3"
    TYPE_3A = "3a", "Type 3a"
    TYPE_3B = "3b", "Type 3b"
    TYPE_4 = "4", "Type 4"
    PRESYMPTOMATIC = "presymptomatic", "Presymptomatic"


class MotorFunction(TextChoices):
    """Best motor function now."""

    NON_SITTER = "non_sitter", "Non-sitter"
    SITTER = "sitter", "Sitter"
    WALKER = "walker", "Walker"


class Smn1(TextChoices):
    """Finding in the SMN1 gene."""

    HOMOZYGOUS_DELETION = "homozygous_deletion", "Homozygous deletion of exon 7"
    COMPOUND_HETEROZYGOUS = "compound_heterozygous", "Deletion and point mutation"
    POINT_MUTATIONS = "point_mutations", "Two point mutations"


class Smn2Copies(TextChoices):
    """Copies of the SMN2 gene."""

    ONE = "1", "1"
    TWO = "2", "2"
    THREE = "3", "3"
    FOUR = "4", "4"
    FOUR_OR_MORE = "4+", "4 or more"
    UNKNOWN = "unknown", "Not known"


class Smn2Method(TextChoices):
    """How the copies were counted; methods disagree, so the method is kept."""

    MLPA = "mlpa", "MLPA"
    QPCR = "qpcr", "qPCR"
    DDPCR = "ddpcr", "Digital droplet PCR"
    OTHER = "other", "Another method"


class Spine(TextChoices):
    """State of the spine, which decides the way in."""

    STRAIGHT = "straight", "No scoliosis"
    SCOLIOSIS = "scoliosis", "Scoliosis"
    RODS = "rods", "Growing rods"
    FUSED = "fused", "Fused"
    FUSED_TO_SACRUM = "fused_to_sacrum", "Fused to the sacrum"


class Ventilation(TextChoices):
    """Breathing support."""

    NONE = "none", "None"
    NIGHT = "night", "Non-invasive at night"
    PART_DAY = "part_day", "Non-invasive, also by day"
    FULL_TIME = "full_time", "Non-invasive, 16 hours or more"
    TRACHEOSTOMY = "tracheostomy", "Tracheostomy"


class Feeding(TextChoices):
    """How the person is fed."""

    ORAL = "oral", "By mouth"
    SUPPLEMENTED = "supplemented", "By mouth and tube"
    TUBE = "tube", "By tube"


class Ambulation(TextChoices):
    """How the person gets about."""

    UNAIDED = "unaided", "Walks unaided"
    AIDED = "aided", "Walks with help"
    WHEELCHAIR = "wheelchair", "Uses a wheelchair"
    INFANT = "infant", "Not yet of walking age"


class Icd10(TextChoices):
    """ICD-10 code of the diagnosis."""

    G12_0 = "G12.0", "G12.0 Infantile spinal muscular atrophy, type I"
    G12_1 = "G12.1", "G12.1 Other inherited spinal muscular atrophy"
    G12_8 = "G12.8", "G12.8 Other spinal muscular atrophies"
    G12_9 = "G12.9", "G12.9 Spinal muscular atrophy, unspecified"


class Channel(TextChoices):
    """How a carer prefers to be reached."""

    EMAIL = "email", "E-mail"
    PHONE = "phone", "Telephone"
    POST = "post", "Post"


class Language(TextChoices):
    """Language in which a carer is written to."""

    ENGLISH = "en", "English"
    GERMAN = "de", "German"
    SPANISH = "es", "Spanish"
    FRENCH = "fr", "French"


class ConsentKind(TextChoices):
    """What a consent is for. Each is given, dated and withdrawn by itself."""

    TREATMENT = "treatment", "Treatment"
    REMINDERS = "reminders", "Reminders to the patient or carer"
    REGISTRY = "registry", "Sharing with a registry"


class ConsentAnswer(TextChoices):
    """What the person said when they were asked."""

    GIVEN = "given", "Given"
    REFUSED = "refused", "Refused"


class AllergyKind(TextChoices):
    """What is known of allergies. That none is known has to be said by somebody; silence means not asked."""

    NONE_KNOWN = "none_known", "No known allergies"
    ALLERGY = "allergy", "Allergy or intolerance"
    HYPERSENSITIVITY = "hypersensitivity", "Hypersensitivity to the treatment or a component of it"


class Approach(TextChoices):
    """By which way the needle reaches the cerebrospinal fluid."""

    INTERLAMINAR = "interlaminar", "Interlaminar"
    TRANSFORAMINAL = "transforaminal", "Transforaminal"
    CERVICAL = "cervical", "Cervical"
    PORT = "port", "Port or reservoir"


class Guidance(TextChoices):
    """With which picture the needle is guided."""

    NONE = "none", "No imaging"
    ULTRASOUND = "ultrasound", "Ultrasound"
    FLUOROSCOPY = "fluoroscopy", "Fluoroscopy"
    CT = "ct", "CT"


class Sedation(TextChoices):
    """What the person gets so that the procedure can be borne."""

    NONE = "none", "No anaesthetic"
    LOCAL = "local", "Local anaesthetic"
    SEDATION = "sedation", "Sedation"
    GENERAL = "general", "General anaesthesia"


class Therapy(TextChoices):
    """Other treatments for SMA."""

    ONASEMNOGENE = "onasemnogene", "Onasemnogene abeparvovec"
    RISDIPLAM = "risdiplam", "Risdiplam"
    OTHER = "other", "Another therapy"
