"""What a monograph says, as plain values: no database, no framework, no clock."""
