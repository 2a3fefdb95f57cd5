"""The look of a house: tokens, palette, style sheet, static files, templates."""
