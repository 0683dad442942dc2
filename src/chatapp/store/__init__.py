"""The durable logs: one small interface (`base`), and SQLite behind it."""
