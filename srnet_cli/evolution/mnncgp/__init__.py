"""The strategy ``mnncgp-es``: one chromosome per layer, by a (1+λ) evolution strategy."""
