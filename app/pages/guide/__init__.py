"""The guide that ships with the product: chapters in Markdown, read at /guide without a sign-in."""
