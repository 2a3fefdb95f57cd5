"""What goes over the wire: forms in, objects out, and the ways to say no."""
