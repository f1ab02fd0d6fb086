"""A generator as a file for other runtimes, which is compared with the generator before it is written."""
