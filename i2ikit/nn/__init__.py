"""Blocks that networks are built of: norms, residual and StyleGAN2 blocks, initialization."""
