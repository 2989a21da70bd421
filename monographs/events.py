"""What the trail calls the things that happen in this room."""

VERSION_IMPORTED = "monographs.version_imported"
VERSION_PUBLISHED = "monographs.version_published"
VERSION_SUPERSEDED = "monographs.version_superseded"
