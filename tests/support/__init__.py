"""What the hostile suites share: reports, an independent rater, made-up weeks, digests of the database."""
