"""The facts of the user's monograph that every text of nusinersen must give, as a person would check them off."""

from decimal import Decimal

from monographs.rules.document import Frequency, PrecautionKind, SectionKind, Statement
from monographs.rules.regimen import Interval, Unit

EFFECTS = {
    Frequency.COMMON: [
        ("Headache", ""),
        ("Constipation", ""),
        ("Vomiting", ""),
        ("Thrombocytopenia", "low platelet count"),
        ("Proteinuria", "protein in the urine"),
        ("Back pain", ""),
        ("Lower respiratory tract infection", ""),
        ("Atelectasis", "collapsed lung"),
        ("Fever", ""),
    ],
    Frequency.LESS_COMMON: [
        ("Falls", ""),
        ("Flatulence", ""),
        ("Weight loss", ""),
        ("Urinary tract infection", ""),
        ("Seasonal allergy", ""),
        ("Antibody development", ""),
        ("Respiratory congestion", ""),
        ("Epistaxis", "nosebleed"),
        ("Otic infection", "ear infection"),
    ],
    Frequency.SERIOUS: [
        ("Angioedema", "swelling of the face, lips, tongue, or throat"),
        ("Aseptic meningitis", "inflammation of the membranes surrounding the brain and spinal cord"),
        ("Hydrocephalus", "accumulation of fluid in the brain"),
        ("Hypersensitivity reactions", "allergic reactions"),
        ("Maculopapular rash", ""),
        ("Meningitis", "inflammation of the membranes surrounding the brain and spinal cord"),
        ("Serious infections", ""),
        ("Skin rash", ""),
    ],
}
ALL_EFFECTS = [(frequency, term, explanation) for frequency, group in EFFECTS.items() for term, explanation in group]
STATEMENTS = (
    Statement("Loading Dose", Decimal(12), Interval(14, Unit.DAYS), 3),
    Statement("Fourth Dose", Decimal(12), Interval(30, Unit.DAYS), 1),
    Statement("Maintenance Dose", Decimal(12), Interval(4, Unit.MONTHS), None),
)
# Words that must stand in the text of each section; "a|b" is satisfied by either.
SECTION_FACTS = {
    SectionKind.GENERIC_NAME: ["Nusinersen"],
    SectionKind.USAGE: [
        "spinal muscular atrophy (SMA)",
        "genetic|inherited",
        "weak",
        "wast",
        "infants",
        "children",
        "adults",
        "no notable secondary uses|no second use worth noting",
        "approv",
    ],
    SectionKind.DOSAGE: [
        "intrathecal",
        "cerebrospinal fluid",
        "spinal cord",
        "same",
        "adults and children",
        "three doses",
        "every 14 days",
        "30 days after the third dose",
        "every 4 months",
        "sterile solution",
        "healthcare professional",
        "experience",
        "instructions",
        "risk of complications",
    ],
    SectionKind.SIDE_EFFECTS: [
        "10%",
        "1-10%",
        "<1%",
        "post-marketing",
        "case reports",
        "serious",
        "healthcare provider",
    ],
    SectionKind.MECHANISM: [
        "antisense oligonucleotide",
        "genetic material",
        "target",
        "cell",
        "RNA",
        "SMN2",
        "SMN1",
        "mutations",
        "survival motor neuron (SMN) protein",
        "splic",
        "pre-mRNA",
        "full-length|full length",
        "functional|able to function",
        "motor neuron",
        "sever",
    ],
}
PRECAUTIONS = {
    PrecautionKind.CONTRAINDICATION: ["known or suspected", "hypersensitiv", "component of the formulation"],
    PrecautionKind.RISK: [
        "coagulation",
        "thrombocytopenia",
        "acute severe thrombocytopenia",
        "renal toxicity|damage to the kidneys",
        "potentially fatal glomerulonephritis",
    ],
    PrecautionKind.PREGNANCY: [
        "pregnancy",
        "breastfeeding",
        "not established|not been established",
        "risks",
        "benefits",
        "healthcare provider",
    ],
    PrecautionKind.MONITORING: [
        "regular",
        "blood counts (platelets)",
        "urine",
        "protein",
        "coagulation tests",
        "signs of bleeding",
        "kidney",
    ],
}
# In the order of the questions: how it is given, when it works, storage, interactions, a missed dose, side effects.
FAQS = [
    ["intrathecal", "injection into the cerebrospinal fluid", "healthcare professional"],
    ["individual|person to person", "severity", "SMA", "gradual|step by step", "several months"],
    ["storage instructions", "refrigerat"],
    ["significan", "known", "medic", "doctor"],
    ["healthcare provider", "immediately|straight away", "reschedul|new date", "not attempt to adjust|never change"],
    ["healthcare provider", "immediately|straight away", "concern|worr"],
]
DISCLAIMER = [
    "education",
    "medical advice",
    "healthcare provider",
    "health concerns|concern for your health",
    "decisions|decide",
    "treatment",
    "summary",
    "details",
    "official prescribing information",
    "up-to-date|recent",
]


def missing(text: str, facts: list[str]) -> list[str]:
    """Return the facts that a text does not give, whatever the case, emphasis and width of gaps."""
    words = " ".join(text.replace("*", "").split()).casefold()
    return [fact for fact in facts if not any(form.casefold() in words for form in fact.split("|"))]
