"""Pages for people at a browser who run this server or watch with it."""
