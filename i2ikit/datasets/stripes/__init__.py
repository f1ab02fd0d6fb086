"""The embedded data set: drawn horses and zebras with masks."""
