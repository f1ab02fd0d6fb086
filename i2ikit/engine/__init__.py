"""Trains a model on mmengine: the run from config to result, its loop, optimizers, log, lock and signals."""
