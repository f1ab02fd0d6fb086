"""Samplers: where the patches of a patch loss are taken."""
