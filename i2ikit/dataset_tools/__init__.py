"""Folders of images: looking through them, comparing them, fetching them."""
