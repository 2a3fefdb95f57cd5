"""Events, and how they reach webhook endpoints: signed, again and again, or not at all."""
