"""What a customer or a reseller sees at Stripe: payment, 3-D Secure, portal, onboarding; and a desk for demos."""
