"""All layers together: joint refinement, and a classifier's cross-entropy."""
