"""Folders of pictures: looking through them, comparing them, fetching them."""
