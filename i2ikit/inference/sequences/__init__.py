"""Videos, animations and files of several pages, translated frame by frame."""
