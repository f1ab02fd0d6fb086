"""Checking, comparing and fetching data sets."""
