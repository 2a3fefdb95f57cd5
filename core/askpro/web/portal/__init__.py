"""The customer portal: its pages and what they are given."""
