"""What happens at Stripe: payments, saved methods, refunds, disputes, transfers. Routes, pages and tests call these."""
