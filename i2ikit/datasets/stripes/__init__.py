"""The embedded data set: synthetic horses and zebras with masks."""
